"""Cancelling a booking, all of it or some days: its time is free at once, and the fee is recorded for good."""

from domain.bands import fees
from domain.booking import BOOKING, Booking, BookingCancelled, BookingMade, Party
from domain.calendar import BookingFreed
from domain.claims import Held
from domain.errors import Refused
from domain.job import JOB, vacate
from domain.periods import Days, Hours
from domain.spans import Span, intersect, plain, subtract, union
from domain.turn import Turn


class BookingEnded(Refused):
    """It was cancelled, completed, or is a hold again."""

    code = "booking_ended"


def must_stand(booking: Booking) -> None:
    """Refuse unless the booking is confirmed or postponed.

    Raises:
        BookingEnded: it has ended.
    """
    if booking.status not in {"confirmed", "postponed"}:
        raise BookingEnded(f"The booking is {booking.status}.", ended=booking.status)


def cancel(
    turn: Turn,
    made: BookingMade,
    *,
    booking_id: str,
    spans: tuple[Span, ...] | None,
    periods: tuple[Days | Hours, ...] | None,
    by: Party,
    reason: str | None,
) -> BookingCancelled | None:
    """Free `spans`, which `periods` mean, or all of the booking; nothing when that has been cancelled already.

    Only the client pays for cancelling.

    Raises:
        BookingEnded: there is nothing to cancel.
    """
    stream = BOOKING.stream(booking_id)
    booking = turn.beyond.state(stream)
    if booking.status == "cancelled":
        return None
    must_stand(booking)
    claim = turn.calendar.bookings.get(booking_id)
    booked: tuple[Held, ...] = () if claim is None else claim.spans
    freed = plain(booked if spans is None else intersect(booked, spans))
    if not freed and spans is not None:
        return None
    left = () if spans is None else union(subtract(booked, spans))
    if freed:
        turn.record(BookingFreed(booking_id=booking_id, freed=freed, spans=left), freed=freed)
    if made.job_id is not None:
        job = JOB.stream(made.job_id)
        turn.beyond.record(job, *vacate(turn.beyond.state(job), booking_id, plain(left)))
    cost = fees(
        turn.policy.cancellation,
        freed if by == "client" else (),
        day_rate=made.rate,
        now=turn.now,
        zone=turn.zone,
        working=turn.working,
        policy=turn.policy.name,
    )
    said = BookingCancelled(by=by, reason=reason, periods=periods if left else None, freed=freed, fees=cost)
    turn.beyond.record(stream, said)
    return said
