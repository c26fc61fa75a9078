"""How much work some time is: in whole days and in minutes, on the days that were said.

By what was said, never by a zone's rules, so that every replay counts alike. Work by the hour belongs to the day on
which it starts, a night's to the evening's, and so on every 24 hours; it lasts as long as clocks on the wall show.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
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
    count, reached = 0, date.min
    for run in sorted(work, key=lambda run: run.first_day):
        first = max(run.first_day, reached + _ONE_DAY)
        if run.last_day >= first:
            count, reached = count + (run.last_day - first).days + 1, run.last_day
    return count


def minutes(work: Iterable[Run]) -> int:
    """All of it."""
    return sum(((run.last_day - run.first_day).days + 1) * run.minutes for run in work)
