"""New York's film permits as the city publishes them: a CSV of permits, and what they mean in a future of whole weeks.

Columns `EventID, StartDateTime, EndDateTime, Category, ZipCode(s)`; times are wall times of New York, `M/D/YY H:MM`.
A wall time that its zone skips on the day it is moved to is read with the offset before the gap, one that the zone
repeats is its first occurrence.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from domain.instants import local_instant, wall_time, zone_named
from infra.cannot_run import CannotRun

ZONE: Final = "America/New_York"
ONE_WEEK: Final = timedelta(weeks=1)
_WALL_TIME: Final = "%m/%d/%y %H:%M"
_EVENT, _STARTS, _ENDS, _CATEGORY, _ZIPS = "EventID", "StartDateTime", "EndDateTime", "Category", "ZipCode(s)"


class NotPermits(CannotRun):
    """The file is not a list of permits."""


class Permit(NamedTuple):
    """A permit; its times are wall times of New York."""

    event_id: str
    starts: datetime
    ends: datetime
    category: str
    zips: tuple[str, ...]


class Unreadable(NamedTuple):
    """A row that is no permit, and why."""

    row: int
    event_id: str
    why: str


@dataclass(frozen=True, slots=True)
class PermitFile:
    """What a file says, in order of its event ids: whoever applied first comes first."""

    permits: tuple[Permit, ...]
    unreadable: tuple[Unreadable, ...]

    @property
    def first(self) -> datetime:
        """The earliest wall time."""
        return min(permit.starts for permit in self.permits)

    @property
    def last(self) -> datetime:
        """The latest one."""
        return max(permit.ends for permit in self.permits)


def read(file: Path) -> PermitFile:
    """Read a file whole.

    Raises:
        NotPermits: it lacks a column, or has no permit.
        OSError: it cannot be read.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            rows = csv.DictReader(text)
            missing = {_EVENT, _STARTS, _ENDS, _CATEGORY, _ZIPS} - set(rows.fieldnames or ())
            if missing:
                raise NotPermits(f"{file} has no column {', '.join(sorted(missing))}")
            found = [_read(rows.line_num, row) for row in rows]
    except (UnicodeDecodeError, csv.Error) as error:
        raise NotPermits(f"{file} is not a CSV file in UTF-8: {error}") from error
    permits = sorted((one for one in found if isinstance(one, Permit)), key=lambda permit: _in_order(permit.event_id))
    if not permits:
        raise NotPermits(f"{file} has no permit")
    return PermitFile(tuple(permits), tuple(one for one in found if isinstance(one, Unreadable)))


def _read(number: int, row: Mapping[str, str | list[str] | None]) -> Permit | Unreadable:
    said = {name: value.strip() if isinstance(value, str) else "" for name, value in row.items()}
    empty = [name for name in (_EVENT, _CATEGORY, _ZIPS) if not said[name]]
    if empty:
        return Unreadable(number, said[_EVENT], f"{empty[0]} is empty")
    try:
        starts, ends = (datetime.strptime(said[name], _WALL_TIME) for name in (_STARTS, _ENDS))  # noqa: DTZ007 - wall time
    except ValueError as error:
        return Unreadable(number, said[_EVENT], str(error))
    if ends <= starts:
        return Unreadable(number, said[_EVENT], "it ends before it starts")
    zips = dict.fromkeys(filter(None, map(str.strip, said[_ZIPS].split(","))))
    return Permit(said[_EVENT], starts, ends, said[_CATEGORY], tuple(zips))


def _in_order(event_id: str) -> tuple[int, str]:
    return (int(event_id) if event_id.isdecimal() else 0, event_id)


def weeks_ahead(first: datetime, now: datetime) -> timedelta:
    """The whole weeks by which `first` lands between one and two weeks after `now`."""
    today = wall_time(now, ZONE)
    return -((first - today) // ONE_WEEK - 1) * ONE_WEEK


def period(permit: Permit, moved: timedelta) -> dict[str, str] | None:
    """The hours of a permit that is moved by whole weeks; None when nothing is left of them between two clocks."""
    starts_at, ends_at = local_instant(permit.starts + moved, ZONE), local_instant(permit.ends + moved, ZONE)
    if ends_at <= starts_at:
        return None
    return {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}


def odd_times(permits: Iterable[Permit], moved: timedelta) -> tuple[int, int]:
    """How many wall times the zone skips, and how many it repeats, where they are moved to."""
    walls = [wall + moved for permit in permits for wall in (permit.starts, permit.ends)]
    skipped = [wall for wall in walls if wall_time(local_instant(wall, ZONE), ZONE) != wall]
    repeated = [wall for wall in walls if _instants(wall) == 2]  # noqa: PLR2004
    return len(skipped), len(repeated) - len(skipped)


def _instants(wall: datetime) -> int:
    """How many readings a wall time has; one that is skipped has two as well."""
    zone = zone_named(ZONE)
    return len({wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)})
