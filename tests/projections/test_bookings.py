from decimal import Decimal

import pytest

from domain.booking import BookingCancelled, BookingMade, BookingRescheduled
from domain.calendar import BookingFreed, BookingMoved, TimeBooked
from domain.event import Event
from domain.money import Money
from domain.rederived import BookingRederived
from projections import bookings
from projections.bookings import BOOKINGS
from projections.table import Row
from tests.projections.story import ARTIST, BOOKING, NOW, PROJECT, TENANT, march, projected, time

CALENDAR = f"calendar/{ARTIST}"
STREAM = f"booking/{BOOKING}"
MADE = BookingMade(
    artist_id=ARTIST, project_id=PROJECT, rate=Money(amount=Decimal("450.00"), currency="EUR"), note="the whale"
)
BOOKED = TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 5),))


def booking(*entries: tuple[str, Event]) -> Row:
    return projected(bookings.PROJECTION, (STREAM, MADE), (CALENDAR, BOOKED), *entries)[BOOKINGS][TENANT, BOOKING]


def test_a_booking_has_the_time_that_its_calendar_says() -> None:
    row = booking()
    assert (row["starts_at"], row["ends_at"]) == (march(1, 1).starts_at, march(5, 5).ends_at)
    assert (row["days"], row["minutes"], row["status"], row["seq"]) == (5, 5 * 480, "confirmed", 1)
    assert row["details"]["spans"] == time(1, 5)
    assert row["details"]["rate"] == {"amount": "450.00", "currency": "EUR"}


def test_its_version_counts_its_own_stream_only() -> None:
    moved = BookingMoved(booking_id=BOOKING, spans=(march(8, 9),))
    row = booking((STREAM, BookingRescheduled(periods=())), (CALENDAR, moved))
    assert (row["version"], row["days"], row["starts_at"]) == (2, 2, march(8, 8).starts_at)


def test_worked_out_again_by_its_zone_it_has_the_new_time_and_its_old_version() -> None:
    row = booking((CALENDAR, BookingRederived(booking_id=BOOKING, spans=(march(8, 9),))))
    assert (row["version"], row["starts_at"]) == (1, march(8, 8).starts_at)


def test_cancelled_it_keeps_the_time_that_it_had_last() -> None:
    row = booking(
        (STREAM, BookingCancelled(by="client", freed=time(1, 5))),
        (CALENDAR, BookingFreed(booking_id=BOOKING, freed=time(1, 5), spans=())),
    )
    assert (row["status"], row["days"]) == ("cancelled", 5)
    (cancelled,) = row["details"]["cancellations"]
    assert (cancelled["at"], cancelled["actor"], cancelled["spans"]) == (NOW.replace(minute=3), "ada", time(1, 5))


def test_time_for_a_booking_that_was_never_made_is_a_broken_log() -> None:
    with pytest.raises(LookupError, match=BOOKING):
        projected(bookings.PROJECTION, (CALENDAR, BOOKED))
