"""A booking: a binding engagement. The time it takes is on the calendar."""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from domain.bands import Fee
from domain.decider import Decider
from domain.event import Event
from domain.money import Money
from domain.overrides import Override
from domain.periods import Period
from domain.spans import Span

Party = Literal["client", "artist"]


class BookingMade(Event):
    """An artist is engaged; from a hold, or directly."""

    stored_as: ClassVar[str] = "booking.made.v1"
    artist_id: str
    project_id: str
    hold_id: str | None = None
    job_id: str | None = None
    periods: tuple[Period, ...] | None = None
    """As said; None means all that was held."""
    time_zone: str | None = None
    rate: Money | None = None
    note: str | None = None
    overrides: tuple[Override, ...] = ()


class BookingCancelled(Event):
    """The engagement is off: all of it, or `periods`."""

    stored_as: ClassVar[str] = "booking.cancelled.v1"
    by: Party
    reason: str | None = None
    periods: tuple[Period, ...] | None = None
    freed: tuple[Span, ...] = ()
    fees: tuple[Fee, ...] = ()


class BookingRescheduled(Event):
    """The engagement is at another time."""

    stored_as: ClassVar[str] = "booking.rescheduled.v1"
    periods: tuple[Period, ...]
    reason: str | None = None
    overrides: tuple[Override, ...] = ()


class BookingPostponed(Event):
    """The engagement is off for now, without new dates."""

    stored_as: ClassVar[str] = "booking.postponed.v1"
    reason: str | None = None


class BookingUnconfirmed(Event):
    """The engagement is a hold again."""

    stored_as: ClassVar[str] = "booking.unconfirmed.v1"
    hold_id: str
    reason: str | None = None


class BookingCompleted(Event):
    """The work was done."""

    stored_as: ClassVar[str] = "booking.completed.v1"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """What decisions need to know of a booking."""

    made: BookingMade | None = None
    status: Literal["confirmed", "postponed", "cancelled", "unconfirmed", "completed"] = "confirmed"
    hold_id: str | None = None
    """The hold that it has become again."""


def evolve(booking: Booking, event: Event) -> Booking:  # noqa: PLR0911 - one case an event
    """The booking after `event`."""
    match event:
        case BookingMade():
            return Booking(made=event)
        case BookingCancelled(periods=None):
            return replace(booking, status="cancelled")
        case BookingRescheduled():
            return replace(booking, status="confirmed")
        case BookingPostponed():
            return replace(booking, status="postponed")
        case BookingUnconfirmed():
            return replace(booking, status="unconfirmed", hold_id=event.hold_id)
        case BookingCompleted():
            return replace(booking, status="completed")
        case _:
            return booking


BOOKING = Decider[Booking](
    category="booking",
    events=(
        BookingMade,
        BookingCancelled,
        BookingRescheduled,
        BookingPostponed,
        BookingUnconfirmed,
        BookingCompleted,
    ),
    initial=Booking(),
    evolve=evolve,
)
