"""How far read models are behind the log, for how long, and whether they move. Pure: positions, heads and time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

STUCK_AFTER: Final = 30.0
"""Seconds for which a position that is behind its head does not move until something is wrong."""


@dataclass(frozen=True, slots=True)
class Lag:
    """One projection, over all tenants."""

    events: int
    """Recorded and not dealt with."""
    seconds: float
    """For how long the event that has waited longest is known to wait."""
    stuck: tuple[str, ...]
    """Tenants whose position has not moved for too long while it was behind."""


@dataclass(slots=True)
class _Behind:
    """One tenant's position in one projection, since it was first seen to be behind."""

    seq: int
    moved_at: float
    head: int
    """As it was at `seen_at`; reaching it is being at most as late as that."""
    seen_at: float


@dataclass(slots=True)
class Lags:
    """Remembers what it was shown."""

    _behind: dict[str, dict[str, _Behind]] = field(default_factory=dict)

    def look(self, positions: Mapping[str, Mapping[str, int]], heads: Mapping[str, int], now: float) -> dict[str, Lag]:
        """By projection, given where everything is at `now`, in seconds of any clock that only goes on."""
        return {name: self._of(name, reached, heads, now) for name, reached in positions.items()}

    def _of(self, name: str, reached: Mapping[str, int], heads: Mapping[str, int], now: float) -> Lag:
        before, behind = self._behind.get(name, {}), dict[str, _Behind]()
        events = 0
        for tenant, head in heads.items():
            seq = reached.get(tenant, 0)
            if seq < head:
                events += head - seq
                behind[tenant] = _since(before.get(tenant), seq, head, now)
        self._behind[name] = behind
        return Lag(
            events,
            max((now - one.seen_at for one in behind.values()), default=0.0),
            tuple(tenant for tenant, one in behind.items() if now - one.moved_at >= STUCK_AFTER),
        )


def _since(before: _Behind | None, seq: int, head: int, now: float) -> _Behind:
    if before is None:
        return _Behind(seq, now, head, now)
    moved_at = before.moved_at if seq == before.seq else now
    if seq >= before.head:
        return _Behind(seq, moved_at, head, now)
    return _Behind(seq, moved_at, before.head, before.seen_at)
