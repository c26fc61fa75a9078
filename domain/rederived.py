"""What zones with other rules than before make of the time on a calendar: the same days and hours, other instants."""

from typing import ClassVar, Final

from domain.claims import Held
from domain.event import Event
from domain.spans import Span


class TimeRederived(Event):
    """The days and hours of a hold mean other instants; its places and clocks go on."""

    stored_as: ClassVar[str] = "calendar.time_rederived.v1"
    hold_id: str
    spans: tuple[Held, ...]


class BookingRederived(Event):
    """The days and hours of a booking mean other instants."""

    stored_as: ClassVar[str] = "calendar.booking_rederived.v1"
    booking_id: str
    spans: tuple[Held, ...]
    double_booked: tuple[str, ...] = ()
    """Other bookings that it shares time with now and did not before. Nobody decided that; somebody has to."""


class TimeOffRederived(Event):
    """The days and hours of time off mean other instants."""

    stored_as: ClassVar[str] = "calendar.time_off_rederived.v1"
    time_off_id: str
    spans: tuple[Span, ...]
    approved: bool


class ContestRederived(Event):
    """What is contested lies at other instants; the time to answer goes on."""

    stored_as: ClassVar[str] = "calendar.contest_rederived.v1"
    spans: dict[str, tuple[Span, ...]]
    """By challenge, all at once: at no moment is a stretch contested twice."""


REDERIVED: Final = (TimeRederived, BookingRederived, TimeOffRederived, ContestRederived)
