"""The outcomes of late: what most repeats ask for, without a query."""

from collections.abc import Mapping
from typing import NamedTuple

from commands.log import Outcome

Key = tuple[str, str]
"""Tenant and idempotency key."""


class Known(NamedTuple):
    """An outcome, and the fingerprint of the command that had it."""

    fingerprint: bytes
    outcome: Outcome


class Outcomes:
    """Committed outcomes by key, those kept for longest going first."""

    def __init__(self, *, limit: int) -> None:
        """Keep between `limit` and twice as many."""
        self._limit = limit
        self._young: dict[Key, Known] = {}
        self._old: dict[Key, Known] = {}

    def get(self, key: Key) -> Known | None:
        """What stands under `key`, if it is in here."""
        return self._young.get(key) or self._old.get(key)

    def keep(self, outcomes: Mapping[Key, Known]) -> None:
        """Add outcomes that have been committed."""
        self._young.update(outcomes)
        if len(self._young) > self._limit:
            self._old, self._young = self._young, {}
