"""Sets of spans behave as sets of instants, and keep whole days whole."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.periods import Days, Hours
from domain.spans import (
    NoSuchTime,
    Span,
    cut,
    deepest,
    hours,
    intersect,
    overlap,
    periods_of,
    plain,
    spans_of,
    split_at,
    subtract,
    union,
    whole_days,
)

START = datetime(2027, 3, 26, tzinfo=UTC)  # two days before Berlin's clocks change
ZONE = "Europe/Berlin"
HOUR = timedelta(hours=1)


def from_hours(first: int, count: int) -> Span:
    return hours(START + first * HOUR, START + (first + count) * HOUR, ZONE)


def from_days(first: int, count: int) -> Span:
    day = date(2027, 3, 26) + timedelta(days=first)
    return whole_days(day, day + timedelta(days=count - 1), ZONE)


SPANS = st.one_of(
    st.builds(from_hours, st.integers(0, 96), st.integers(1, 40)),
    st.builds(from_days, st.integers(0, 4), st.integers(1, 3)),
)
SETS = st.lists(SPANS, max_size=5).map(union)


def instants(spans: tuple[Span, ...]) -> set[int]:
    return {
        number for s in spans for number in range(int((s.starts_at - START) / HOUR), int((s.ends_at - START) / HOUR))
    }


@given(st.lists(SPANS, max_size=6))
def test_a_union_holds_each_instant_once_in_order(spans: list[Span]) -> None:
    joined = union(spans)
    assert instants(joined) == instants(tuple(spans))
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(joined))


@given(SETS, SETS)
def test_sets_of_spans_behave_as_sets_of_instants(one: tuple[Span, ...], other: tuple[Span, ...]) -> None:
    assert instants(intersect(one, other)) == instants(one) & instants(other)
    assert instants(subtract(one, other)) == instants(one) - instants(other)
    assert overlap(one, other) == bool(instants(one) & instants(other))
    assert instants(split_at(one, other)) == instants(one)


@given(SETS, SETS)
def test_what_was_taken_out_and_put_back_is_all_of_it(one: tuple[Span, ...], other: tuple[Span, ...]) -> None:
    assert instants(union((*subtract(one, other), *intersect(one, other)))) == instants(one)


@given(SETS)
def test_saying_what_spans_mean_means_them_again(spans: tuple[Span, ...]) -> None:
    assert instants(spans_of(periods_of(spans), ZONE) if spans else ()) == instants(spans)


def test_whole_days_stay_whole_where_a_cut_falls_on_midnight() -> None:
    week = whole_days(date(2027, 3, 26), date(2027, 3, 30), ZONE)
    sunday = whole_days(date(2027, 3, 28), date(2027, 3, 28), ZONE)
    assert subtract((week,), (sunday,)) == (
        whole_days(date(2027, 3, 26), date(2027, 3, 27), ZONE),
        whole_days(date(2027, 3, 29), date(2027, 3, 30), ZONE),
    )
    assert union((*subtract((week,), (sunday,)), sunday)) == (week,)


def test_a_cut_within_a_day_leaves_hours_with_their_wall_times() -> None:
    day = whole_days(date(2027, 3, 28), date(2027, 3, 28), ZONE)
    afternoon = cut(day, datetime(2027, 3, 28, 10, tzinfo=UTC), day.ends_at)
    assert afternoon.first_day is None
    assert afternoon.starts_local == datetime(2027, 3, 28, 12)  # noqa: DTZ001 - a wall time has no zone
    assert afternoon.ends_local == datetime(2027, 3, 29)  # noqa: DTZ001


def test_days_of_different_zones_or_kinds_do_not_join() -> None:
    berlin = whole_days(date(2027, 3, 1), date(2027, 3, 1), ZONE)
    lagos = whole_days(date(2027, 3, 2), date(2027, 3, 2), "Africa/Lagos")
    assert len(union((berlin, lagos))) == 2
    night = hours(berlin.ends_at, berlin.ends_at + HOUR, ZONE)
    assert len(union((berlin, night))) == 2
    assert len(union((night, hours(night.ends_at, night.ends_at + HOUR, ZONE)))) == 1


def test_periods_are_read_in_the_zone_and_overlap_once() -> None:
    said = (
        Hours(starts_at=START + 12 * HOUR, ends_at=START + 36 * HOUR),
        Days(first_day=date(2027, 3, 26), last_day=date(2027, 3, 26)),
    )
    spans = spans_of(said, ZONE)
    assert [span.first_day for span in spans] == [date(2027, 3, 26), None]
    assert spans[1].starts_at == spans[0].ends_at


def test_a_day_that_a_zone_skipped_does_not_exist() -> None:
    skipped = (Days(first_day=date(2011, 12, 30), last_day=date(2011, 12, 30)),)
    with pytest.raises(NoSuchTime):
        spans_of(skipped, "Pacific/Apia")


@given(st.dictionaries(st.text(max_size=3), SETS, max_size=5), SETS)
def test_deepest_counts_the_sets_that_share_an_instant(
    sets: dict[str, tuple[Span, ...]], within: tuple[Span, ...]
) -> None:
    shared = [sum(1 for spans in sets.values() if i in instants(spans)) for i in instants(within)]
    most, names = deepest(sets, within)
    assert most == max(shared, default=0)
    assert set(names) == {name for name, spans in sets.items() if overlap(spans, within)}


def test_plain_spans_say_nothing_but_their_time() -> None:
    assert plain((from_days(0, 2),)) == (from_days(0, 2),)
