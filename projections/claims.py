"""Claims one by one: a calendar's event folded into just the claims that it is about, by the calendar's own evolve."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from domain.calendar import (
    CALENDAR,
    BookingFreed,
    BookingMoved,
    Calendar,
    ConsentCountered,
    ConsentGiven,
    HoldPromoted,
    LimitsMoved,
    PromotionKept,
    Reordered,
    TimeBooked,
    TimeChanged,
    TimeHeld,
    TimeLapsed,
    TimeOffCleared,
    TimeOffMarked,
    TimeReleased,
)
from domain.claims import BookingClaim, HoldClaim, TimeOffClaim
from domain.event import Event

Claim = HoldClaim | BookingClaim | TimeOffClaim

_HOLD: Final = TypeAdapter(HoldClaim)
_BOOKING: Final = TypeAdapter(BookingClaim)
_TIME_OFF: Final = TypeAdapter(TimeOffClaim)


def concerned(event: Event) -> tuple[str, ...]:
    """The ids of the claims that an event of a calendar leaves otherwise than they were."""
    match event:
        case TimeBooked(hold_id=str() as hold_id):
            return (event.booking_id, hold_id)
        case TimeBooked() | BookingMoved() | BookingFreed():
            return (event.booking_id,)
        case TimeOffMarked() | TimeOffCleared():
            return (event.time_off_id,)
        case Reordered():
            return tuple(event.spans)
        case (
            TimeHeld()
            | TimeChanged()
            | TimeReleased()
            | TimeLapsed()
            | HoldPromoted()
            | PromotionKept()
            | LimitsMoved()
            | ConsentGiven()
            | ConsentCountered()
        ):
            return (event.hold_id,)
        case _:
            return ()


def fold(claims: Iterable[Claim], event: Event) -> Mapping[str, Claim]:
    """What `claims`, those that `event` concerns, have become; one that has ended is not there."""
    holds, bookings, time_off = dict[str, HoldClaim](), dict[str, BookingClaim](), dict[str, TimeOffClaim]()
    for claim in claims:
        match claim:
            case HoldClaim():
                holds[claim.hold_id] = claim
            case BookingClaim():
                bookings[claim.booking_id] = claim
            case TimeOffClaim():
                time_off[claim.time_off_id] = claim
    after = CALENDAR.evolve(Calendar(holds, bookings, time_off), event)
    return {**after.holds, **after.bookings, **after.time_off}


def hold_from(stored: HoldClaim | Mapping[str, Any]) -> HoldClaim:
    """A hold's claim, be it from an earlier event of the same batch or out of its row."""
    return stored if isinstance(stored, HoldClaim) else _HOLD.validate_python(stored)


def booking_from(stored: BookingClaim | Mapping[str, Any]) -> BookingClaim:
    """A booking's claim, likewise."""
    return stored if isinstance(stored, BookingClaim) else _BOOKING.validate_python(stored)


def time_off_from(stored: TimeOffClaim | Mapping[str, Any]) -> TimeOffClaim:
    """Time off, likewise."""
    return stored if isinstance(stored, TimeOffClaim) else _TIME_OFF.validate_python(stored)
