"""Claims one by one: a calendar's event folded into just the claims that it is about, by the calendar's own evolve."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, assert_never, cast

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


def dumped(claim: Claim) -> dict[str, Any]:
    """What a row stores of a claim: all that neither its id says nor follows from the rest."""
    match claim:
        case HoldClaim():
            return _dict(_HOLD.dump_python(claim, exclude_none=True, exclude={"hold_id", "deadline", "due_at"}))
        case BookingClaim():
            return _dict(_BOOKING.dump_python(claim, exclude_none=True, exclude={"booking_id"}))
        case TimeOffClaim():
            return _dict(_TIME_OFF.dump_python(claim, exclude_none=True, exclude={"time_off_id"}))
        case _:
            assert_never(claim)


def hold_from(hold_id: str, stored: Mapping[str, Any]) -> HoldClaim:
    """A hold's claim, from what `dumped` made of it or from its row."""
    some_limit = next(iter(stored["limits"].values()))
    derived = {"hold_id": hold_id, "deadline": some_limit, "due_at": some_limit["at"]}
    return _HOLD.validate_python({**stored, **derived}).with_()


def booking_from(booking_id: str, stored: Mapping[str, Any]) -> BookingClaim:
    """A booking's claim, likewise."""
    return _BOOKING.validate_python({**stored, "booking_id": booking_id})


def time_off_from(time_off_id: str, stored: Mapping[str, Any]) -> TimeOffClaim:
    """Time off, likewise."""
    return _TIME_OFF.validate_python({**stored, "time_off_id": time_off_id})


def _dict(dump: Any) -> dict[str, Any]:  # noqa: ANN401 - what pydantic says of its dumps
    return cast("dict[str, Any]", dump)
