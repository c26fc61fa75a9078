"""Every store of read models, opened for a command that looks after them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass

from consumers.postgres_store import PostgresStore
from consumers.store import Store
from infra.catalogue import EVENTS
from infra.failpoint import failpoint
from infra.log_feed import LogHistory
from infra.mapper import Mapper
from infra.postgres import check_database, projector_pool
from infra.redis import must_answer, open_client
from infra.redis_store import RedisStore
from projections.keyed import KeyedProjection
from projections.projection import Projection


@dataclass(frozen=True, slots=True)
class Stores:
    """Some projections where they are stored, and the log that they are made from."""

    stores: Sequence[Store]
    history: LogHistory

    def each(self) -> list[tuple[Store, Projection]]:
        """Every projection with its store."""
        return [(store, projection) for store in self.stores for projection in store.projections]


@asynccontextmanager
async def open_stores(
    url: str, projections: Sequence[Projection], redis_url: str | None = None
) -> AsyncIterator[Stores]:
    """The stores of `projections`, until the block ends; without `redis_url` those in Redis are left out.

    Raises:
        RoleRefused, SchemaMismatch: the database is not ready for us.
        psycopg.OperationalError: it cannot be reached.
        RedisUnusable: Redis cannot.
    """
    await check_database(url)
    rows, keyed = by_store(projections)
    async with projector_pool(url) as pool, AsyncExitStack() as stack:
        stores: list[Store] = [PostgresStore(pool=pool, projections=rows, failpoint=failpoint)]
        if redis_url is not None:
            client = await stack.enter_async_context(aclosing(open_client(redis_url, name="stores")))
            await must_answer(client)
            stores.append(RedisStore(client=client, pool=pool, projections=keyed, failpoint=failpoint))
        yield Stores(stores, LogHistory(pool, Mapper(EVENTS).decode))


def by_store(projections: Sequence[Projection]) -> tuple[list[Projection], list[KeyedProjection]]:
    """Those that are kept in Postgres, and those that are kept in Redis."""
    keyed = [projection for projection in projections if isinstance(projection, KeyedProjection)]
    return [projection for projection in projections if not isinstance(projection, KeyedProjection)], keyed
