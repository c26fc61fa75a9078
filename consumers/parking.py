"""Which events a projection leaves out: one that can never be applied, and whatever builds upon it.

An event builds upon a parked one when it is of the same stream, or touches a row that the parked one touches. So what
goes on is independent of what waits, and applying what waits later, in order, leads to the rows of a whole replay.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from projections.recorded import Recorded
from projections.table import Key, Table

LEAST: Final = 20
"""Parked events that no projection is stopped for."""
SHARE: Final = 0.01
"""Of a projection's events; more than that are no accident of some events but a defect of the projection."""
_LONGEST_REASON: Final = 500

TouchedRows = tuple[tuple[str, Key], ...]
"""Rows, by the names of their tables."""


class Parked(NamedTuple):
    """An event that a projection has left out, and why."""

    tenant_id: str
    projection: str
    seq: int
    stream: str
    event_type: str
    touched: TouchedRows
    reason: str


class Parking:
    """What is parked of one projection, in the tenants that a batch is about."""

    __slots__ = ("_rows", "_streams")

    def __init__(self, parked: Iterable[Parked] = ()) -> None:
        """`parked` are all of these tenants' events that this projection has left out, in order of seq."""
        self._streams: dict[tuple[str, str], int] = {}
        self._rows: dict[tuple[str, Key], int] = {}
        for one in parked:
            self.add(one)

    def __bool__(self) -> bool:
        return bool(self._streams)

    def add(self, parked: Parked) -> None:
        """From here on, what builds upon this one waits."""
        self._streams.setdefault((parked.tenant_id, parked.stream), parked.seq)
        for row in parked.touched:
            self._rows.setdefault(row, parked.seq)

    def ahead_of(self, recorded: Recorded, touched: TouchedRows) -> int | None:
        """The seq of a parked event that this one builds upon; None when it may go on."""
        ahead = self._streams.get((recorded.tenant_id, recorded.stream))
        if ahead is not None:
            return ahead
        return next((self._rows[row] for row in touched if row in self._rows), None)


def named(touched: Iterable[tuple[Table, Key]]) -> TouchedRows:
    """Rows as they are told apart when they are stored."""
    return tuple((table.name, key) for table, key in touched)


def said(error: Exception) -> str:
    """A reason, for the person who is to mend it."""
    return f"{type(error).__name__}: {error}"[:_LONGEST_REASON]


def too_many(parked: int, seen: int) -> bool:
    """Whether a projection that has left out so many of the events that it has seen had better stop."""
    return parked >= LEAST and parked > SHARE * seen
