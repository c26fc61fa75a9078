# ruff: noqa: DTZ001 - wall times are naive
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.half_days import slot_at, slot_of, slot_of_instant
from domain.instants import day_starts_at

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "Africa/Cairo")


def test_a_day_has_two_slots_with_noon_between_them() -> None:
    day = date(2031, 3, 1)
    assert slot_at(datetime(2031, 3, 1, 11, 59)) == slot_of(day)
    assert slot_at(datetime(2031, 3, 1, 12)) == slot_of(day) + 1
    assert slot_at(datetime(2031, 3, 2)) == slot_of(day) + 2


@pytest.mark.parametrize("zone", ZONES)
def test_a_local_midnight_and_a_local_noon_begin_their_slots(zone: str) -> None:
    midnight = day_starts_at(date(2031, 7, 1), zone)
    assert slot_of_instant(midnight, zone) == (slot_of(date(2031, 7, 1)), True)
    assert slot_of_instant(midnight + timedelta(hours=12), zone) == (slot_of(date(2031, 7, 1)) + 1, True)
    assert slot_of_instant(midnight + timedelta(hours=13), zone) == (slot_of(date(2031, 7, 1)) + 1, False)


@given(
    st.datetimes(datetime(2001, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    st.sampled_from(ZONES),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_later_instants_never_lie_in_an_earlier_day(at: datetime, zone: str, later: timedelta) -> None:
    assert slot_of_instant(at + later, zone)[0] // 2 >= slot_of_instant(at, zone)[0] // 2
