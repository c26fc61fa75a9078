"""How far each tenant's events are known to be in Kafka, written under the epochs of a lease."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic_core import to_json

from consumers.relay_leases import Lease, LeaseLost


class Mark(NamedTuple):
    """Everything up to `seq` of this incarnation of a tenant's log was acknowledged."""

    tenant_id: str
    incarnation: str
    seq: int


class Marks:
    """The marks of all tenants."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        """`pool` gives connections in the role `production_tool_projector`."""
        self._pool = pool

    async def read(self, mine: Callable[[str], bool]) -> dict[str, int]:
        """Tenant to seq, of those tenants that are `mine`; a log that was replaced begins again."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                """
                SELECT tenant_id::text, m.seq
                FROM relay_marks m
                JOIN heads h USING (tenant_id, incarnation)
                """
            )
            return {tenant_id: seq for tenant_id, seq in await cursor.fetchall() if mine(tenant_id)}

    async def write(self, marks: Collection[Mark], lease: Lease, shards: Collection[int]) -> None:
        """Move these marks; `shards` are those that their tenants belong to.

        Raises:
            LeaseLost: one of the shards has changed hands; nothing was written.
        """
        async with self._pool.connection() as connection, connection.transaction():
            async with connection.pipeline():
                await connection.execute(
                    "SELECT set_config('app.tenants', %s::uuid[]::text, true)", [[mark.tenant_id for mark in marks]]
                )
                # Shared locks, so that no shard changes hands until this has committed.
                fence = await connection.execute(
                    """
                    SELECT s.shard
                    FROM relay_shards s
                    JOIN unnest(%s::integer[], %s::bigint[]) AS given (shard, epoch) USING (shard, epoch)
                    ORDER BY s.shard
                    FOR SHARE OF s
                    """,
                    [list(shards), [lease.epochs[shard] for shard in shards]],
                )
                await connection.execute(
                    """
                    INSERT INTO relay_marks (tenant_id, incarnation, seq)
                    SELECT tenant_id, incarnation, seq
                    FROM json_to_recordset(%s::json) AS m (tenant_id uuid, incarnation uuid, seq bigint)
                    ORDER BY tenant_id
                    ON CONFLICT (tenant_id) DO UPDATE
                    SET incarnation = excluded.incarnation, seq = excluded.seq
                    """,
                    [to_json([mark._asdict() for mark in marks]).decode()],
                )
            if fence.rowcount != len(shards):
                raise LeaseLost(f"{len(shards) - fence.rowcount} of {len(shards)} shards have changed hands")
