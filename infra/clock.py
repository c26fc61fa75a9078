"""The database's clock, reckoned from its last reading."""

import time
from dataclasses import dataclass
from typing import Final

_FRESH: Final = 0.05
"""Seconds after which the database is asked again."""


@dataclass(slots=True)
class Clock:
    """Microseconds since 1970 as the database counts them, never ahead of it."""

    reading: int = 0
    _read_at: float = float("-inf")

    def read(self, microseconds: int) -> None:
        """Take a reading that has just arrived."""
        self.reading, self._read_at = microseconds, time.monotonic()

    def now(self) -> int | None:
        """The last reading plus the time since; None when that is too long."""
        elapsed = time.monotonic() - self._read_at
        return None if elapsed > _FRESH else self.reading + int(elapsed * 1_000_000)
