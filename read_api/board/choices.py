"""Which part of a claim somebody means: day by day where it is whole days, else stretch by stretch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from domain.instants import day_ends_at, day_starts_at, local_day
from read_api.shapes import Time

_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)

Said = dict[str, str]
"""A period as the API takes it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A part that can be ticked."""

    period: Said
    day: date | None
    """None for hours."""
    time: Time


def choices(times: Iterable[Time]) -> list[Choice]:
    """All parts of a claim, in order of time."""
    found = list[Choice]()
    for time in times:
        if time.first_day is None or time.last_day is None:
            found.append(Choice(_hours(time.starts_at, time.ends_at), None, time))
            continue
        days = (time.last_day - time.first_day).days + 1
        each = (time.first_day + n * _DAY for n in range(days))
        found += [Choice({"first_day": str(day), "last_day": str(day)}, day, time) for day in each]
    return found


def period(starts_at: datetime, ends_at: datetime, zone: str) -> Said:
    """The period from one instant to another: whole days of `zone` when it is such."""
    first, last = local_day(starts_at, zone), local_day(ends_at - _INSTANT, zone)
    if (day_starts_at(first, zone), day_ends_at(last, zone)) == (starts_at, ends_at):
        return {"first_day": str(first), "last_day": str(last)}
    return _hours(starts_at, ends_at)


def bounds(times: Sequence[Time]) -> tuple[date, date] | None:
    """The first and the last local day of a claim; None of nothing."""
    if not times:
        return None
    first, last = times[0], times[-1]
    return local_day(first.starts_at, first.time_zone), local_day(last.ends_at - _INSTANT, last.time_zone)


def _hours(starts_at: datetime, ends_at: datetime) -> Said:
    return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
