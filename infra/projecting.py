"""The projectors of `production-tool project`: one for each store, wired to Postgres and Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import structlog

from consumers.feed import CATCHING_UP, LARGEST_BATCH, Feed
from consumers.positions import furthest_behind
from consumers.postgres_store import PostgresStore
from consumers.projector import Projector, TooManyParked
from consumers.store import Store
from infra.cannot_run import CannotRun
from infra.catalogue import EVENTS, KEYED, PROJECTIONS
from infra.decoding import history_for, passed_over
from infra.failpoint import cuttable, failpoint
from infra.garbage import collect_seldom
from infra.kafka import Kafka, check_kafka
from infra.kafka import cut as cut_kafka
from infra.kafka_feed import KafkaFeed, LogReplaced
from infra.listen import heard
from infra.log_feed import LogFeed, LogHistory
from infra.mapper import Mapper
from infra.nudge import CHANNEL
from infra.postgres import Pool, check_database, cut, projector_pool
from infra.projector_health import ProjectorHealth
from infra.projector_watch import watch as watch_projector
from infra.redis import UNAVAILABLE, Client, RedisUnusable, check_redis, open_client
from infra.redis_store import RedisStore
from infra.redis_watch import watch
from infra.stores import by_store
from projections.keyed import KeyedProjection
from projections.projection import Projection

_PATIENCE: Final = 5.0
"""Seconds in which a Postgres that is there gives a connection."""
_PAUSE: Final = 0.5
"""Seconds before a Postgres that went away is tried again."""

_log = structlog.get_logger()


class TooMuchParked(CannotRun):
    """Read models have left out so many events that none of them goes on."""


class UnknownProjection(CannotRun):
    """There is no read model of that name."""


def named(names: Sequence[str]) -> list[Projection]:
    """The projections of these names, or all of them when there is none.

    Raises:
        UnknownProjection: one of them is not a projection's.
    """
    known: dict[str, Projection] = {projection.name: projection for projection in (*PROJECTIONS, *KEYED)}
    if unknown := sorted(set(names) - known.keys()):
        raise UnknownProjection(f"there is no read model {', '.join(unknown)}; there are: {', '.join(known)}")
    return [projection for name, projection in known.items() if not names or name in names]


async def project(
    url: str,
    projections: Sequence[Projection] = PROJECTIONS,
    *,
    redis_url: str | None = None,
    kafka: Kafka | None = None,
    health: ProjectorHealth | None = None,
) -> None:
    """Keep these read models up with the log until cancelled, through Kafka if there is one.

    A server that goes away is waited for. Without `redis_url` the read models that are kept in Redis are left out.

    Raises:
        RoleRefused, SchemaMismatch, RedisUnusable: a server is not ready for us.
        TooMuchParked: read models have left out so much that none goes on.
        KafkaUnreachable: no broker answers to begin with.
        psycopg.OperationalError: Postgres cannot be reached to begin with.
    """
    await check_database(url)
    if kafka is not None:
        await asyncio.to_thread(check_kafka, kafka)
    collect_seldom()
    health = health or ProjectorHealth()
    rows, keyed = by_store(projections)
    stores = list[Coroutine[Any, Any, None]]()
    if rows:
        stores.append(_again_and_again(lambda: _follow_in_postgres(url, rows, kafka, health), ()))
    if keyed and redis_url is not None:
        stores.append(_again_and_again(lambda: _follow_in_redis(url, redis_url, keyed, kafka, health), UNAVAILABLE))
    if not stores:
        raise RedisUnusable("these read models are kept in Redis: set REDIS_URL")
    await _until_one_ends(*stores)


async def _again_and_again(follow: Callable[[], Awaitable[None]], more: tuple[type[Exception], ...]) -> None:
    # Whoever has slept within a transaction has lost it, and begins again.
    asleep = psycopg.errors.IdleInTransactionSessionTimeout
    away: tuple[type[Exception], ...] = (psycopg.OperationalError, LogReplaced, asleep, *more)
    while True:
        try:
            await follow()
        except away as error:
            _log.warning("projector_interrupted", reason=str(error))
            await asyncio.sleep(_PAUSE)


async def _follow_in_postgres(
    url: str, projections: Sequence[Projection], kafka: Kafka | None, health: ProjectorHealth
) -> None:
    async with _pool(url) as pool:
        store = PostgresStore(pool=pool, projections=projections, failpoint=failpoint)
        await _run(url, pool, store, kafka, health, catching_up=CATCHING_UP)


async def _follow_in_redis(
    url: str, redis_url: str, projections: Sequence[KeyedProjection], kafka: Kafka | None, health: ProjectorHealth
) -> None:
    async with _pool(url) as pool, _client(redis_url) as client:
        await check_redis(client)
        store = RedisStore(client=client, pool=pool, projections=projections, failpoint=failpoint)
        await _until_one_ends(watch(client), _run(url, pool, store, kafka, health, catching_up=CATCHING_UP))


async def _run(
    url: str,
    pool: Pool,
    store: Store,
    kafka: Kafka | None,
    health: ProjectorHealth,
    *,
    catching_up: int = LARGEST_BATCH,
) -> None:
    history = history_for(pool, store.projections)
    feed: Feed
    if kafka is None:
        feed = LogFeed(pool=pool, history=history, calls=heard(url, CHANNEL), catching_up=catching_up)
    else:
        feed = through_kafka(kafka, pool, history, store, catching_up=catching_up)
    projector = Projector(feed=feed, history=history, store=store, failpoint=failpoint)
    try:
        await _until_one_ends(projector.run(), watch_projector(pool, store, projector, health))
    except TooManyParked as error:
        raise TooMuchParked(str(error)) from error


async def _until_one_ends(*works: Coroutine[Any, Any, None]) -> None:
    """Do these beside one another. They never end of their own accord: what one of them raises ends the others."""
    running = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in running:
            task.cancel()
        ended = await asyncio.gather(*running, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


@asynccontextmanager
async def _pool(url: str) -> AsyncIterator[Pool]:
    pool = projector_pool(url)
    try:
        with cuttable(cut, cut_kafka):
            await pool.open(wait=True, timeout=_PATIENCE)
            yield pool
    finally:
        await pool.close()


@asynccontextmanager
async def _client(redis_url: str) -> AsyncIterator[Client]:
    client = open_client(redis_url, name="projector")

    def cut() -> None:
        cutting.append(asyncio.ensure_future(client.connection_pool.disconnect()))

    cutting: list[asyncio.Future[None]] = []
    try:
        with cuttable(cut):
            yield client
    finally:
        await client.aclose()


def through_kafka(
    kafka: Kafka, pool: Pool, history: LogHistory, store: Store, *, catching_up: int = LARGEST_BATCH
) -> KafkaFeed:
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
        passing_over=passed_over(store.projections),
        catching_up=catching_up,
    )
