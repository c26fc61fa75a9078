from decimal import Decimal

import pytest

from domain.bands import Fee
from domain.booking import BookingCancelled, BookingMade
from domain.calendar import BookingFreed, TimeBooked
from domain.event import Event
from domain.money import Money
from projections import project_board
from projections.project_board import LINES
from projections.table import Row
from tests.projections.story import ARTIST, BOOKING, PROJECT, TENANT, ZONE, march, projected, time

CALENDAR = f"calendar/{ARTIST}"
STREAM = f"booking/{BOOKING}"
RATE = Money(amount=Decimal("450.00"), currency="EUR")
BOOKED = TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 5),))


def line(*entries: tuple[str, Event], rate: Money | None = RATE) -> Row:
    made = BookingMade(artist_id=ARTIST, project_id=PROJECT, rate=rate)
    return projected(project_board.PROJECTION, (STREAM, made), (CALENDAR, BOOKED), *entries)[LINES][TENANT, BOOKING]


def test_a_booking_is_so_many_days_at_its_rate() -> None:
    row = line()
    assert (row["days"], row["minutes"], row["rate"], row["currency"]) == (5, 5 * 480, Decimal("450.00"), "EUR")
    assert line(rate=None)["rate"] is None


def test_what_is_cancelled_costs_its_fees_and_nothing_else() -> None:
    fee = Fee(days=3, percent=Decimal(50), amount=RATE, notice="2 hours", band="under 24 hours", policy="p", zone=ZONE)
    free = fee.model_copy(update={"amount": None})
    row = line(
        (STREAM, BookingCancelled(by="client", freed=time(3, 5), fees=(fee, fee, free))),
        (CALENDAR, BookingFreed(booking_id=BOOKING, freed=time(3, 5), spans=(march(1, 2),))),
    )
    assert (row["days"], row["fees"]) == (2, Decimal(900))


def test_time_for_a_booking_that_was_never_made_is_a_broken_log() -> None:
    with pytest.raises(LookupError, match=BOOKING):
        projected(project_board.PROJECTION, (CALENDAR, BOOKED))
