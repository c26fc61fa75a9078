"""Time off: asked for, approved or rejected, withdrawn. Holds are blocked by it, bookings in its way are conflicts."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from domain.artist import IdTaken
from domain.calendar import ConflictFound, TimeOffCleared, TimeOffMarked
from domain.decider import Decider
from domain.errors import NotFound, Refused
from domain.event import Event
from domain.periods import Period
from domain.spans import InThePast, Span, intersect, plain
from domain.turn import Turn


class TimeOffRequested(Event):
    """An artist asks not to be available; what that means in time is on the calendar."""

    stored_as: ClassVar[str] = "time_off.requested.v1"
    artist_id: str
    periods: tuple[Period, ...]
    reason: str | None = None


class TimeOffApproved(Event):
    """The artist is not available."""

    stored_as: ClassVar[str] = "time_off.approved.v1"
    reason: str | None = None


class TimeOffRejected(Event):
    """The artist stays available; approved time off can be rejected too, to resolve a conflict."""

    stored_as: ClassVar[str] = "time_off.rejected.v1"
    reason: str | None = None


class TimeOffWithdrawn(Event):
    """The artist does not need it."""

    stored_as: ClassVar[str] = "time_off.withdrawn.v1"
    reason: str | None = None


class TimeOffEnded(Refused):
    """It was rejected or withdrawn."""

    code = "time_off_ended"


@dataclass(frozen=True, slots=True)
class TimeOff:
    """What decisions need to know of time off."""

    requested: TimeOffRequested | None = None
    status: Literal["requested", "approved", "rejected", "withdrawn"] = "requested"


def request(
    turn: Turn, time_off: TimeOff, wish: TimeOffRequested, *, time_off_id: str, spans: tuple[Span, ...]
) -> list[Event]:
    """Ask for time off; nothing when it was asked for already.

    Raises:
        IdTaken: other time off has this id.
        InThePast: all of it has gone by.
    """
    if time_off.requested is not None:
        if time_off.requested != wish:
            raise IdTaken("Other time off has this id.")
        return []
    if spans[-1].ends_at <= turn.now:
        raise InThePast("All of this time has gone by.")
    turn.record(TimeOffMarked(time_off_id=time_off_id, spans=spans, approved=False))
    if booked := [b.booking_id for b in turn.calendar.bookings.on(spans)]:
        turn.warn("booked", "The artist is booked on some of this time.", bookings=booked)
    return [wish]


def approve(turn: Turn, time_off: TimeOff, reason: str | None, *, time_off_id: str) -> list[Event]:
    """Make it so: holds are blocked, and each booking in its way is a conflict; nothing when it is approved.

    Raises:
        NotFound, TimeOffEnded: there is nothing to approve.
    """
    if _standing(time_off) == "approved":
        return []
    claim = turn.calendar.time_off[time_off_id]
    blocked = tuple(h.hold_id for h in turn.calendar.holds.on(claim.spans))
    turn.record(TimeOffMarked(time_off_id=time_off_id, spans=claim.spans, approved=True, blocked=blocked))
    for booking in turn.calendar.bookings.on(claim.spans):
        clash = plain(intersect(booking.spans, claim.spans))
        turn.record(ConflictFound(booking_id=booking.booking_id, time_off_id=time_off_id, spans=clash))
    return [TimeOffApproved(reason=reason)]


def reject(turn: Turn, time_off: TimeOff, reason: str | None, *, time_off_id: str) -> list[Event]:
    """The artist stays available; nothing when it was rejected.

    Raises:
        NotFound, TimeOffEnded: there is nothing to reject.
    """
    if time_off.status == "rejected":
        return []
    return _clear(turn, time_off, TimeOffRejected(reason=reason), time_off_id)


def withdraw(turn: Turn, time_off: TimeOff, reason: str | None, *, time_off_id: str) -> list[Event]:
    """The artist does not need it; nothing when it was withdrawn.

    Raises:
        NotFound, TimeOffEnded: there is nothing to withdraw.
    """
    if time_off.status == "withdrawn":
        return []
    return _clear(turn, time_off, TimeOffWithdrawn(reason=reason), time_off_id)


def _clear(turn: Turn, time_off: TimeOff, said: Event, time_off_id: str) -> list[Event]:
    was_approved = _standing(time_off) == "approved"
    spans = turn.calendar.time_off[time_off_id].spans
    turn.record(TimeOffCleared(time_off_id=time_off_id), freed=spans if was_approved else ())
    return [said]


def _standing(time_off: TimeOff) -> Literal["requested", "approved"]:
    if time_off.requested is None:
        raise NotFound("There is no such time off.")
    if time_off.status in {"rejected", "withdrawn"}:
        raise TimeOffEnded(f"The time off was {time_off.status}.", ended=time_off.status)
    return "approved" if time_off.status == "approved" else "requested"


def evolve(time_off: TimeOff, event: Event) -> TimeOff:
    """The time off after `event`."""
    match event:
        case TimeOffRequested():
            return TimeOff(requested=event)
        case TimeOffApproved():
            return replace(time_off, status="approved")
        case TimeOffRejected():
            return replace(time_off, status="rejected")
        case TimeOffWithdrawn():
            return replace(time_off, status="withdrawn")
        case _:
            return time_off


TIME_OFF = Decider[TimeOff](
    category="time_off",
    events=(TimeOffRequested, TimeOffApproved, TimeOffRejected, TimeOffWithdrawn),
    initial=TimeOff(),
    evolve=evolve,
)
