"""What a holder does with a hold that stands: give it up, extend, keep. And finding out that it does not stand."""

from dataclasses import replace

from domain.calendar import LimitsMoved, PromotionKept, Release, TimeReleased
from domain.challenge import Contested
from domain.claims import Held, HoldClaim
from domain.clocks import counted
from domain.errors import Refused
from domain.event import Event
from domain.hold import Hold, HoldExtended
from domain.hold_limits import follow_the_dates
from domain.instants import days_later
from domain.spans import Span, intersect, plain, subtract, union
from domain.turn import Turn


class HoldLapsed(Refused):
    """Its deadline has passed, or it lost its last time to another clock."""

    code = "hold_lapsed"


class HoldEnded(Refused):
    """It was released, declined or confirmed."""

    code = "hold_ended"


class CannotExtend(Refused):
    """It has been extended as often as the policy allows, or has no limit counted from placing."""

    code = "cannot_extend"


def standing(turn: Turn, hold: Hold, hold_id: str) -> HoldClaim:
    """The hold's claim, which still stands at the turn's now.

    Raises:
        HoldEnded, HoldLapsed: it does not.
    """
    claim = turn.calendar.holds.get(hold_id)
    if claim is not None:
        return claim
    if hold.ended is not None:
        raise HoldEnded(f"The hold was {hold.ended}.", ended=hold.ended)
    raise HoldLapsed("The hold has lapsed.")


def give_up(turn: Turn, claim: HoldClaim, spans: tuple[Span, ...] | None) -> bool:
    """The holder lets go of `spans`, or of all of it; False when none of that is held."""
    if not release(turn, claim, spans):
        return False
    follow_the_dates(turn, claim)
    return True


def release(turn: Turn, claim: HoldClaim, spans: tuple[Span, ...] | None, because: Release = "released") -> bool:
    """Record that `spans` are let go, or all of it, whoever wants that; False when none of it is held."""
    released = plain(claim.spans if spans is None else intersect(claim.spans, spans))
    if not released:
        return False
    left: tuple[Held, ...] = () if spans is None else union(subtract(claim.spans, spans))
    turn.record(TimeReleased(hold_id=claim.hold_id, released=released, spans=left, because=because), freed=released)
    return True


def extend(turn: Turn, hold: Hold, claim: HoldClaim, reason: str | None) -> list[Event]:
    """Move the limit counted from placing by as many days again.

    Raises:
        CannotExtend, Contested: the policy does not allow it.
    """
    if any(claim.hold_id in challenge.challenged for challenge in turn.calendar.challenges.on(claim.spans)):
        raise Contested("A challenge on it is open: it can be extended once that is decided.")
    limit, days = claim.limits.get("after_placing"), turn.policy.lapse.days_after_placing
    if limit is None or days is None:
        raise CannotExtend("Nothing here is counted from placing.")
    if hold.extensions >= turn.policy.max_extensions:
        raise CannotExtend(
            f"It has been extended {counted(hold.extensions, 'time')} already.", extensions=hold.extensions
        )
    rule = f"{counted(days, 'day')} more, extended"
    moved = replace(limit, at=days_later(limit.at, days, limit.zone), rule=rule, policy=turn.policy.name)
    turn.record(LimitsMoved(hold_id=claim.hold_id, limits={**claim.limits, "after_placing": moved}))
    return [HoldExtended(extensions=hold.extensions + 1, reason=reason)]


def keep(turn: Turn, claim: HoldClaim, spans: tuple[Span, ...] | None) -> bool:
    """End the first-refusal clocks on `spans`, or on all of it; False when none runs there."""
    promoted = tuple(span for span in claim.spans if span.first_refusal is not None)
    kept = promoted if spans is None else intersect(promoted, spans)
    if not kept:
        return False
    unclocked = tuple(replace(span, first_refusal=None) for span in kept)
    turn.record(
        PromotionKept(hold_id=claim.hold_id, kept=plain(kept), spans=union((*subtract(claim.spans, kept), *unclocked)))
    )
    return True
