from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.spans import Span, hours, union, whole_days
from domain.worked import Run, days, fewest, minutes, runs

BERLIN = "Europe/Berlin"


def march(first: tuple[int, int], last: tuple[int, int]) -> Span:
    """From an hour of a day until another."""
    start, end = (datetime(2027, 3, day, hour, tzinfo=UTC) for day, hour in (first, last))
    return hours(start, end, BERLIN)


def test_a_whole_day_counts_as_eight_hours_however_long_the_zone_makes_it() -> None:
    work = runs((whole_days(date(2027, 3, 26), date(2027, 3, 29), BERLIN),))  # one of them has 23 hours
    assert work == (Run(date(2027, 3, 26), date(2027, 3, 29), 480),)
    assert (days(work), minutes(work)) == (4, 4 * 480)


def test_a_night_belongs_to_the_evening() -> None:
    work = runs((march((1, 18), (2, 3)),))
    assert work == (Run(date(2027, 3, 1), date(2027, 3, 1), 9 * 60),)


def test_work_around_the_clock_is_a_day_every_24_hours() -> None:
    work = runs((march((1, 8), (3, 10)),))
    assert [run.minutes for run in work] == [24 * 60, 24 * 60, 2 * 60]
    assert days(work) == 3


def test_two_stretches_of_one_day_are_one_day() -> None:
    morning = march((1, 7), (1, 11))
    evening = march((1, 16), (1, 19))
    work = runs((morning, evening))
    assert (days(work), minutes(work)) == (1, 7 * 60)


_DAY = st.dates(date(2027, 1, 1), date(2027, 12, 31))


@given(st.lists(st.tuples(_DAY, _DAY).map(sorted), max_size=6))
def test_days_are_counted_once_each(said: list[list[date]]) -> None:
    spans = union(whole_days(first, last, BERLIN) for first, last in said)
    counted = {date.fromordinal(day) for first, last in said for day in range(first.toordinal(), last.toordinal() + 1)}
    assert days(runs(spans)) == len(counted)
    assert days([Run(first, last, 1) for first, last in said]) == len(counted)


_WORK = st.lists(
    st.tuples(st.integers(1, 12), st.integers(1, 12)).map(
        lambda run: Run(date(2027, 3, min(run)), date(2027, 3, max(run)), 480)
    ),
    max_size=3,
)


@given(st.lists(_WORK, max_size=5), _WORK)
def test_the_fewest_is_the_least_of_a_count_day_by_day(people: list[list[Run]], within: list[Run]) -> None:
    def on(day: int, work: list[Run]) -> bool:
        return any(run.first_day.day <= day <= run.last_day.day for run in work)

    counts = [sum(on(day, work) for work in people) for day in range(1, 13) if on(day, within)]
    assert fewest(people, within) == min(counts, default=0)
