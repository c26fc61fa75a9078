"""Claims one by one: a calendar's event folded into just the claims that it is about, by the calendar's own evolve."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar, assert_never

from domain.calendar import (
    CALENDAR,
    BookingFreed,
    BookingMoved,
    Calendar,
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
from domain.challenge import ChallengeAnswered, ChallengeEnded, ChallengeOpened, OpenChallenge
from domain.claims import BookingClaim, HoldClaim, TimeOffClaim
from domain.event import Event
from domain.rederived import BookingRederived, ContestRederived, TimeOffRederived, TimeRederived
from domain.stored_claim import Claim

C = TypeVar("C", bound=Claim)


def concerned(event: Event) -> tuple[str, ...]:  # noqa: PLR0911 - one case a kind of claim
    """The ids of the claims that an event of a calendar leaves otherwise than they were."""
    match event:
        # What happens most comes first: each class that it is not costs a tenth of a microsecond.
        case (
            TimeHeld()
            | TimeReleased()
            | HoldPromoted()
            | TimeChanged()
            | TimeLapsed()
            | PromotionKept()
            | ClocksStopped()
            | LimitsMoved()
            | ConsentGiven()
            | ConsentCountered()
            | TimeRederived()
        ):
            return (event.hold_id,)
        case TimeBooked(hold_id=str() as hold_id):
            return (event.booking_id, hold_id)
        case TimeBooked() | BookingMoved() | BookingFreed() | BookingRederived():
            return (event.booking_id,)
        case TimeOffMarked() | TimeOffCleared() | TimeOffRederived():
            return (event.time_off_id,)
        case Reordered() | ContestRederived():
            return tuple(event.spans)
        case ChallengeEnded(hold_id=str() as hold_id):
            return (event.challenge_id, hold_id)
        case ChallengeOpened() | ChallengeAnswered() | ChallengeEnded():
            return (event.challenge_id,)
        case _:
            return ()


class _Few(dict[str, C]):
    """Claims by id, all that `evolve` asks for: to know them by time, as decisions do, is most of a small calendar."""

    def put(self, id: str, claim: C) -> "_Few[C]":
        """The same with `claim` under `id`."""
        return _Few({**self, id: claim})

    def without(self, id: str) -> "_Few[C]":
        """The same without that claim."""
        return _Few({other: claim for other, claim in self.items() if other != id})


_NOTHING: Final = _Few[Any]()


def fold(claims: Sequence[Claim], event: Event) -> Calendar:
    """What `claims`, those that `event` concerns, have become, and what has come; what has ended is not there."""
    holds: Any = _NOTHING
    bookings: Any = _NOTHING
    time_off: Any = _NOTHING
    challenges: Any = _NOTHING
    for claim in claims:
        match claim:
            case HoldClaim():
                holds = holds.put(claim.hold_id, claim)
            case BookingClaim():
                bookings = bookings.put(claim.booking_id, claim)
            case TimeOffClaim():
                time_off = time_off.put(claim.time_off_id, claim)
            case OpenChallenge():
                challenges = challenges.put(claim.challenge_id, claim)
            case _:
                assert_never(claim)
    few = Calendar(holds, bookings, time_off, 0, challenges, (), CALENDAR.initial.conflicts)
    return CALENDAR.evolve(few, event)


def standing(calendar: Calendar, id: str) -> Claim | None:
    """The claim of that id, whatever it is."""
    if (hold := calendar.holds.get(id)) is not None:
        return hold
    return calendar.bookings.get(id) or calendar.time_off.get(id) or calendar.challenges.get(id)
