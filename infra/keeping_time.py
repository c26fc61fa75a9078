"""`production-tool clock`, wired to Postgres: what falls due is recorded, what follows from decisions carried out."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import psycopg
import structlog

from consumers.clock import Clock, Meter
from consumers.following import Follower
from consumers.notices import CHANNEL
from infra.catalogue import EVENTS
from infra.clock_metrics import ClockMetrics
from infra.event_log import EventLog
from infra.failpoint import failpoint
from infra.listen import heard
from infra.mapper import Mapper
from infra.postgres import check_database, projector_pool

_PAUSE: Final = 0.5
"""Seconds before a Postgres that went away is tried again."""

_log = structlog.get_logger()


async def keep_time(url: str, meter: Meter | None = None) -> None:
    """Record and carry out until cancelled; a Postgres that goes away is waited for.

    Raises:
        RoleRefused, SchemaMismatch: the database is not ready for us.
        psycopg.OperationalError: it cannot be reached to begin with.
    """
    await check_database(url)
    meter = meter or ClockMetrics()
    # Locking first: what is decided here is about instants that have only just come, so the database's clock is asked
    # each time; and the API, which writes more, keeps its way ahead.
    log = EventLog(url, Mapper(EVENTS), ahead=False)
    try:
        while True:
            try:
                await _both(url, log, meter)
            except* psycopg.OperationalError as errors:
                _log.warning("clock_interrupted", reason=str(errors.exceptions[0]))
            await asyncio.sleep(_PAUSE)
    finally:
        await log.close()


async def _both(url: str, log: EventLog, meter: Meter) -> None:
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(projector_pool(url))
        both = await stack.enter_async_context(asyncio.TaskGroup())
        clock = Clock(log=log, pool=pool, notices=heard(url, CHANNEL), failpoint=failpoint, meter=meter)
        follower = Follower(log=log, pool=pool, notices=heard(url, CHANNEL), failpoint=failpoint)
        both.create_task(clock.run(), name="clock")
        both.create_task(follower.run(), name="follower")
