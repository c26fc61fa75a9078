"""Which relay looks after which shard of the tenants: leases in the log's own database, each with a fencing epoch.

A shard is free when nobody has it, or whoever has it has fallen silent. Relays that live share the shards evenly; each
takes what is free up to its share, and gives back what is above it once somebody new has come.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

SECONDS: Final = 6.0
"""How long a relay is believed to live after it last said so. A dead one's shards are free after that."""


class LeaseLost(Exception):
    """Another relay may have these tenants by now."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Shards that are this relay's."""

    epochs: Mapping[int, int]
    """Shard to the epoch under which it was given."""
    until: float
    """On this process's monotonic clock: never later than others think that it ends."""
    too_many: tuple[int, ...] = ()
    """Shards to give back, because there are others to have them."""


class Leases:
    """The shards of one relay; one call at a time."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], *, relay: str, shards: int) -> None:
        """`relay` is a UUID of this process alone; `pool` gives connections in the role `production_tool_projector`."""
        self._pool = pool
        self._relay = relay
        self._shards = shards

    async def renew(self) -> Lease:
        """Say that this relay lives, and take what is free up to its share."""
        asked_at = time.monotonic()
        async with self._pool.connection() as connection, connection.transaction():
            mine, share = await self._say(connection)
            if len(mine) < share:
                mine = await self._take(connection, share)
        return Lease(mine, asked_at + SECONDS, too_many=tuple(sorted(mine)[share:]))

    async def give_back(self, shards: Collection[int]) -> None:
        """Let others have these; whoever calls relays nothing of them any more."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """
                UPDATE relay_shards
                SET relay = NULL
                WHERE relay = %s AND shard = ANY (%s)
                """,
                [self._relay, list(shards)],
            )

    async def leave(self) -> None:
        """Let others have everything at once."""
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM relays WHERE relay = %s", [self._relay])

    async def _say(self, connection: AsyncConnection[Any]) -> tuple[Mapping[int, int], int]:
        """What this relay has, and its share."""
        await connection.execute(
            """
            INSERT INTO relays (relay, alive_until)
            VALUES (%(relay)s, clock_timestamp() + make_interval(secs => %(seconds)s))
            ON CONFLICT (relay) DO UPDATE SET alive_until = excluded.alive_until
            """,
            {"relay": self._relay, "seconds": SECONDS},
        )
        cursor = await connection.execute("SELECT count(*) FROM relays WHERE alive_until > clock_timestamp()")
        ((living,),) = await cursor.fetchall()
        return await self._mine(connection), -(-self._shards // living)

    async def _take(self, connection: AsyncConnection[Any], share: int) -> Mapping[int, int]:
        """Free shards up to `share`, each under a new epoch."""
        await connection.execute("DELETE FROM relays WHERE alive_until < clock_timestamp() - interval '1 minute'")
        await connection.execute(
            """
            INSERT INTO relay_shards (shard)
            SELECT shard FROM generate_series(0, %s - 1) AS shard
            ON CONFLICT (shard) DO NOTHING
            """,
            [self._shards],
        )
        await connection.execute(
            """
            UPDATE relay_shards
            SET relay = %(relay)s, epoch = epoch + 1
            WHERE shard IN (
                SELECT s.shard
                FROM relay_shards s
                WHERE s.shard < %(shards)s AND NOT EXISTS (
                    SELECT FROM relays r WHERE r.relay = s.relay AND r.alive_until > clock_timestamp()
                )
                ORDER BY s.shard
                LIMIT %(share)s - (SELECT count(*) FROM relay_shards WHERE relay = %(relay)s)
                FOR UPDATE SKIP LOCKED
            )
            """,
            {"relay": self._relay, "shards": self._shards, "share": share},
        )
        return await self._mine(connection)

    async def _mine(self, connection: AsyncConnection[Any]) -> Mapping[int, int]:
        cursor = await connection.execute("SELECT shard, epoch FROM relay_shards WHERE relay = %s", [self._relay])
        return dict(await cursor.fetchall())


def shard_of(tenant_id: str, shards: int) -> int:
    """Where a tenant belongs. The last digits of an id are random in every version of UUID that we use."""
    return int(tenant_id[-8:], 16) % shards
