"""What has fallen due on a calendar and is not recorded yet: clocks that ran out, in the order in which they did."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar, Lapse, TimeLapsed
from domain.claims import Held, HoldClaim
from domain.clocks import Clock
from domain.errors import DomainError
from domain.spans import plain


class NotDue(DomainError):
    """The instant that the clock wants recorded has not come. Never seen by a client."""

    code = "not_due"


@dataclass(frozen=True, slots=True)
class Due:
    """A clock that has run out; `id` is the hold's, or the challenge's."""

    id: str
    because: Lapse
    clock: Clock


def due(calendar: Calendar, now: datetime) -> list[Due]:
    """The clocks that have run out by `now`, the earliest first."""
    claims = calendar.holds.due(now)
    if not claims and not calendar.challenges:
        return []
    found = {one for claim in claims for one in _clocks(claim) if one.clock.at <= now}
    found |= {
        Due(challenge.challenge_id, "challenge", challenge.answer_by)
        for challenge in calendar.challenges.values()
        if challenge.answer_by.at <= now
    }
    return sorted(found, key=lambda one: (one.clock.at, one.id, one.because))


def _clocks(claim: HoldClaim) -> Iterator[Due]:
    yield Due(claim.hold_id, "deadline", claim.deadline)
    if claim.respond_by is not None:
        yield Due(claim.hold_id, "no_response", claim.respond_by)
    for span in claim.spans:
        if span.first_refusal is not None:
            yield Due(claim.hold_id, "first_refusal", span.first_refusal)
        if span.commitment is not None:
            yield Due(claim.hold_id, "commitment", span.commitment)


def next_due(calendar: Calendar) -> datetime | None:
    """The instant of the first clock that runs on a calendar: when somebody has to look again."""
    instants = [challenge.answer_by.at for challenge in calendar.challenges.values()]
    if (first := calendar.holds.next_due) is not None:
        instants.append(first)
    return min(instants, default=None)


def must_be_due(at: datetime, now: datetime) -> None:
    """Refuse to record a clock before its time: the database's clock may have been set back since it was read.

    Raises:
        NotDue: `at` lies ahead.
    """
    if now < at:
        raise NotDue("That has not fallen due yet.", due_at=at)


def lapse(calendar: Calendar, one: Due) -> TimeLapsed | None:
    """The fact of a hold's clock, unless an earlier one has left nothing to lapse."""
    claim = calendar.holds.get(one.id)
    if claim is None:
        return None
    lost = tuple(span for span in claim.spans if _runs(one, span))
    if not lost:
        return None
    return TimeLapsed(
        hold_id=one.id,
        lapsed=plain(lost),
        spans=tuple(span for span in claim.spans if span not in lost),
        because=one.because,
        at=one.clock.at,
        rule=one.clock.rule,
    )


def _runs(one: Due, span: Held) -> bool:
    """Whether that clock ends the claim on `span`."""
    match one.because:
        case "first_refusal":
            return span.first_refusal == one.clock
        case "commitment":
            return span.commitment == one.clock
        case _:
            return True
