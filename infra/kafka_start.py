"""Where a read model begins in Kafka: at the first event that it lacks, found by the time at which it was recorded.

A read model's position is a seq for each tenant, and Kafka counts in offsets. What joins them is time: a message bears
the time of its event, times never decrease within a tenant, and Kafka finds the first message from a time on. In a
partition of many tenants that lies at or before the first message that any of them lacks.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool


@dataclass(slots=True)
class Start:
    """What is known of the tenants of some partitions at the moment at which they come."""

    incarnations: dict[str, str] = field(default_factory=dict)
    """Of each tenant's log."""
    since: dict[int, int] = field(default_factory=dict)
    """Partition to the millisecond in which the first event was recorded that is lacking; nothing where none is."""
    due: dict[int, dict[str, int]] = field(default_factory=dict)
    """Partition to tenant to the last seq that is lacking and that the relay has marked: Kafka has had it."""


async def find_start(
    pool: AsyncConnectionPool[AsyncConnection[Any]],
    at: Mapping[str, int],
    partitions: Collection[int],
    partition_of: Callable[[str], int],
) -> Start:
    """Where one begins that is `at` these seqs; `pool` gives connections in the role `production_tool_projector`."""
    found = Start()
    lacking = dict[str, int]()
    async with pool.connection() as connection, connection.transaction():
        cursor = await connection.execute(
            """
            SELECT h.tenant_id::text, h.seq, h.incarnation::text, m.seq
            FROM heads h
            LEFT JOIN relay_marks m USING (tenant_id, incarnation)
            """
        )
        for tenant_id, head, incarnation, mark in await cursor.fetchall():
            if (partition := partition_of(tenant_id)) in partitions:
                found.incarnations[tenant_id] = incarnation
                seq = at.get(tenant_id, 0)
                if seq < head:
                    lacking[tenant_id] = seq + 1
                if mark is not None and seq < mark:
                    found.due.setdefault(partition, {})[tenant_id] = mark
        await connection.execute("SELECT set_config('app.tenants', %s::uuid[]::text, true)", [list(lacking)])
        cursor = await connection.execute(
            """
            SELECT e.tenant_id::text, floor(extract(epoch FROM e.recorded_at) * 1000)::bigint
            FROM unnest(%s::uuid[], %s::bigint[]) AS first (tenant_id, seq)
            CROSS JOIN LATERAL (
                SELECT tenant_id, recorded_at
                FROM events
                WHERE tenant_id = first.tenant_id AND seq = first.seq
                LIMIT 1
            ) AS e
            """,
            [list(lacking), list(lacking.values())],
        )
        for tenant_id, instant in await cursor.fetchall():
            partition = partition_of(tenant_id)
            found.since[partition] = min(instant, found.since.get(partition, instant))
    return found


async def incarnations(pool: AsyncConnectionPool[AsyncConnection[Any]], tenants: Collection[str]) -> dict[str, str]:
    """Tenant to the incarnation of its log as it is now."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT tenant_id::text, incarnation::text FROM heads WHERE tenant_id = ANY (%s::uuid[])", [list(tenants)]
        )
        return dict(await cursor.fetchall())
