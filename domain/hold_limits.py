"""The limits of one hold as its time comes and goes: when it is placed, accepted, moved, and given up in part."""

from datetime import datetime

from domain import limits
from domain.calendar import LimitsMoved
from domain.claims import HoldClaim, Limits
from domain.spans import Span
from domain.turn import Turn


def fresh_limits(turn: Turn, spans: tuple[Span, ...], *, accepted: bool) -> Limits:
    """The limits of a hold placed now; those that have passed already are left out, with a warning."""
    return _ahead(turn, _found(turn, spans, accepted_at=turn.now if accepted else None), spans)


def given(turn: Turn, claim: HoldClaim) -> Limits:
    """The limits of a hold that has just been accepted."""
    fresh = _found(turn, claim.spans, accepted_at=turn.now)
    running: Limits = {kind: clock for kind, clock in claim.limits.items() if kind != "end_of_time"}
    if "after_acceptance" in fresh:
        running["after_acceptance"] = fresh["after_acceptance"]
    return limits.ahead(running, claim.spans, now=turn.now, zone=turn.zone, policy=turn.policy)


def redated(turn: Turn, claim: HoldClaim, spans: tuple[Span, ...], *, accepted: bool = False) -> Limits:
    """The limits once the holder holds `spans` instead: those that depend on the dates are worked out again.

    Only where what they depend on has changed: a clock that runs is not touched because a policy was. `accepted` says
    that an acceptance has just been given, too.
    """
    starts_elsewhere = spans[0].starts_at != claim.spans[0].starts_at
    ends_elsewhere = spans[-1].ends_at != claim.spans[-1].ends_at
    running: Limits = {kind: clock for kind, clock in claim.limits.items() if kind not in limits.DATED}
    fresh = _found(turn, spans, accepted_at=turn.now if accepted and claim.consent != "given" else None)
    if "after_acceptance" in fresh:
        running["after_acceptance"] = fresh["after_acceptance"]
    dated = fresh if starts_elsewhere else claim.limits
    if "before_first_day" in dated:
        running["before_first_day"] = dated["before_first_day"]
    if not running and not ends_elsewhere:
        return claim.limits
    return _ahead(turn, running, spans)


def follow_the_dates(turn: Turn, before: HoldClaim) -> None:
    """Once a holder has given up some time of a hold, its limits are those of what is left.

    What a clock took, and what was lost in a challenge, moves no limit: see decision 0079.
    """
    claim = turn.calendar.holds.get(before.hold_id)
    if claim is not None and (moved := redated(turn, before, claim.spans)) != claim.limits:
        turn.record(LimitsMoved(hold_id=claim.hold_id, limits=moved))


def _found(turn: Turn, spans: tuple[Span, ...], *, accepted_at: datetime | None) -> Limits:
    return limits.limits(
        turn.policy, spans, placed_at=turn.now, accepted_at=accepted_at, zone=turn.zone, working=turn.working
    )


def _ahead(turn: Turn, found: Limits, spans: tuple[Span, ...]) -> Limits:
    left = limits.ahead(found, spans, now=turn.now, zone=turn.zone, policy=turn.policy)
    for kind, clock in found.items():
        if kind not in left:
            turn.warn("limit_passed", f"The limit {clock.rule} has passed already.", at=clock.at)
    return left
