"""The projector of `production-tool project`, wired to Postgres."""

import asyncio
import gc
from typing import Final

import psycopg
import structlog

from consumers.projector import Projector
from infra.catalogue import EVENTS, PROJECTIONS
from infra.failpoint import failpoint
from infra.listen import heard
from infra.log_feed import CHANNEL, LogFeed, LogHistory
from infra.mapper import Mapper
from infra.postgres import check_database, projector_pool

_PATIENCE: Final = 5.0
"""Seconds in which a Postgres that is there gives a connection."""
_PAUSE: Final = 0.5
"""Seconds before a Postgres that went away is tried again."""

_log = structlog.get_logger()


async def project(url: str) -> None:
    """Keep every read model up with the log until cancelled; a Postgres that goes away is waited for.

    Raises:
        RoleRefused, SchemaMismatch: the database is not ready for us.
        psycopg.OperationalError: it cannot be reached to begin with.
    """
    await check_database(url)
    # What is there now stays; what a batch makes is gone after it. A third less work for each event.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    while True:
        try:
            await _follow(url)
        except psycopg.OperationalError as error:
            _log.warning("projector_interrupted", reason=str(error))
            await asyncio.sleep(_PAUSE)


async def _follow(url: str) -> None:
    pool = projector_pool(url)
    try:
        await pool.open(wait=True, timeout=_PATIENCE)
        history = LogHistory(pool, Mapper(EVENTS).decode)
        feed = LogFeed(pool=pool, history=history, calls=heard(url, CHANNEL))
        await Projector(feed=feed, history=history, pool=pool, projections=PROJECTIONS, failpoint=failpoint).run()
    finally:
        await pool.close()
