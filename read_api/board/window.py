"""Which days a grid shows, how finely, and where an instant lies in it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from domain.instants import wall_time
from domain.spans import Span
from read_api.board.assets import MOST_COLUMNS

Zoom = Literal["day", "week", "month"]

_DAYS: Final[dict[Zoom, int]] = {"day": 7, "week": 28, "month": 84}
_PARTS: Final[dict[Zoom, int]] = {"day": 12, "week": 2, "month": 1}
"""Columns of a day: two hours, half a day, a day."""
_STEP: Final[dict[Zoom, int]] = {"day": 7, "week": 14, "month": 28}
"""Days by which one leafs."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """The first column, from 1, and how many; whether time begins and ends there, or goes on outside of the window."""

    column: int
    length: int
    begins: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class GridWindow:
    """`first` and the days after it; every artist's row shows them as that artist's own days."""

    first: date
    zoom: Zoom
    today: date

    @property
    def count(self) -> int:
        """Days."""
        return _DAYS[self.zoom]

    @property
    def parts(self) -> int:
        """Columns of a day."""
        return _PARTS[self.zoom]

    @property
    def columns(self) -> int:
        """All of them, at most `MOST_COLUMNS`."""
        return min(self.count * self.parts, MOST_COLUMNS)

    @property
    def last(self) -> date:
        """The last day that is shown."""
        return self.first + (self.count - 1) * _DAY

    @property
    def days(self) -> list[date]:
        """Each day."""
        return [self.first + n * _DAY for n in range(self.count)]

    @property
    def earlier(self) -> date:
        """Where leafing back leads."""
        return self.first - _STEP[self.zoom] * _DAY

    @property
    def later(self) -> date:
        """Where leafing on leads."""
        return self.first + _STEP[self.zoom] * _DAY

    def place(self, span: Span, zone: str) -> Place | None:
        """Where `span` lies for somebody in `zone`; None when that is not in here."""
        start, end = self._column(span.starts_at, zone, up=False), self._column(span.ends_at, zone, up=True)
        first, last = max(start, 0), min(end, self.columns)
        if first >= last:
            return None
        return Place(first + 1, last - first, begins=start >= 0, ends=end <= self.columns)

    def _column(self, at: datetime, zone: str, *, up: bool) -> int:
        local = wall_time(at, zone)
        days = (local.date() - self.first).days
        passed = (local - datetime.combine(local.date(), datetime.min.time())) / _DAY * self.parts
        whole = int(passed)
        return days * self.parts + whole + (1 if up and passed > whole else 0)


def grid_window(first: date | None, zoom: Zoom, today: date) -> GridWindow:
    """The weeks from that of `first`, or of today."""
    day = first or today
    return GridWindow(day - day.weekday() * _DAY, zoom, today)
