"""Events of calendars in brief: what zones with other rules make of a claim's time reaches every keyed read model."""

from datetime import timedelta
from typing import Any

import pytest

from domain.artist import ArtistAdded
from domain.calendar import TimeBooked, TimeOffMarked
from domain.event import Event
from domain.rederived import BookingRederived, TimeOffRederived, TimeRederived
from projections import availability, dashboard, deadlines
from projections.brief import micros
from tests.projections.story import ARTIST, BOOKING, HOLD, OTHER_HOLD, PROJECT, ZONE, clock, march, projected, time
from tests.projections.story import time_held as held

ADDED = (f"artist/{ARTIST}", ArtistAdded(name="Ada", time_zone=ZONE))
CALENDAR = f"calendar/{ARTIST}"


@pytest.mark.parametrize(
    ("claimed", "rederived"),
    [
        (held(HOLD, march(1, 5)), TimeRederived(hold_id=HOLD, spans=(march(8, 9),))),
        (
            TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 5),)),
            BookingRederived(booking_id=BOOKING, spans=(march(8, 9),)),
        ),
        (
            TimeOffMarked(time_off_id=OTHER_HOLD, spans=time(1, 5), approved=True),
            TimeOffRederived(time_off_id=OTHER_HOLD, spans=time(8, 9), approved=True),
        ),
    ],
)
def test_a_claim_takes_the_time_that_its_days_mean_by_now(claimed: Event, rederived: Event) -> None:
    found = projected(availability.PROJECTION, ADDED, (CALENDAR, claimed), (CALENDAR, rederived))
    (claim,) = found[availability.CLAIMS].values()
    assert [span[:2] for span in claim["spans"]] == [[micros(march(8, 9).starts_at), micros(march(8, 9).ends_at)]]


def test_a_queue_counts_the_time_that_its_days_mean_by_now() -> None:
    moved = TimeRederived(hold_id=HOLD, spans=(march(8, 9),))
    found = projected(dashboard.PROJECTION, (CALENDAR, held(HOLD, march(1, 5))), (CALENDAR, moved))
    (queue,) = found[dashboard.QUEUES].values()
    assert queue["holds"][HOLD][2][0][:2] == [micros(march(8, 9).starts_at), micros(march(8, 9).ends_at)]


def test_a_clock_of_a_stretch_goes_on_when_its_days_mean_other_instants() -> None:
    refusal = clock(5)
    stretch = march(1, 5, first_refusal=refusal), march(8, 9, first_refusal=refusal)
    moved = TimeRederived(hold_id=HOLD, spans=stretch[1:])
    found: Any = projected(deadlines.PROJECTION, (CALENDAR, held(HOLD, stretch[0])), (CALENDAR, moved))
    (hold,) = found[deadlines.HOLDS].values()
    assert hold["clocks"]["first_refusal"] == [[micros(refusal.at), refusal.rule, refusal.zone]]
    assert hold["clocks"]["deadline"][0][0] == micros(refusal.at + timedelta(hours=331))
