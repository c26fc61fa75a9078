"""Working days, windows and limits."""

from datetime import UTC, date, datetime, time

from hypothesis import given
from hypothesis import strategies as st

from commands.working_days import public_holidays
from domain.clocks import WorkingDays, no_holidays, working_days_later

WEEKDAYS = WorkingDays((6, 7), None, None, no_holidays)
BERLIN = WorkingDays((6, 7), "DE", "BE", public_holidays)


def test_weekends_and_public_holidays_are_not_worked() -> None:
    assert not BERLIN.worked(date(2027, 3, 6))
    assert not BERLIN.worked(date(2027, 3, 8))  # International Women's Day, in Berlin only
    assert WEEKDAYS.worked(date(2027, 3, 8))
    assert BERLIN.name == "DE-BE"
    assert WorkingDays((6, 7), "DE", None, public_holidays).name == "DE"
    assert WEEKDAYS.name is None


@given(st.dates(date(2026, 1, 1), date(2028, 1, 1)), st.integers(1, 30))
def test_so_many_working_days_lie_between_a_day_and_the_one_found(day: date, count: int) -> None:
    found = BERLIN.after(day, count)
    between = [date.fromordinal(n) for n in range(day.toordinal() + 1, found.toordinal() + 1)]
    assert BERLIN.worked(found)
    assert sum(1 for each in between if BERLIN.worked(each)) == count


def test_a_window_of_working_days_ends_at_the_wall_time_it_began() -> None:
    friday = datetime(2027, 3, 26, 15, tzinfo=UTC)
    assert working_days_later(friday, 1, "Europe/Berlin", cut_off=None, days=WEEKDAYS) == datetime(
        2027, 3, 29, 14, tzinfo=UTC
    )


def test_what_comes_on_a_day_nobody_works_counts_as_coming_on_the_next() -> None:
    saturday = datetime(2027, 3, 6, 12, tzinfo=UTC)
    assert working_days_later(saturday, 1, "UTC", cut_off=time(18), days=WEEKDAYS) == datetime(
        2027, 3, 9, 18, tzinfo=UTC
    )


def test_what_comes_before_the_cut_off_counts_from_its_own_day() -> None:
    monday = datetime(2027, 3, 8, 18, tzinfo=UTC)
    assert working_days_later(monday, 1, "UTC", cut_off=time(18), days=WEEKDAYS) == datetime(2027, 3, 9, 18, tzinfo=UTC)


def test_a_country_without_holidays_works_every_weekday() -> None:
    assert no_holidays("XX", None, 2027) == frozenset()
