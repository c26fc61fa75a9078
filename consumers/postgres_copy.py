"""A second version of a read model in Postgres, in the schema `rebuilding`, and how it takes the place of the live one.

The switch is one transaction that writes the rows in which the two differ, so a reader sees the old ones or the new
ones, and a live read model that was right is not written at all.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.errors import LockNotAvailable
from psycopg.sql import SQL, Composed, Identifier
from psycopg_pool import AsyncConnectionPool

from consumers import positions
from consumers.projector import Projector
from consumers.rebuild import Compared
from projections.projection import Projection
from projections.table import Table

SCHEMA: Final = "rebuilding"
_ROOM: Final = "64MB"
"""Memory in which the two versions of a group's rows are compared; with Postgres' own 4 MB it goes by way of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresCopy:
    """`consumers.rebuild.Copy`."""

    projection: Projection
    pool: AsyncConnectionPool[AsyncConnection[Any]]
    """Connections in the role `production_tool_projector` that find the live tables."""
    projector: Projector
    """Writes to the tables of the schema."""
    code: str
    """Changes whenever what this process would build may be another read model."""
    failpoint: Callable[[str], None]

    async def begin(self, only: str | None) -> None:
        """See `consumers.rebuild.Copy`."""
        name = self.projection.name
        async with self.pool.connection() as connection, connection.transaction():
            found = await connection.execute("SELECT code FROM rebuilding.runs WHERE projection = %s", [name])
            if await found.fetchone() != (self.code,):
                await self._empty(connection)
                await connection.execute(
                    """
                    INSERT INTO rebuilding.runs (projection, code)
                    VALUES (%s, %s)
                    ON CONFLICT (projection) DO UPDATE SET code = excluded.code
                    """,
                    [name, self.code],
                )
            elif only in await _switched(connection, name):
                await self._delete(connection, [only])

    async def remaining(self, only: str | None) -> dict[str, int]:
        """See `consumers.rebuild.Copy`."""
        name = self.projection.name
        async with self.pool.connection() as connection:
            live = (await positions.stored(connection.cursor(), [name]))[name]
            done = set() if only else set(await _switched(connection, name))
        return {tenant: seq for tenant, seq in live.items() if only in {None, tenant} and tenant not in done}

    async def filled(self) -> dict[str, int]:
        """See `consumers.rebuild.Copy`."""
        async with self.pool.connection() as connection:
            return await _filled(connection, self.projection.name)

    @asynccontextmanager
    async def switching(self, tenants: Sequence[str]) -> AsyncIterator["PostgresSwitch"]:
        """See `consumers.rebuild.Copy`."""
        name = self.projection.name
        async with self.pool.connection() as connection:
            async with connection.transaction():
                await _name(connection, tenants)
                await connection.execute("SELECT set_config('work_mem', %s, true)", [_ROOM])
                # In the order in which projectors lock them, so that nobody waits for each other.
                locked = await connection.execute(
                    """
                    SELECT tenant_id::text, seq
                    FROM positions
                    WHERE projection = %s AND tenant_id = ANY (%s::uuid[])
                    ORDER BY tenant_id, projection
                    FOR UPDATE
                    """,
                    [name, list(tenants)],
                )
                yield PostgresSwitch(connection, self.projection, dict(await locked.fetchall()))
                self.failpoint("rebuild.before_switch")
            self.failpoint("rebuild.after_switch")

    async def end(self, only: str | None) -> None:
        """See `consumers.rebuild.Copy`."""
        async with self.pool.connection() as connection, connection.transaction():
            if only:
                await self._delete(connection, [only])
            else:
                await self._empty(connection)
                await connection.execute("DELETE FROM rebuilding.runs WHERE projection = %s", [self.projection.name])

    async def _empty(self, connection: AsyncConnection[Any]) -> None:
        """Forget everybody."""
        # Deleted rows would be in the way of the next run until somebody vacuums. But who reads the tables, as a backup
        # does for hours, is not waited for.
        with suppress(LockNotAvailable):
            async with connection.transaction():
                for table in self.projection.tables:
                    twin = Identifier(SCHEMA, table.name)
                    await connection.execute(SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT").format(twin))
                    await connection.execute(SQL("TRUNCATE {}").format(twin))
        name = self.projection.name
        await self._delete(connection, [*await _filled(connection, name), *await _switched(connection, name)])

    async def _delete(self, connection: AsyncConnection[Any], tenants: Collection[str]) -> None:
        """Forget these tenants."""
        await _name(connection, tenants)
        for table in self.projection.tables:
            await connection.execute(
                SQL("DELETE FROM {} WHERE tenant_id = ANY (%s::uuid[])").format(Identifier(SCHEMA, table.name)),
                [list(tenants)],
            )
        for name in ("positions", "parked", "switched"):
            await connection.execute(
                SQL("DELETE FROM {} WHERE projection = %s AND tenant_id = ANY (%s::uuid[])").format(
                    Identifier(SCHEMA, name)
                ),
                [self.projection.name, list(tenants)],
            )


@dataclass(frozen=True, slots=True)
class PostgresSwitch:
    """`consumers.rebuild.Switch`, in the transaction that ends with the block."""

    connection: AsyncConnection[Any]
    projection: Projection
    live: Mapping[str, int]
    differing: set[Table] = field(default_factory=set)
    """The tables in which `compare` has found a difference."""

    async def compare(self) -> Compared:
        """See `consumers.rebuild.Switch`."""
        compared = Compared()
        for table in self.projection.tables:
            counted = await self.connection.execute(_count(table), [list(self.live)])
            compared.rows += sum(count for (count,) in await counted.fetchall())
            cursor: Any = self.connection.cursor()
            await cursor.execute(_differences(table), [list(self.live), list(self.live)])
            async for key, missing, too_many in cursor:
                self.differing.add(table)
                how = "was missing" if missing else "was too many" if too_many else "was otherwise"
                compared.differs(f"{table.name} {key} {how}")
        return compared

    async def switch(self) -> None:
        """See `consumers.rebuild.Switch`."""
        tenants = [list(self.live)]
        for table in self.differing:
            await self.connection.execute(_remove(table), tenants)
            await self.connection.execute(_add(table), tenants)
        where = [self.projection.name, *tenants]
        await self.connection.execute(
            "DELETE FROM parked WHERE projection = %s AND tenant_id = ANY (%s::uuid[])", where
        )
        await self.connection.execute(
            """
            WITH gone AS (
                DELETE FROM rebuilding.parked
                WHERE projection = %s AND tenant_id = ANY (%s::uuid[])
                RETURNING tenant_id, projection, seq, stream, event_type, touched, reason, parked_at
            )
            INSERT INTO parked (tenant_id, projection, seq, stream, event_type, touched, reason, parked_at)
            SELECT tenant_id, projection, seq, stream, event_type, touched, reason, parked_at FROM gone
            """,
            where,
        )
        await self.connection.execute(
            """
            WITH gone AS (
                DELETE FROM rebuilding.positions
                WHERE projection = %s AND tenant_id = ANY (%s::uuid[])
                RETURNING tenant_id, projection
            )
            INSERT INTO rebuilding.switched (tenant_id, projection)
            SELECT tenant_id, projection FROM gone
            ON CONFLICT (tenant_id, projection) DO NOTHING
            """,
            where,
        )


async def _name(connection: AsyncConnection[Any], tenants: Collection[str]) -> None:
    """Tell row-level security which tenants this transaction is about."""
    await connection.execute("SELECT set_config('app.tenants', %s::uuid[]::text, true)", [list(tenants)])


async def _filled(connection: AsyncConnection[Any], projection: str) -> dict[str, int]:
    """Tenant to seq."""
    found = await connection.execute(
        "SELECT tenant_id::text, seq FROM rebuilding.positions WHERE projection = %s", [projection]
    )
    return dict(await found.fetchall())


async def _switched(connection: AsyncConnection[Any], projection: str) -> list[str]:
    found = await connection.execute(
        "SELECT tenant_id::text FROM rebuilding.switched WHERE projection = %s", [projection]
    )
    return [tenant for (tenant,) in await found.fetchall()]


def _count(table: Table) -> Composed:
    return SQL("SELECT count(*) FROM {} WHERE tenant_id = ANY (%s::uuid[])").format(Identifier(SCHEMA, table.name))


def _differences(table: Table) -> Composed:
    # Byte for byte, since `json` has no equality.
    return SQL(
        """
        SELECT {row}::text, old IS NULL, new IS NULL
        FROM (SELECT {key}, o AS old FROM {live} o WHERE tenant_id = ANY (%s::uuid[])) AS o
        FULL JOIN (SELECT {key}, n AS new FROM {copy} n WHERE tenant_id = ANY (%s::uuid[])) AS n
            USING ({key})
        WHERE old IS NULL OR new IS NULL OR old *<> new
        """
    ).format(
        row=_row(table),
        key=SQL(", ").join(map(Identifier, table.key)),
        live=Identifier(table.name),
        copy=Identifier(SCHEMA, table.name),
    )


def _remove(table: Table) -> Composed:
    """Delete the live rows that the copy does not have, or has otherwise."""
    return SQL(
        """
        DELETE FROM {live} o
        WHERE tenant_id = ANY (%s::uuid[])
            AND NOT EXISTS (SELECT FROM {copy} n WHERE {same} AND n *= o)
        """
    ).format(live=Identifier(table.name), copy=Identifier(SCHEMA, table.name), same=_same(table))


def _add(table: Table) -> Composed:
    """Insert the copy's rows that are not there by now."""
    return SQL(
        """
        INSERT INTO {live} ({columns})
        SELECT {columns}
        FROM {copy} n
        WHERE tenant_id = ANY (%s::uuid[])
            AND NOT EXISTS (SELECT FROM {live} o WHERE {same})
        """
    ).format(
        live=Identifier(table.name),
        copy=Identifier(SCHEMA, table.name),
        columns=SQL(", ").join(map(Identifier, table.columns)),
        same=_same(table),
    )


def _row(table: Table) -> Composed:
    return SQL("ROW(") + SQL(", ").join(map(Identifier, table.key)) + SQL(")")


def _same(table: Table) -> Composed:
    return SQL(" AND ").join(SQL("o.{0} = n.{0}").format(Identifier(name)) for name in table.key)
