"""Every store of read models, opened for a command that looks after them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from consumers.postgres_store import PostgresStore
from consumers.store import Store
from infra.catalogue import EVENTS
from infra.failpoint import failpoint
from infra.log_feed import LogHistory
from infra.mapper import Mapper
from infra.postgres import check_database, projector_pool
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
async def open_stores(url: str, projections: Sequence[Projection]) -> AsyncIterator[Stores]:
    """The stores of `projections`, until the block ends.

    Raises:
        RoleRefused, SchemaMismatch: the database is not ready for us.
        psycopg.OperationalError: it cannot be reached.
    """
    await check_database(url)
    async with projector_pool(url) as pool:
        store = PostgresStore(pool=pool, projections=projections, failpoint=failpoint)
        yield Stores([store], LogHistory(pool, Mapper(EVENTS).decode))
