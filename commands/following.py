"""What follows from a decision on other artists' calendars: one calendar after another, not in one step.

Whoever carries it out may be killed anywhere and start again: each step is repeated under a key of its own, and a
step that has been taken changes nothing.
"""

import hashlib
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, replace

from commands.at_calendar import Asked, Told, at_hold
from commands.booking_changes import CancelBooking, cancel_booking
from commands.context import Context
from commands.job import CloseJob, close_job
from commands.log import Log, Outcome
from domain.calendar import Release
from domain.cancelling import BookingEnded
from domain.ending import HoldEnded, HoldLapsed, release
from domain.groups import GroupDecided
from domain.hold import HoldReleased


@dataclass(frozen=True, slots=True)
class Following:
    """Holds to be released, bookings to be cancelled and jobs to be closed, because of what has been decided."""

    because: Release
    hold_ids: tuple[str, ...] = ()
    booking_ids: tuple[str, ...] = ()
    reason: str | None = None
    job_ids: tuple[str, ...] = ()

    def steps(self) -> Iterator["Following"]:
        """Each thing alone; they may be done in any order, and at once."""
        alone = replace(self, hold_ids=(), booking_ids=(), job_ids=())
        yield from (replace(alone, hold_ids=(id,)) for id in self.hold_ids)
        yield from (replace(alone, booking_ids=(id,)) for id in self.booking_ids)
        yield from (replace(alone, job_ids=(id,)) for id in self.job_ids)


def of_group(decided: GroupDecided) -> Following:
    """What a decided group means for its other members."""
    because: Release = "group_filled" if decided.outcome == "filled" else "group_broken"
    return Following(because, decided.let_go, decided.cancel, f"the group is {decided.outcome}")


async def follow(log: Log, context: Context, following: Following) -> int:
    """Carry it out; answers how many steps there were whose subject still stood.

    `context.key` names the decision: each step is repeated under a key derived from it.
    """
    stood = 0
    for hold_id in following.hold_ids:
        step = let_go(log, _under(context, hold_id), hold_id, following.because, following.reason)
        stood += await _taken(step)
    for booking_id in following.booking_ids:
        command = CancelBooking(by="client", reason=following.reason)
        stood += await _taken(cancel_booking(log, _under(context, booking_id), booking_id, command))
    for job_id in following.job_ids:
        stood += await _taken(close_job(log, _under(context, job_id), job_id, CloseJob()))
    return stood


async def let_go(log: Log, context: Context, hold_id: str, because: Release, reason: str | None) -> Outcome:
    """Release a hold because a rule says so, not its holder."""

    def act(asked: Asked) -> Told:
        release(asked.turn, asked.claim, None, because)
        return [HoldReleased(reason=reason)], {}

    return await at_hold(log, context, hold_id, act)


def _under(context: Context, id: str) -> Context:
    key = f"{context.key}/{id}"
    return replace(context, key=key, fingerprint=hashlib.sha256(key.encode()).digest(), expected_version=None)


async def _taken(step: Awaitable[Outcome]) -> bool:
    """Whether its subject still stood; what has ended by itself needs no ending."""
    try:
        await step
    except (HoldEnded, HoldLapsed, BookingEnded):
        return False
    return True
