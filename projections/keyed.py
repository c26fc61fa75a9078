"""A projection into keys: rows as everywhere, and what follows from them, kept ready to be read at once.

A row lies in the hash of its table. What follows from it, a bit, a score, a count, is derived from the row as it was
and as it has become, never from the keys: so it is right whatever was derived before, and a replay derives the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from projections.projection import Projection
from projections.recorded import Recorded
from projections.table import Row, Table

Op = tuple[str | int, ...]
"""A command of Redis, the name of its key within the read model, and its arguments.

Or one of our own. `TALLY`: a hash, a field and a number to add; at 0 there is no field. `COUNT`: a key, a bit, 1 or -1,
and an instant in seconds: one more or one less reason for that bit to be set, in a key that is of no use after then.
"""


def nothing_follows(_: Table, __: Row | None, ___: Row | None) -> Iterable[Op]:
    """Rows are all there is."""
    return ()


def nothing_told(_: Recorded) -> Iterable[Op]:
    """Events lead to rows only."""
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class KeyedProjection(Projection):
    """A projection whose tables are hashes; its rows hold only what JSON can say, so that they come back as they went.

    `derived` is called once for each row that a batch has changed, `told` once for each event, in order.
    """

    derived: Callable[[Table, Row | None, Row | None], Iterable[Op]] = nothing_follows
    """What follows from a row that was the first, or was not there, and has become the second."""
    told: Callable[[Recorded], Iterable[Op]] = nothing_told
    """What follows from an event alone."""
