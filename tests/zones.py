"""Zones whose rules change, as an update of the tz data changes them: another zone's file under the zone's name."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from domain import instants, spans

_REMEMBERED = (instants.zone_named, instants.day_starts_at, instants.days_later, spans.whole_days)


@contextmanager
def read_as(zone: str, other: str) -> Iterator[None]:
    """`zone` has the rules of `other`, for this process, until the block ends."""
    before = zoneinfo.TZPATH
    with TemporaryDirectory() as directory:
        file = Path(directory, zone)
        file.parent.mkdir(parents=True)
        file.write_bytes(_rules(other))
        _look_in(directory, *before)
        try:
            yield
        finally:
            _look_in(*before)


@lru_cache
def _rules(zone: str) -> bytes:
    """The file of a zone, the system's or the one of the package `tzdata`."""
    for directory in zoneinfo.TZPATH:
        if (file := Path(directory, zone)).exists():
            return file.read_bytes()
    return resources.files("tzdata").joinpath("zoneinfo", zone).read_bytes()


def _look_in(*directories: str) -> None:
    """Read all zones afresh, as a process does that is started."""
    zoneinfo.reset_tzpath(directories)
    ZoneInfo.clear_cache()
    for remembered in _REMEMBERED:
        remembered.cache_clear()
