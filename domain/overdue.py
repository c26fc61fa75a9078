"""What has fallen due on a calendar and is not recorded yet: clocks that ran out, in the order in which they did."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar, Lapse, TimeLapsed
from domain.claims import Held, HoldClaim
from domain.clocks import Clock
from domain.spans import plain


@dataclass(frozen=True, slots=True)
class Due:
    """A clock of a hold that has run out."""

    hold_id: str
    because: Lapse
    clock: Clock


def due(calendar: Calendar, now: datetime) -> list[Due]:
    """The clocks of holds that have run out by `now`, the earliest first."""
    claims = [claim for claim in calendar.holds.values() if claim.due_at <= now]
    if not claims:
        return []
    found = {one for claim in claims for one in _clocks(claim) if one.clock.at <= now}
    return sorted(found, key=lambda one: (one.clock.at, one.hold_id, one.because))


def _clocks(claim: HoldClaim) -> Iterator[Due]:
    yield Due(claim.hold_id, "deadline", claim.deadline)
    if claim.respond_by is not None:
        yield Due(claim.hold_id, "no_response", claim.respond_by)
    for span in claim.spans:
        if span.first_refusal is not None:
            yield Due(claim.hold_id, "first_refusal", span.first_refusal)
        if span.commitment is not None:
            yield Due(claim.hold_id, "commitment", span.commitment)


def lapse(calendar: Calendar, one: Due) -> TimeLapsed | None:
    """The fact of it, unless an earlier one has left nothing to lapse."""
    claim = calendar.holds.get(one.hold_id)
    if claim is None:
        return None
    lost = tuple(span for span in claim.spans if _runs(one, span))
    if not lost:
        return None
    return TimeLapsed(
        hold_id=one.hold_id,
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
