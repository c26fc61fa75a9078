"""Which part of a claim can be meant."""

from datetime import UTC, date, datetime

from domain.spans import hours, whole_days
from read_api.board.choices import bounds, choices, period
from read_api.shapes import times

DAYS = whole_days(date(2031, 3, 29), date(2031, 3, 31), "Europe/Berlin")
EVENING = hours(datetime(2031, 4, 2, 18, tzinfo=UTC), datetime(2031, 4, 2, 22, 30, tzinfo=UTC), "Europe/Berlin")


def test_whole_days_are_chosen_day_by_day_and_hours_as_they_are() -> None:
    found = choices(times([DAYS, EVENING]))
    assert [one.day for one in found] == [date(2031, 3, 29), date(2031, 3, 30), date(2031, 3, 31), None]
    assert found[0].period == {"first_day": "2031-03-29", "last_day": "2031-03-29"}
    assert found[3].period == {"starts_at": "2031-04-02T18:00:00+00:00", "ends_at": "2031-04-02T22:30:00+00:00"}


def test_a_stretch_that_is_whole_days_where_the_artist_lives_is_said_in_days() -> None:
    assert period(DAYS.starts_at, DAYS.ends_at, "Europe/Berlin") == {
        "first_day": "2031-03-29",
        "last_day": "2031-03-31",
    }
    assert period(DAYS.starts_at, DAYS.ends_at, "Asia/Tokyo") == {
        "starts_at": "2031-03-28T23:00:00+00:00",
        "ends_at": "2031-03-31T22:00:00+00:00",
    }


def test_a_claim_lies_between_its_first_and_its_last_day() -> None:
    assert bounds(times([DAYS, EVENING])) == (date(2031, 3, 29), date(2031, 4, 3))
    assert bounds([]) is None
