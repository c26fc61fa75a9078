"""A read model in Redis made anew from the log, while the service goes on and Postgres answers for it.

Nobody reads a half-made one: from the moment it is begun until it is where the log was then, its position says so.
"""

from collections.abc import Callable, Sequence
from contextlib import aclosing

from consumers.projector import Projector
from infra.catalogue import EVENTS
from infra.failpoint import failpoint
from infra.log_feed import LogHistory
from infra.mapper import Mapper
from infra.nothing import Nothing
from infra.postgres import Pool, check_database, projector_pool
from infra.redis import Client, must_answer, open_client
from infra.redis_keys import POSITION, key_of
from infra.redis_store import RedisStore
from projections.keyed import KeyedProjection


async def make_anew(
    url: str,
    redis_url: str,
    projection: KeyedProjection,
    tenant_id: str | None,
    progress: Callable[[int, int], None],
) -> int:
    """Throw a read model away, of all tenants or one, and make it again; returns how many events it was made from.

    Interrupted, it is made whole by whichever projector runs next, or by being run again.

    Raises:
        RoleRefused, SchemaMismatch, RedisUnusable: a server is not ready for us.
        psycopg.OperationalError: Postgres cannot be reached.
    """
    await check_database(url)
    done = 0
    async with projector_pool(url) as pool, aclosing(open_client(redis_url, name="rebuild")) as client:
        await must_answer(client)
        heads = await _heads(pool, tenant_id)
        total = sum(seq for _, seq in heads)
        await _put_away(client, projection, [tenant for tenant, _ in heads])
        history = LogHistory(pool, Mapper(EVENTS).decode)
        store = RedisStore(client=client, pool=pool, projections=[projection], failpoint=failpoint)
        projector = Projector(feed=Nothing(), history=history, store=store, failpoint=failpoint)
        await projector.run()
        for tenant, seq in heads:
            async with aclosing(history.between(tenant, after=0, until=seq)) as batches:
                async for batch in batches:
                    await projector.apply(batch)
                    done += len(batch)
                    progress(done, total)
    return done


async def _heads(pool: Pool, tenant_id: str | None) -> list[tuple[str, int]]:
    async with pool.connection() as connection:
        cursor = await connection.execute(
            """
            SELECT tenant_id::text, seq
            FROM heads
            WHERE %(tenant_id)s::uuid IS NULL OR tenant_id = %(tenant_id)s::uuid
            ORDER BY tenant_id
            """,
            {"tenant_id": tenant_id},
        )
        return await cursor.fetchall()


async def _put_away(client: Client, projection: KeyedProjection, tenants: Sequence[str]) -> None:
    """Leave positions that count for nothing: who projects begins anew there, and who reads asks Postgres."""
    async with client.pipeline(transaction=False) as pipe:
        for tenant in tenants:
            place = key_of(tenant, projection.name, POSITION)
            pipe.hset(place, items=["seq", 0, "incarnation", "put away", "whole_at", 1])
        await pipe.execute()
