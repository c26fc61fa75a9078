"""When an event of a calendar recurs, day by day and never for long.

Rules come from strangers. A library that expands them whole can be made to count for hours by a rule of one line; this
reads what calendars of people contain, looks at each day once, and refuses the rest.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

MOST: Final = 366
"""Occurrences of one event."""
_LONGEST: Final = 10 * 366
"""Days from the first occurrence to the last that may be looked at."""
_UNDERSTOOD: Final = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "WKST"}
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_ONE_DAY: Final = timedelta(days=1)


class NotUnderstood(ValueError):
    """The rule recurs without an end, too often, or in a way that is not read here; the sentence says which."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An RRULE (RFC 5545) of whole days, weeks, months or years."""

    frequency: str
    interval: int
    count: int | None
    until: date | datetime | None
    by_day: tuple[tuple[int, int], ...]
    """Ordinal, 0 for every one, and weekday, 0 for Monday."""
    by_month: tuple[int, ...]
    by_month_day: tuple[int, ...]
    week_starts: int


def rule_of(said: Mapping[str, Sequence[Any]]) -> Rule:
    """The rule whose parts are `said`, each a list of values.

    Raises:
        NotUnderstood: it is none that is read here.
    """
    parts = {str(name).upper(): list(values) for name, values in said.items()}
    if unknown := parts.keys() - _UNDERSTOOD:
        raise NotUnderstood(f"It recurs by {', '.join(sorted(unknown))}, which is not understood.")
    frequency = str(_one(parts, "FREQ", "")).upper()
    if frequency not in _SAME:
        raise NotUnderstood(f"It recurs {frequency or 'without FREQ'}, which is not understood.")
    count, until = _one(parts, "COUNT", None), _one(parts, "UNTIL", None)
    if count is None and until is None:
        raise NotUnderstood("It recurs without an end.")
    if count is not None and not 1 <= int(count) <= MOST:
        raise NotUnderstood(f"It recurs more than {MOST} times, or never.")
    if int(_one(parts, "INTERVAL", 1)) < 1:
        raise NotUnderstood("Its INTERVAL is no number of times.")
    if until is not None and not isinstance(until, date):
        raise NotUnderstood("Its UNTIL is no date.")
    return Rule(
        frequency=frequency,
        interval=int(_one(parts, "INTERVAL", 1)),
        count=None if count is None else int(count),
        until=until,
        by_day=tuple(_by_day(str(one)) for one in parts.get("BYDAY", ())),
        by_month=tuple(int(one) for one in parts.get("BYMONTH", ())),
        by_month_day=tuple(int(one) for one in parts.get("BYMONTHDAY", ())),
        week_starts=_weekday(str(_one(parts, "WKST", "MO"))),
    )


def occurrences(first: date | datetime, rule: Rule) -> Iterator[date | datetime]:
    """The beginnings of an event that begins at `first`, which is the first of them, in order.

    Raises:
        NotUnderstood: there are too many, or too far apart.
    """
    begins = first.date() if isinstance(first, datetime) else first
    found = 0
    for number in range(_LONGEST):
        day = begins + number * _ONE_DAY
        if number and not _on(rule, begins, day):
            continue
        at = datetime.combine(day, first.timetz()) if isinstance(first, datetime) else day
        if rule.until is not None and _after(at, rule.until):
            return
        found += 1
        if found > MOST:
            raise NotUnderstood(f"It recurs more than {MOST} times.")
        yield at
        if found == rule.count:
            return
    raise NotUnderstood("It recurs over more than 10 years.")


def _on(rule: Rule, begins: date, day: date) -> bool:
    if rule.by_month and day.month not in rule.by_month:
        return False
    return _SAME[rule.frequency](rule, begins, day)


def _daily(rule: Rule, begins: date, day: date) -> bool:
    return (day - begins).days % rule.interval == 0 and _filtered(rule, day)


def _weekly(rule: Rule, begins: date, day: date) -> bool:
    weeks = (_week(day, rule) - _week(begins, rule)).days // 7
    weekdays = {weekday for _, weekday in rule.by_day} or {begins.weekday()}
    return weeks % rule.interval == 0 and day.weekday() in weekdays


def _monthly(rule: Rule, begins: date, day: date) -> bool:
    months = (day.year - begins.year) * 12 + day.month - begins.month
    return months % rule.interval == 0 and _in_month(rule, begins, day)


def _yearly(rule: Rule, begins: date, day: date) -> bool:
    if (day.year - begins.year) % rule.interval or (not rule.by_month and day.month != begins.month):
        return False
    return _in_month(rule, begins, day)


_SAME: Final[Mapping[str, Callable[[Rule, date, date], bool]]] = {
    "DAILY": _daily,
    "WEEKLY": _weekly,
    "MONTHLY": _monthly,
    "YEARLY": _yearly,
}


def _in_month(rule: Rule, begins: date, day: date) -> bool:
    if not rule.by_month_day and not rule.by_day:
        return day.day == begins.day
    return _filtered(rule, day)


def _filtered(rule: Rule, day: date) -> bool:
    from_the_end = day.day - _days_in_month(day) - 1
    if rule.by_month_day and not {day.day, from_the_end} & set(rule.by_month_day):
        return False
    return not rule.by_day or any(_is_day(day, from_the_end, *one) for one in rule.by_day)


def _is_day(day: date, from_the_end: int, ordinal: int, weekday: int) -> bool:
    if day.weekday() != weekday:
        return False
    return ordinal in {0, (day.day - 1) // 7 + 1, -((-from_the_end - 1) // 7 + 1)}


def _days_in_month(day: date) -> int:
    following = day.replace(day=28) + 4 * _ONE_DAY
    return (following - following.day * _ONE_DAY).day


def _week(day: date, rule: Rule) -> date:
    return day - ((day.weekday() - rule.week_starts) % 7) * _ONE_DAY


def _after(at: date | datetime, until: date | datetime) -> bool:
    if isinstance(at, datetime) and isinstance(until, datetime) and (at.tzinfo is None) == (until.tzinfo is None):
        return at > until
    if isinstance(until, datetime):
        until = until.date()
    return (at.date() if isinstance(at, datetime) else at) > until


def _by_day(said: str) -> tuple[int, int]:
    ordinal = said[:-2]
    if ordinal and not ordinal.lstrip("+-").isdigit():
        raise NotUnderstood(f"{said[:20]} is no day of a rule.")
    return (int(ordinal) if ordinal else 0, _weekday(said[-2:]))


def _weekday(said: str) -> int:
    if said.upper() not in _DAYS:
        raise NotUnderstood(f"{said[:20]} is no day of the week.")
    return _DAYS.index(said.upper())


def _one(parts: Mapping[str, Sequence[Any]], name: str, default: Any) -> Any:  # noqa: ANN401 - whatever the library read
    values = parts.get(name)
    return values[0] if values else default
