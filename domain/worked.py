"""How much work some time is: in whole days and in minutes, on the days that were said.

By what was said, never by a zone's rules, so that every replay counts alike. Work by the hour belongs to the day on
which it starts, a night's to the evening's, and so on every 24 hours; it lasts as long as clocks on the wall show.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from domain.spans import Span

WHOLE_DAY: Final = 8 * 60
"""Minutes of work that a whole day counts as."""

_ONE_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row, each with as many minutes of work."""

    first_day: date
    last_day: date
    minutes: int


def runs(spans: Iterable[Span]) -> tuple[Run, ...]:
    """The work of `spans`, in their order; two stretches of one day are two runs."""
    found: list[Run] = []
    for span in spans:
        if span.first_day is not None and span.last_day is not None:
            found.append(Run(span.first_day, span.last_day, WHOLE_DAY))
        else:
            found += _by_the_hour(span)
    return tuple(found)


def _by_the_hour(span: Span) -> list[Run]:
    assert span.starts_local is not None  # noqa: S101 - hours have their wall times
    assert span.ends_local is not None  # noqa: S101
    found, starts = [], span.starts_local
    while starts < span.ends_local:
        day, ends = starts.date(), min(starts + _ONE_DAY, span.ends_local)
        found.append(Run(day, day, (ends - starts) // _MINUTE))
        starts = ends
    return found


def days(work: Iterable[Run]) -> int:
    """On how many days there is any."""
    return sum((last - first).days + 1 for first, last in _stretches(work))


def minutes(work: Iterable[Run]) -> int:
    """All of it."""
    return sum(((run.last_day - run.first_day).days + 1) * run.minutes for run in work)


def fewest(people: Iterable[Iterable[Run]], within: Iterable[Run]) -> int:
    """How many of `people` work on the day of `within` on which the fewest do."""
    changes: dict[date, int] = {}
    for work in people:
        for first, last in _stretches(work):
            changes[first] = changes.get(first, 0) + 1
            changes[last + _ONE_DAY] = changes.get(last + _ONE_DAY, 0) - 1
    edges = sorted(changes)
    counts = list(accumulate(changes[edge] for edge in edges))
    found = list[int]()
    for first, last in _stretches(within):
        before, until = bisect_right(edges, first), bisect_right(edges, last)
        found += (counts[before - 1] if before else 0, *counts[before:until])
    return min(found, default=0)


def _stretches(work: Iterable[Run]) -> list[tuple[date, date]]:
    """The days on which there is any, from the first of a row to its last."""
    found: list[tuple[date, date]] = []
    for run in sorted(work, key=lambda run: run.first_day):
        if found and run.first_day <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], run.last_day))
        else:
            found.append((run.first_day, run.last_day))
    return found
