"""Where time lies in the grid: in each artist's own days."""

from datetime import UTC, date, datetime

import pytest

from domain.spans import hours, whole_days
from read_api.board.window import Place, Zoom, grid_window

MONDAY = date(2031, 3, 3)


def test_a_window_begins_on_the_monday_of_its_first_day() -> None:
    assert grid_window(date(2031, 3, 6), "week", MONDAY).first == MONDAY
    window = grid_window(None, "week", date(2031, 3, 9))
    assert (window.first, window.last) == (MONDAY, date(2031, 3, 30))
    assert (window.earlier, window.later) == (date(2031, 2, 17), date(2031, 3, 17))


@pytest.mark.parametrize(("zoom", "place"), [("day", (13, 24)), ("week", (3, 4)), ("month", (2, 2))])
def test_whole_days_take_all_of_their_columns(zoom: Zoom, place: tuple[int, int]) -> None:
    window = grid_window(MONDAY, zoom, MONDAY)
    for zone in ("Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo"):
        found = window.place(whole_days(date(2031, 3, 4), date(2031, 3, 5), zone), zone)
        assert found == Place(*place, begins=True, ends=True)


def test_days_across_a_change_of_clocks_stay_whole() -> None:
    window = grid_window(date(2031, 3, 24), "week", MONDAY)
    span = whole_days(date(2031, 3, 29), date(2031, 3, 31), "Europe/Berlin")
    assert window.place(span, "Europe/Berlin") == Place(11, 6, begins=True, ends=True)


def test_what_reaches_out_of_the_window_is_cut_and_says_so() -> None:
    window = grid_window(MONDAY, "week", MONDAY)
    assert window.place(whole_days(date(2031, 3, 1), date(2031, 3, 3), "UTC"), "UTC") == Place(
        1, 2, begins=False, ends=True
    )
    assert window.place(whole_days(date(2031, 3, 30), date(2031, 4, 3), "UTC"), "UTC") == Place(
        55, 2, begins=True, ends=False
    )
    assert window.place(whole_days(date(2031, 4, 1), date(2031, 4, 3), "UTC"), "UTC") is None


def test_hours_take_the_columns_that_they_touch() -> None:
    window = grid_window(MONDAY, "week", MONDAY)
    morning = hours(datetime(2031, 3, 3, 8, tzinfo=UTC), datetime(2031, 3, 3, 11, tzinfo=UTC), "UTC")
    evening = hours(datetime(2031, 3, 3, 11, tzinfo=UTC), datetime(2031, 3, 3, 13, tzinfo=UTC), "UTC")
    assert window.place(morning, "UTC") == Place(1, 1, begins=True, ends=True)
    assert window.place(evening, "UTC") == Place(1, 2, begins=True, ends=True)
