"""The projectors of `production-tool project`: one for each store, wired to Postgres."""

import asyncio
import gc
from collections.abc import Sequence
from typing import Final

import psycopg
import structlog

from consumers.feed import Feed
from consumers.positions import furthest_behind
from consumers.postgres_store import PostgresStore
from consumers.projector import Projector
from consumers.store import Store
from infra.cannot_run import CannotRun
from infra.catalogue import EVENTS, PROJECTIONS
from infra.failpoint import failpoint
from infra.kafka import Kafka, check_kafka
from infra.kafka_feed import KafkaFeed, LogReplaced
from infra.listen import heard
from infra.log_feed import CHANNEL, LogFeed, LogHistory
from infra.mapper import Mapper
from infra.postgres import Pool, check_database, projector_pool
from projections.projection import Projection

_PATIENCE: Final = 5.0
"""Seconds in which a Postgres that is there gives a connection."""
_PAUSE: Final = 0.5
"""Seconds before a Postgres that went away is tried again."""

_log = structlog.get_logger()


class UnknownProjection(CannotRun):
    """There is no read model of that name."""


def named(names: Sequence[str]) -> list[Projection]:
    """The projections of these names, or all of them when there is none.

    Raises:
        UnknownProjection: one of them is not a projection's.
    """
    known = {projection.name: projection for projection in PROJECTIONS}
    if unknown := sorted(set(names) - known.keys()):
        raise UnknownProjection(f"there is no read model {', '.join(unknown)}; there are: {', '.join(known)}")
    return [projection for name, projection in known.items() if not names or name in names]


async def project(url: str, projections: Sequence[Projection] = PROJECTIONS, *, kafka: Kafka | None = None) -> None:
    """Keep these read models up with the log until cancelled, through Kafka if there is one.

    A Postgres or a Kafka that goes away is waited for.

    Raises:
        RoleRefused, SchemaMismatch: the database is not ready for us.
        KafkaUnreachable: no broker answers to begin with.
        psycopg.OperationalError: it cannot be reached to begin with.
    """
    await check_database(url)
    if kafka is not None:
        await asyncio.to_thread(check_kafka, kafka)
    # What is there now stays; what a batch makes is gone after it. A third less work for each event.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    while True:
        try:
            await _follow(url, projections, kafka)
        except (psycopg.OperationalError, LogReplaced) as error:
            _log.warning("projector_interrupted", reason=str(error))
            await asyncio.sleep(_PAUSE)


async def _follow(url: str, projections: Sequence[Projection], kafka: Kafka | None) -> None:
    pool = projector_pool(url)
    try:
        await pool.open(wait=True, timeout=_PATIENCE)
        history = LogHistory(pool, Mapper(EVENTS).decode)
        store = PostgresStore(pool=pool, projections=projections, failpoint=failpoint)
        feed: Feed
        if kafka is None:
            feed = LogFeed(pool=pool, history=history, calls=heard(url, CHANNEL))
        else:
            feed = through_kafka(kafka, pool, history, store)
        await Projector(feed=feed, history=history, store=store, failpoint=failpoint).run()
    finally:
        await pool.close()


def through_kafka(kafka: Kafka, pool: Pool, history: LogHistory, store: Store) -> KafkaFeed:
    """A feed for this store. All who keep the same read models are one group, and share the work."""

    async def positions() -> dict[str, int]:
        return furthest_behind(await store.positions())

    names = "+".join(sorted(projection.name for projection in store.projections))
    return KafkaFeed(
        kafka,
        f"{kafka.topic}.{names}",
        pool=pool,
        history=history,
        decode=Mapper(EVENTS).decode,
        positions=positions,
    )
