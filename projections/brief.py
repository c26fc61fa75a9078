"""Events of a calendar in brief: what each makes of which claims' time and clocks, and nothing else.

Each event carries what its claims come to, so that no claim needs to be looked up and folded.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from domain.calendar import (
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
from domain.challenge import ChallengeEnded
from domain.claims import deadline_of
from domain.clocks import Clock
from domain.event import Event
from domain.rederived import BookingRederived, TimeOffRederived, TimeRederived
from domain.spans import Span
from projections.projection import names

CATEGORY = "calendar/"

OF_HOLDS: Final = names(
    TimeHeld,
    TimeChanged,
    TimeReleased,
    TimeLapsed,
    TimeRederived,
    HoldPromoted,
    PromotionKept,
    ClocksStopped,
    LimitsMoved,
    ConsentGiven,
    ConsentCountered,
    Reordered,
    ChallengeEnded,
    TimeBooked,
)
"""Stored names of the events that may leave a hold otherwise than it was; so for the others."""
OF_BOOKINGS: Final = names(TimeBooked, BookingMoved, BookingFreed, BookingRederived)
OF_TIME_OFF: Final = names(TimeOffMarked, TimeOffCleared, TimeOffRederived)


class Brief(NamedTuple):
    """What an event makes of one claim; None leaves things as they were."""

    kind: Literal["hold", "booking", "time_off"]
    id: str
    spans: Sequence[Span] | None = None
    """All of its time from now on; without any it has left the calendar."""
    deadline: Clock | None = None
    respond_by: Clock | None = None
    answered: bool = False
    """`respond_by` is the clock from now on, or none is."""
    approved: bool = True
    """Of time off."""


def briefs(event: Event) -> Sequence[Brief]:  # noqa: C901, PLR0911 - one case a kind of change
    """The claims that `event` leaves otherwise than they were."""
    match event:
        case TimeHeld() | TimeChanged():
            return [
                Brief("hold", event.hold_id, event.spans, deadline_of(event.limits), event.respond_by, answered=True)
            ]
        case TimeReleased() | TimeLapsed() | TimeRederived() | HoldPromoted() | PromotionKept() | ClocksStopped():
            return [Brief("hold", event.hold_id, event.spans)]
        case LimitsMoved():
            return [Brief("hold", event.hold_id, deadline=deadline_of(event.limits))]
        case ConsentGiven():
            return [Brief("hold", event.hold_id, deadline=deadline_of(event.limits), answered=True)]
        case ConsentCountered():
            return [Brief("hold", event.hold_id, answered=True)]
        case Reordered():
            return [Brief("hold", hold_id, spans) for hold_id, spans in event.spans.items()]
        case ChallengeEnded(hold_id=str() as hold_id):
            return [Brief("hold", hold_id, event.hold_spans)]
        case TimeBooked():
            booking = Brief("booking", event.booking_id, event.spans)
            return [booking] if event.hold_id is None else [booking, Brief("hold", event.hold_id, event.hold_spans)]
        case BookingMoved() | BookingFreed() | BookingRederived():
            return [Brief("booking", event.booking_id, event.spans)]
        case TimeOffMarked() | TimeOffRederived():
            return [Brief("time_off", event.time_off_id, event.spans, approved=event.approved)]
        case TimeOffCleared():
            return [Brief("time_off", event.time_off_id, ())]
        case _:
            return ()


def micros(instant: datetime) -> int:
    """Microseconds since 1970: exact as a JSON number and as a score."""
    return round(instant.timestamp() * 1_000_000)
