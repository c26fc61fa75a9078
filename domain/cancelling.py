"""Cancelling a booking, all of it or some days: its time is free at once, and the fee is recorded for good."""

from domain.bands import fees
from domain.booking import Booking, BookingCancelled, Party
from domain.calendar import BookingFreed
from domain.claims import Held
from domain.errors import NotFound, Refused
from domain.periods import Days, Hours
from domain.spans import Span, intersect, plain, subtract, union
from domain.turn import Turn


class BookingEnded(Refused):
    """It was cancelled, completed, or is a hold again."""

    code = "booking_ended"


def must_stand(booking: Booking) -> None:
    """Refuse unless the booking is confirmed or postponed.

    Raises:
        NotFound: there is no such booking.
        BookingEnded: it has ended.
    """
    if booking.made is None:
        raise NotFound("There is no such booking.")
    if booking.status not in {"confirmed", "postponed"}:
        raise BookingEnded(f"The booking is {booking.status}.", ended=booking.status)


def cancel(
    turn: Turn,
    booking: Booking,
    *,
    booking_id: str,
    spans: tuple[Span, ...] | None,
    periods: tuple[Days | Hours, ...] | None,
    by: Party,
    reason: str | None,
) -> list[BookingCancelled]:
    """Free `spans`, which `periods` mean, or all of the booking; nothing when it has been cancelled already.

    Only the client pays for cancelling.

    Raises:
        NotFound, BookingEnded: there is nothing to cancel.
    """
    if booking.status == "cancelled":
        return []
    must_stand(booking)
    claim = turn.calendar.bookings.get(booking_id)
    booked: tuple[Held, ...] = () if claim is None else claim.spans
    freed = plain(booked if spans is None else intersect(booked, spans))
    if not freed and spans is not None:
        return []
    left = () if spans is None else union(subtract(booked, spans))
    if freed:
        turn.record(BookingFreed(booking_id=booking_id, freed=freed, spans=left), freed=freed)
    owed = freed if by == "client" else ()
    cost = fees(
        turn.policy.cancellation,
        owed,
        day_rate=booking.made.rate if booking.made else None,
        now=turn.now,
        zone=turn.zone,
        working=turn.working,
        policy=turn.policy.name,
    )
    whole = not left
    return [BookingCancelled(by=by, reason=reason, periods=None if whole else periods, freed=freed, fees=cost)]
