"""Slots: the halves of local days, before noon and after, numbered without a gap since the year 1."""

from datetime import date, datetime, timedelta
from typing import Final

from domain.instants import local_instant, wall_time

_NOON: Final = 12
_HALF: Final = timedelta(hours=12)


def slot_at(wall: datetime) -> int:
    """The slot of a wall time."""
    return 2 * wall.toordinal() + (wall.hour >= _NOON)


def slot_of(day: date) -> int:
    """The first slot of a local day; the next one is its second."""
    return 2 * day.toordinal()


def slot_of_instant(instant: datetime, zone: str) -> tuple[int, bool]:
    """The slot in which `instant` lies for somebody in `zone`, and whether that is where the slot begins."""
    slot = slot_at(wall_time(instant, zone))
    return slot, instant == _begins_at(slot, zone)


def _begins_at(slot: int, zone: str) -> datetime:
    wall = datetime.fromordinal(slot // 2) + slot % 2 * _HALF
    return local_instant(wall, zone)
