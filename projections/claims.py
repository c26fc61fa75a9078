"""Claims one by one: a calendar's event folded into just the claims that it is about, by the calendar's own evolve."""

from collections.abc import Iterable, Mapping

from domain.calendar import (
    CALENDAR,
    BookingFreed,
    BookingMoved,
    ClocksStopped,
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
from domain.challenge import ChallengeAnswered, ChallengeEnded, ChallengeOpened
from domain.event import Event
from domain.rederived import BookingRederived, ContestRederived, TimeOffRederived, TimeRederived
from domain.stored_claim import Claim, calendar_of


def concerned(event: Event) -> tuple[str, ...]:  # noqa: PLR0911 - one case a kind of claim
    """The ids of the claims that an event of a calendar leaves otherwise than they were."""
    match event:
        case TimeBooked(hold_id=str() as hold_id):
            return (event.booking_id, hold_id)
        case TimeBooked() | BookingMoved() | BookingFreed() | BookingRederived():
            return (event.booking_id,)
        case TimeOffMarked() | TimeOffCleared() | TimeOffRederived():
            return (event.time_off_id,)
        case Reordered() | ContestRederived():
            return tuple(event.spans)
        case (
            TimeHeld()
            | TimeChanged()
            | TimeReleased()
            | TimeLapsed()
            | HoldPromoted()
            | PromotionKept()
            | ClocksStopped()
            | LimitsMoved()
            | ConsentGiven()
            | ConsentCountered()
            | TimeRederived()
        ):
            return (event.hold_id,)
        case ChallengeEnded(hold_id=str() as hold_id):
            return (event.challenge_id, hold_id)
        case ChallengeOpened() | ChallengeAnswered() | ChallengeEnded():
            return (event.challenge_id,)
        case _:
            return ()


def fold(claims: Iterable[Claim], event: Event) -> Mapping[str, Claim]:
    """What `claims`, those that `event` concerns, have become; one that has ended is not there."""
    after = CALENDAR.evolve(calendar_of(claims), event)
    return {**after.holds, **after.bookings, **after.time_off, **after.challenges}
