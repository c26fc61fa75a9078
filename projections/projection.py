"""A projection: how events become one read model."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain.event import Event
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Table


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """One read model's name, tables, and its two pure functions."""

    name: str
    """As in `positions`, in the routes that read it, and on the command line."""
    tables: tuple[Table, ...]
    touches: Callable[[Recorded], Iterable[tuple[Table, Key]]]
    """The rows that `project` will look at for this event, so that a batch can load all of its rows at once."""
    project: Callable[[Recorded, Rows], None]
    """Fold one event into the rows. Reads no clock and nothing else, so that every replay gives the same rows."""
    about: frozenset[str] | None = None
    """The stored names of all events that change it: others are not even decoded for it. None is every event."""


def names(*events: type[Event]) -> frozenset[str]:
    """The stored names of these events."""
    return frozenset(event.stored_as for event in events)
