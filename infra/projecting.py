"""The projector of `production-tool project`, wired to Postgres."""

from consumers.projector import Projector
from infra.catalogue import EVENTS, PROJECTIONS
from infra.failpoint import failpoint
from infra.listen import heard
from infra.log_feed import CHANNEL, LogFeed, LogHistory
from infra.mapper import Mapper
from infra.postgres import check_database, projector_pool


async def project(url: str) -> None:
    """Keep every read model up with the log until cancelled.

    Raises:
        RoleRefused, SchemaMismatch: the database is not ready for us.
        psycopg.OperationalError: it cannot be reached.
    """
    await check_database(url)
    async with projector_pool(url) as pool:
        history = LogHistory(pool, Mapper(EVENTS).decode)
        feed = LogFeed(pool=pool, history=history, calls=heard(url, CHANNEL))
        await Projector(feed=feed, history=history, pool=pool, projections=PROJECTIONS, failpoint=failpoint).run()
