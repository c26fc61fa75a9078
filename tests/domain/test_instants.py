"""Days, wall times and deadlines across changes of the clocks, in every zone."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from domain.instants import (
    Day,
    Instant,
    LocalTime,
    SaidInstant,
    ZoneName,
    day_ends_at,
    day_starts_at,
    days_later,
    local_day,
    local_instant,
    time_zones,
    wall_time,
)
from domain.periods import Days, Hours, Periods

ZONES = sorted(time_zones())
HOURS = timedelta(hours=1)


@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_a_day_starts_and_ends_on_itself_in_every_zone(zone: str, day: date) -> None:
    starts_at, ends_at = day_starts_at(day, zone), day_ends_at(day, zone)
    if starts_at < ends_at:
        assert local_day(starts_at, zone) == day
        assert local_day(ends_at - timedelta.resolution, zone) == day


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), st.integers(0, 400))  # noqa: DTZ001
def test_days_later_is_the_same_wall_time_unless_the_zone_skips_it(zone: str, wall: datetime, count: int) -> None:
    later = days_later(local_instant(wall, zone), count, zone)
    said = wall_time(local_instant(wall, zone), zone) + timedelta(days=count)
    assert abs(wall_time(later, zone) - said) <= timedelta(hours=3)
    if local_instant(said, zone).astimezone(UTC) == later and wall_time(later, zone) == said:
        assert local_day(later, zone) == said.date()


@pytest.mark.parametrize(("day", "length"), [(date(2027, 3, 28), 23), (date(2027, 10, 31), 25), (date(2027, 6, 1), 24)])
def test_days_of_23_and_25_hours_are_one_day_each(day: date, length: int) -> None:
    assert day_ends_at(day, "Europe/Berlin") - day_starts_at(day, "Europe/Berlin") == length * HOURS


def test_a_local_time_that_is_skipped_is_read_with_the_offset_before_the_gap() -> None:
    wall = datetime(2027, 3, 28, 2, 30)  # noqa: DTZ001 - a wall time has no zone
    assert local_instant(wall, "Europe/Berlin") == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)


def test_a_local_time_that_is_repeated_is_its_first_occurrence() -> None:
    wall = datetime(2027, 10, 31, 2, 30)  # noqa: DTZ001
    assert local_instant(wall, "Europe/Berlin") == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_day_whose_midnight_is_skipped_starts_when_the_clocks_have_changed() -> None:
    assert day_starts_at(date(2026, 9, 6), "America/Santiago") == datetime(2026, 9, 6, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Instant, "2027-03-01T10:00:00"),
        (Instant, "2500-03-01T10:00:00Z"),
        (SaidInstant, 1772353800),
        (SaidInstant, "2027-03-01 10:00:00Z"),
        (Day, 20000),
        (Day, "2027-3-1"),
        (Day, "1066-10-14"),
        (LocalTime, 3600),
        (LocalTime, "24:00"),
        (LocalTime, "1800"),
        (LocalTime, "18:00Z"),
        (ZoneName, "Berlin"),
        (ZoneName, "CEST"),
    ],
)
def test_what_is_not_a_time_is_refused(kind: Any, said: object) -> None:  # noqa: ANN401 - a kind of time
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(said)


def test_an_instant_is_read_with_its_offset() -> None:
    said = TypeAdapter(SaidInstant).validate_python("2027-03-01T10:00:00+01:00")
    assert said == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert said.tzinfo is UTC
    assert TypeAdapter(LocalTime).validate_python("18:00") == time(18)
    assert TypeAdapter(LocalTime).validate_json('"18:00:30"') == time(18, 0, 30)


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ([{"first_day": "2027-03-05", "last_day": "2027-03-01"}], (0, "days")),
        ([{"first_day": "2027-03-05"}], (0, "days", "last_day")),
        ([{"starts_at": "2027-03-05T10:00:00Z", "ends_at": "2027-03-05T10:00:00Z"}], (0, "hours")),
        ([{"starts_at": "2027-03-05T10:00:00", "ends_at": "2027-03-05T10:00:00Z"}], (0, "hours", "starts_at")),
        ([{"first_day": "2027-03-01", "last_day": "2027-03-01", "colour": "red"}], (0, "days", "colour")),
        ([], ()),
        (["Monday"], (0, "days")),
    ],
)
def test_a_mistake_in_a_period_is_named_by_its_place(said: object, where: tuple[object, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Periods).validate_python(said)
    assert refused.value.errors()[0]["loc"] == where


def test_periods_that_are_read_already_are_read_again_as_they_are() -> None:
    days = Days(first_day=date(2027, 3, 1), last_day=date(2027, 3, 1))
    hours = Hours(starts_at=datetime(2027, 3, 1, tzinfo=UTC), ends_at=datetime(2027, 3, 2, tzinfo=UTC))
    assert TypeAdapter(Periods).validate_python((days, hours)) == (days, hours)


@pytest.mark.parametrize(
    "stored",
    ["2027-03-01T12:00:00", "2027-03-01", "1970-03-01T12:00:00Z", "2200-03-01T12:00:00Z", 1_800_000_000, "soon"],
)
def test_a_stored_instant_that_is_none_is_refused(stored: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_json(to_json(stored))


@pytest.mark.parametrize("stored", ["2027-03-01T12:00:00Z", "2027-03-01T13:00:00+01:00"])
def test_a_stored_instant_is_in_utc(stored: str) -> None:
    instant = TypeAdapter(Instant).validate_json(to_json(stored))
    assert (instant, instant.tzinfo) == (datetime(2027, 3, 1, 12, tzinfo=UTC), UTC)
