"""Clocks: the instants at which something ends by itself, kept with the rule and the zone that gave them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from domain.instants import Instant, local_instant, wall_time

Holidays = Callable[[str, str | None, int], frozenset[date]]
"""The public holidays of a country, of one of its subdivisions or all of it, in a year."""

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Clock:
    """A running clock; it never changes when a policy does.

    `rule` says in words what gave the instant, `policy` names the policy in force when the clock was started.
    """

    at: Instant
    rule: str
    zone: str
    policy: str
    calendar: str | None = None


def counted(count: int, what: str) -> str:
    """So many of something, in words: 1 day, 2 days."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days are worked: not the weekend (Monday is 1) and not the public holidays of a country."""

    weekend: tuple[int, ...]
    country: str | None
    subdivision: str | None
    holidays: Holidays

    @property
    def name(self) -> str | None:
        """The calendar's name as clocks record it."""
        return self.country if self.subdivision is None else f"{self.country}-{self.subdivision}"

    def worked(self, day: date) -> bool:
        """Whether `day` is a working day."""
        if day.isoweekday() in self.weekend:
            return False
        return self.country is None or day not in self.holidays(self.country, self.subdivision, day.year)

    def after(self, day: date, count: int) -> date:
        """The `count`th working day after `day`."""
        for _ in range(count):
            day = self.next(day)
        return day

    def next(self, day: date) -> date:
        """The first working day after `day`."""
        day += _ONE_DAY
        while not self.worked(day):
            day += _ONE_DAY
        return day


def no_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:  # noqa: ARG001
    """A country without public holidays."""
    return frozenset()


def working_days_later(
    instant: datetime, count: int, zone: str, *, cut_off: time | None, days: WorkingDays
) -> datetime:
    """The end of a window of `count` working days from `instant`.

    With a cut-off the window ends at that local time, and what comes after it, or on a day nobody works, counts as
    coming on the next working day. Without one it ends at the wall time at which it began.
    """
    wall = wall_time(instant, zone)
    day = wall.date()
    if not days.worked(day) or (cut_off is not None and wall.time() > cut_off):
        day = days.next(day)
    return local_instant(datetime.combine(days.after(day, count), cut_off or wall.time()), zone)


def at_local_time(day: date, at: time, zone: str) -> datetime:
    """The instant of a local time on a local day."""
    return local_instant(datetime.combine(day, at), zone)
