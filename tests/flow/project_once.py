"""Both stores brought to the end of the log, once."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import psycopg

from consumers.feed import Batch
from consumers.projector import Projector
from infra.catalogue import EVENTS, KEYED
from infra.log_feed import LogHistory
from infra.mapper import Mapper
from infra.postgres import projector_pool
from infra.redis import open_client
from infra.redis_store import RedisStore
from tests.flow.office import catch_up


class NoFeed:
    async def follow(self, _: Mapping[str, int]) -> AsyncGenerator[Batch, None]:
        return
        yield []


async def caught_up(database: str, redis_url: str | None) -> None:
    """Every read model in Postgres and, with `redis_url`, in Redis."""
    await catch_up(database)
    if redis_url is None:
        return
    async with await psycopg.AsyncConnection.connect(database) as connection:
        heads = await (await connection.execute("SELECT tenant_id::text, seq FROM heads")).fetchall()
    async with projector_pool(database) as pool, aclosing(open_client(redis_url, name="test")) as client:
        history = LogHistory(pool, Mapper(EVENTS).decode)
        store = RedisStore(client=client, pool=pool, projections=KEYED, failpoint=lambda _: None)
        projector = Projector(feed=NoFeed(), history=history, store=store, failpoint=lambda _: None)
        await projector.run()
        for tenant, head in heads:
            async for batch in history.between(tenant, after=0, until=head):
                await projector.apply(batch)
