"""Rules of recurrence: the same days as a library that expands them whole finds, and an end to everything."""

from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar.prop import vRecur

from commands.recurrence import MOST, NotUnderstood, occurrences, rule_of

_rrulestr: Any = import_module("dateutil.rrule").rrulestr  # it has no types

_days = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
_numbers = st.sampled_from(["", "1", "2", "-1", "4"])
_first = st.dates(date(2027, 1, 1), date(2028, 12, 31))
_interval = st.integers(1, 3)


def _list(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(",".join)


def expanded(first: date, rule: str) -> list[date]:
    found = occurrences(first, rule_of(dict(vRecur.from_ical(rule))))
    return [at.date() if isinstance(at, datetime) else at for at in found]


def agree(first: date, rule: str, count: int) -> None:
    """RFC 5545 counts the first one always; the library only if it meets the rule."""
    at = datetime(first.year, first.month, first.day)  # noqa: DTZ001 - days have no zone
    library = [one.date() for one in _rrulestr(f"{rule};COUNT=20", dtstart=at)]
    assert expanded(first, f"{rule};COUNT={count}") == sorted({first, *library})[:count]


@given(_first, _interval, _list(_days), st.integers(2, 8))
def test_weeks(first: date, interval: int, days: str, count: int) -> None:
    agree(first, f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={days}", count)


@given(_first, _interval, _numbers, _days, st.integers(2, 6))
def test_months_by_the_day_of_the_week(first: date, interval: int, number: str, day: str, count: int) -> None:
    agree(first, f"FREQ=MONTHLY;INTERVAL={interval};BYDAY={number}{day}", count)


@given(_first, _interval, st.integers(-3, 31).filter(bool), st.integers(2, 6))
def test_months_by_the_day_of_the_month(first: date, interval: int, day: int, count: int) -> None:
    agree(first, f"FREQ=MONTHLY;INTERVAL={interval};BYMONTHDAY={day}", count)


@given(_first, _interval, st.integers(2, 4))
def test_days_and_years(first: date, interval: int, count: int) -> None:
    agree(first, f"FREQ=DAILY;INTERVAL={interval}", count)
    if (first.month, first.day) != (2, 29):
        agree(first, "FREQ=YEARLY", count)


@given(_first, st.integers(0, 40))
def test_until_is_the_last_day(first: date, days: int) -> None:
    until = first + timedelta(days=days)
    assert expanded(first, f"FREQ=DAILY;UNTIL={until:%Y%m%d}")[-1] == until


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        f"FREQ=DAILY;COUNT={MOST + 1}",
        "FREQ=DAILY;UNTIL=20990101",
        "FREQ=SECONDLY;COUNT=2",
        "COUNT=2",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
        "FREQ=MONTHLY;BYSETPOS=1;COUNT=2",
        "FREQ=DAILY;INTERVAL=0;COUNT=2",
        "FREQ=MONTHLY;BYDAY=99MO;COUNT=2",
        "FREQ=DAILY;INTERVAL=9999;COUNT=2",
    ],
)
def test_whatever_has_no_end_or_is_not_understood_is_refused(rule: str) -> None:
    with pytest.raises(NotUnderstood):
        expanded(date(2027, 1, 1), rule)
