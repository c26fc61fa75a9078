"""A batch and the rows that it touches: which to load, and what they become. Pure, whatever the store."""

from collections.abc import Mapping

from consumers.store import Work
from projections.rows import Rows
from projections.table import Key, Row, Table


def touched(work: Work) -> dict[Table, set[Key]]:
    """The rows to load."""
    keys: dict[Table, set[Key]] = {}
    for share in work:
        for recorded in share.events:
            for table, key in share.projection.touches(recorded):
                keys.setdefault(table, set()).add(key)
    return keys


def fold(work: Work, found: Mapping[Table, Mapping[Key, Row]]) -> Rows:
    """The rows as the events leave them."""
    rows = Rows(found)
    for share in work:
        for recorded in share.events:
            share.projection.project(recorded, rows)
    return rows
