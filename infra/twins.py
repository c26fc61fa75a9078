"""The tables in which read models are rebuilt: one of the same name in the schema `rebuilding` for each.

They belong to nobody's data but a rebuild's, so `migrate` makes them from the live tables as these are now, and makes
them anew when the live ones have changed. Without secondary indexes, since nobody searches in them, and unlogged: a
server that crashes empties them together with the positions of what was in them.
"""

from collections.abc import Sequence
from typing import Any, Final

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from projections.table import Table

SCHEMA: Final = "rebuilding"


def renew(connection: Connection[Any], tables: Sequence[Table]) -> None:
    """Give each of `tables`, which exist, its twin. Every rebuild that is under way begins anew if one changed."""
    with connection.transaction():
        changed = [table for table in tables if not _is_alike(connection, table)]
        for table in changed:
            twin = Identifier(SCHEMA, table.name)
            key = SQL(", ").join(map(Identifier, table.key))
            connection.execute(SQL("DROP TABLE IF EXISTS {}").format(twin))
            connection.execute(
                SQL(
                    "CREATE UNLOGGED TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY ({}))"
                ).format(twin, Identifier(table.name), key)
            )
            connection.execute(SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY").format(twin))
            connection.execute(
                SQL("GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {} TO production_tool_projector").format(twin)
            )
            connection.execute(
                SQL(
                    """
                    CREATE POLICY projector ON {} TO production_tool_projector
                        USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
                    """
                ).format(twin)
            )
        if changed:
            # No run remembers any rows from here on, so there must be none.
            everything = [*(table.name for table in tables), "positions", "parked", "runs", "switched"]
            connection.execute(
                SQL("TRUNCATE {}").format(SQL(", ").join(Identifier(SCHEMA, name) for name in everything))
            )


def _is_alike(connection: Connection[Any], table: Table) -> bool:
    """Whether the twin is there, unlogged, and has the columns of the live one, in their order."""
    live, twin = (
        connection.execute(
            """
            SELECT attname, atttypid, atttypmod, attnotnull
            FROM pg_attribute
            WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
            ORDER BY attnum
            """,
            [name],
        ).fetchall()
        for name in (table.name, f"{SCHEMA}.{table.name}")
    )
    unlogged = connection.execute(
        "SELECT relpersistence = 'u' FROM pg_class WHERE oid = to_regclass(%s)", [f"{SCHEMA}.{table.name}"]
    ).fetchone()
    return live == twin and unlogged == (True,)
