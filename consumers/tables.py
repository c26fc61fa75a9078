"""Loading and storing a batch's rows: one statement a table, whatever the number of rows.

The rows travel as one binary array a column (`columns.py`), keys as one JSON parameter that is unpacked there;
COPY is refused under row-level security.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from psycopg import AsyncConnection, AsyncCursor
from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.string import TextLoader
from pydantic_core import to_json

from consumers.columns import Column, ColumnDumper, columns_of, sent_as
from projections.projection import Projection
from projections.rows import Rows
from projections.table import Key, Row, Table


async def ask_all(
    connection: AsyncConnection[Any], wanted: Mapping[Table, Iterable[Key]], *, copy: str = ""
) -> dict[Table, AsyncCursor]:
    """Ask for these rows, of that copy of the read models; may be part of a pipeline."""
    cursors = {table: cursor_of(connection) for table in wanted}
    for table, keys in wanted.items():
        await ask(cursors[table], table, keys, copy=copy)
    return cursors


async def answers(cursors: Mapping[Table, AsyncCursor]) -> dict[Table, dict[Key, Row]]:
    """What `ask_all` has found."""
    return {table: await answer(cursor, table) for table, cursor in cursors.items()}


async def store_all(
    connection: AsyncConnection[Any], projections: Iterable[Projection], rows: Rows, *, copy: str = ""
) -> None:
    """Write what has changed to that copy of the read models; may be part of a pipeline."""
    for table in (table for projection in projections for table in projection.tables):
        if removed := rows.removed(table):
            await delete(connection.cursor(), table, removed, copy=copy)
        if written := rows.written(table):
            await store(connection.cursor(), table, written, copy=copy)


def cursor_of(connection: AsyncConnection[Any]) -> AsyncCursor:
    """A cursor that gives ids as text, as events and rows have them."""
    cursor = connection.cursor()
    cursor.adapters.register_loader("uuid", TextLoader)
    return cursor


async def ask(cursor: AsyncCursor, table: Table, keys: Iterable[Key], *, copy: str = "") -> None:
    """Ask for the rows with these keys; `answer` takes them from the cursor. `copy`: see `stored_as`."""
    await cursor.execute(_load(table, copy), [_parameter(table.key, keys)])


async def answer(cursor: AsyncCursor, table: Table) -> dict[Key, Row]:
    """What `ask` has found."""
    columns = tuple(table.columns)
    rows = (dict(zip(columns, values, strict=True)) for values in await cursor.fetchall())
    return {table.key_of(row): row for row in rows}


async def store(cursor: AsyncCursor, table: Table, rows: Sequence[Row], *, copy: str = "") -> None:
    """Insert these rows, or put them in the place of those with their keys."""
    cursor.adapters.register_dumper(Column, ColumnDumper)
    await cursor.execute(_upsert(table, copy), columns_of(table, rows))


async def delete(cursor: AsyncCursor, table: Table, keys: Sequence[Key], *, copy: str = "") -> None:
    """Delete the rows with these keys, where there are any."""
    await cursor.execute(_delete(table, copy), [_parameter(table.key, keys)])


def stored_as(table: Table, copy: str) -> Identifier:
    """The name of a table in one copy of its read model: the one that is read has no name of its own."""
    return Identifier(f"{table.name}_{copy}" if copy else table.name)


def _parameter(columns: Sequence[str], keys: Iterable[Key]) -> str:
    return to_json([dict(zip(columns, key, strict=True)) for key in keys]).decode()


def _names(columns: Iterable[str], prefix: str = "") -> Composed:
    return SQL(", ").join(SQL(prefix) + Identifier(column) for column in columns)


def _record(columns: Mapping[str, str]) -> Composed:
    return SQL(", ").join(Identifier(name) + SQL(f" {type_}") for name, type_ in columns.items())


def _key_types(table: Table) -> dict[str, str]:
    return {name: table.columns[name] for name in table.key}


def _same_key(table: Table, left: str, right: str) -> Composed:
    same = (SQL(left) + Identifier(name) + SQL(f" = {right}") + Identifier(name) for name in table.key)
    return SQL(" AND ").join(same)


@cache
def _load(table: Table, copy: str) -> bytes:
    # LIMIT keeps the planner from joining any other way than one index lookup a key.
    return (
        SQL(
            """
        SELECT {found}
        FROM json_to_recordset(%s::json) AS asked ({record})
        CROSS JOIN LATERAL (SELECT {columns} FROM {table} t WHERE {same} LIMIT 1) AS found
        """
        )
        .format(
            found=_names(table.columns, "found."),
            record=_record(_key_types(table)),
            columns=_names(table.columns, "t."),
            table=stored_as(table, copy),
            same=_same_key(table, "t.", "asked."),
        )
        .as_bytes()
    )


@cache
def _upsert(table: Table, copy: str) -> bytes:
    changing = (name for name in table.columns if name not in table.key)
    return (
        SQL(
            """
        INSERT INTO {table} ({columns})
        SELECT {values}
        FROM unnest({arrays}) AS r ({columns})
        ON CONFLICT ({key}) DO UPDATE SET {changes}
        """
        )
        .format(
            table=stored_as(table, copy),
            columns=_names(table.columns),
            values=SQL(", ").join(Identifier(name) + SQL(f"::{type_}") for name, type_ in table.columns.items()),
            arrays=SQL(", ").join(SQL(f"%b::{sent_as(type_)}[]") for type_ in table.columns.values()),
            key=_names(table.key),
            changes=SQL(", ").join(Identifier(name) + SQL(" = excluded.") + Identifier(name) for name in changing),
        )
        .as_bytes()
    )


@cache
def _delete(table: Table, copy: str) -> bytes:
    return (
        SQL(
            """
        DELETE FROM {table} t
        USING json_to_recordset(%s::json) AS asked ({record})
        WHERE {same}
        """
        )
        .format(table=stored_as(table, copy), record=_record(_key_types(table)), same=_same_key(table, "t.", "asked."))
        .as_bytes()
    )
