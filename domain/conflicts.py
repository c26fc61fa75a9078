"""Resolving a conflict: a booking that lies on time off approved after it. The conflict goes by the booking's id."""

from typing import Literal

from domain import time_off
from domain.booking import BookingCancelled, BookingMade, BookingRescheduled
from domain.cancelling import cancel
from domain.errors import NotFound, Refused
from domain.overrides import Overrides
from domain.placing import OnTimeOff
from domain.rebooking import reschedule
from domain.spans import Span, intersect, overlap, periods_of, plain, subtract, union
from domain.time_off import TIME_OFF
from domain.turn import Turn

How = Literal["move", "split", "cancel", "reject_time_off"]


class PeriodsNeeded(Refused):
    """Moving a booking needs the time to move it to."""

    code = "periods_needed"


def resolve(
    turn: Turn,
    made: BookingMade,
    how: How,
    *,
    booking_id: str,
    spans: tuple[Span, ...] | None,
    reason: str | None,
    overrides: Overrides,
) -> BookingCancelled | None:
    """Move the booking to `spans`, split it, cancel it with its fee, or reject the time off.

    `split` keeps the days that do not clash; the others go to `spans`, or are cancelled when there are none.
    The client pays for `cancel`, which is its choice, not for days that are split off. Answers what was cancelled.

    Raises:
        NotFound: there is no such conflict.
        PeriodsNeeded: it cannot be moved to nowhere.
        DoubleBooking, OnTimeOff, NotFirst: it cannot be moved there.
    """
    clashes = sorted(off for booking, off in turn.calendar.conflicts if booking == booking_id)
    if not clashes:
        raise NotFound("There is no such conflict.")
    booked = turn.calendar.bookings[booking_id].spans
    off = union(span for id in clashes for span in turn.calendar.time_off[id].spans)
    match how:
        case "reject_time_off":
            for id in clashes:
                stream = TIME_OFF.stream(id)
                said = time_off.reject(turn, turn.beyond.state(stream), reason, time_off_id=id)
                turn.beyond.record(stream, *said)
        case "cancel":
            return cancel(turn, made, booking_id=booking_id, spans=None, periods=None, by="client", reason=reason)
        case "split" if spans is None:
            gone = plain(intersect(booked, off))
            return cancel(
                turn, made, booking_id=booking_id, spans=gone, periods=periods_of(gone), by="artist", reason=reason
            )
        case _:
            if spans is None:
                raise PeriodsNeeded("Say which time to move it to.")
            wanted = union((*plain(subtract(booked, off)), *spans)) if how == "split" else spans
            if overlap(wanted, off):
                raise OnTimeOff("The artist is on time off then too.", conflicts=clashes)
            moved = BookingRescheduled(periods=periods_of(wanted), reason=reason)
            reschedule(turn, made, wanted, moved, booking_id=booking_id, overrides=overrides)
    return None
