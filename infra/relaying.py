"""The relay of `production-tool relay`, wired to Postgres and Kafka."""

import asyncio
from typing import Final
from uuid import uuid4

import psycopg
import structlog
from psycopg.errors import IdleInTransactionSessionTimeout

from consumers.relay import Meter, Relay
from consumers.relay_leases import Leases
from consumers.relay_marks import Marks
from infra.failpoint import cuttable, failpoint
from infra.garbage import collect_seldom
from infra.kafka import Kafka, check_kafka
from infra.kafka import cut as cut_kafka
from infra.kafka_producer import make_producer
from infra.outbox import LogOutbox
from infra.postgres import check_database, cut, relay_pool

_PATIENCE: Final = 5.0
"""Seconds in which a Postgres that is there gives a connection."""
_PAUSE: Final = 0.5
"""Seconds before a Postgres that went away is tried again."""

_log = structlog.get_logger()


async def relay(url: str, kafka: Kafka, *, shards: int, meter: Meter) -> None:
    """Bring the log to Kafka until cancelled; a Postgres or a Kafka that goes away is waited for.

    Raises:
        RoleRefused, SchemaMismatch: the database is not ready for us.
        KafkaUnreachable: no broker answers to begin with.
        psycopg.OperationalError: the database cannot be reached to begin with.
    """
    await check_database(url)
    await asyncio.to_thread(check_kafka, kafka)
    collect_seldom()
    while True:
        try:
            await _relay(url, kafka, shards, meter)
        except (psycopg.OperationalError, IdleInTransactionSessionTimeout, ConnectionError) as error:
            _log.warning("relay_interrupted", reason=str(error))
            await asyncio.sleep(_PAUSE)


async def _relay(url: str, kafka: Kafka, shards: int, meter: Meter) -> None:
    pool = relay_pool(url)
    try:
        await pool.open(wait=True, timeout=_PATIENCE)
        leases = Leases(pool, relay=str(uuid4()), shards=shards)
        one = Relay(
            leases=leases,
            shards=shards,
            marks=Marks(pool),
            outbox=LogOutbox(url, pool),
            producer=lambda: make_producer(kafka),
            meter=meter,
            failpoint=failpoint,
        )
        try:
            with cuttable(cut, cut_kafka):
                await one.run()
        finally:
            await _leave(leases)
    finally:
        await pool.close()


async def _leave(leases: Leases) -> None:
    """So that nobody waits for this relay's silence; without a database they have to."""
    try:
        await leases.leave()
    except psycopg.OperationalError as error:
        _log.warning("relay_left_without_a_word", reason=str(error))
