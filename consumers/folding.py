"""A batch and the rows that it touches: which to load, what they become, what to write."""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import AsyncConnection, AsyncCursor

from consumers import tables
from consumers.feed import Batch
from projections.projection import Projection
from projections.rows import Rows
from projections.table import Key, Row, Table

Work = Sequence[tuple[Projection, Batch]]
"""What each projection has to apply."""


def touched(work: Work) -> dict[Table, set[Key]]:
    """The rows to load."""
    keys: dict[Table, set[Key]] = {}
    for projection, events in work:
        for recorded in events:
            for table, key in projection.touches(recorded):
                keys.setdefault(table, set()).add(key)
    return keys


async def ask(
    connection: AsyncConnection[Any], wanted: Mapping[Table, set[Key]], *, copy: str = ""
) -> dict[Table, AsyncCursor]:
    """Ask for these rows, of that copy of the read models; may be part of a pipeline."""
    cursors = {table: tables.cursor_of(connection) for table in wanted}
    for table, keys in wanted.items():
        await tables.ask(cursors[table], table, keys, copy=copy)
    return cursors


async def answers(cursors: Mapping[Table, AsyncCursor]) -> dict[Table, dict[Key, Row]]:
    """What `ask` has found."""
    return {table: await tables.answer(cursor, table) for table, cursor in cursors.items()}


def fold(work: Work, found: Mapping[Table, Mapping[Key, Row]]) -> Rows:
    """The rows as the events leave them."""
    rows = Rows(found)
    for projection, events in work:
        for recorded in events:
            projection.project(recorded, rows)
    return rows


async def store(connection: AsyncConnection[Any], work: Work, rows: Rows, *, copy: str = "") -> None:
    """Write what has changed, in one round trip, to that copy of the read models."""
    async with connection.pipeline():
        for projection, _ in work:
            for table in projection.tables:
                if removed := rows.removed(table):
                    await tables.delete(connection.cursor(), table, removed, copy=copy)
                if written := rows.written(table):
                    await tables.store(connection.cursor(), table, written, copy=copy)
