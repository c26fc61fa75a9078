"""What a process knows of the rows in Redis, because it has written or read them itself.

It holds as long as a read model is at the place at which it was learnt: whoever else writes moves that, and the script
finds out before it writes. So the rows of a batch are read back seldom, and never believed wrongly.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from consumers.parking import Parked
from infra.redis_script import NOWHERE, Place
from projections.table import Key, Row, Table

_MOST: Final = 200_000
"""Rows of all read models together; past that all are forgotten."""

Model = tuple[str, str]
"""A tenant, and the name of a projection."""


@dataclass(slots=True)
class _Known:
    place: Place = NOWHERE
    rows: dict[Table, dict[Key, Row | None]] = field(default_factory=dict)
    parked: list[Parked] | None = None


class Kept:
    """By tenant and projection. None stands for a row that is not there."""

    def __init__(self) -> None:
        """Nothing is known."""
        self._known: dict[Model, _Known] = {}
        self._rows = 0

    def forget(self, models: Iterable[Model] | None = None) -> None:
        """Know nothing more of these, or of any."""
        if models is None:
            self._known.clear()
            self._rows = 0
        else:
            for model in models:
                known = self._known.pop(model, None)
                self._rows -= sum(map(len, known.rows.values())) if known else 0

    def rows(self, model: Model, at: Place, table: Table) -> Mapping[Key, Row | None]:
        """What is known of a table, if the read model is there."""
        known = self._known.get(model)
        return known.rows.get(table, {}) if known and known.place == at else {}

    def parked(self, model: Model, at: Place) -> Sequence[Parked] | None:
        """What has been left out, in order; None when that is not known."""
        known = self._known.get(model)
        return known.parked if known and known.place == at else None

    def learn(
        self,
        model: Model,
        *,
        was: Place,
        to: Place,
        rows: Mapping[Table, Mapping[Key, Row | None]],
        parked: Collection[Parked],
    ) -> None:
        """A read model was brought from one place to another: its rows, read and written, and what is left out now."""
        known = self._known.get(model)
        if known is None or known.place != was or self._rows > _MOST:
            self.forget([model] if self._rows <= _MOST else None)
            known = self._known[model] = _Known()
        known.place, known.parked = to, list(parked)
        for table, some in rows.items():
            there = known.rows.setdefault(table, {})
            before = len(there)
            there.update(some)
            self._rows += len(there) - before
