"""Postgres lets nobody in for a while: the projector waits, and is up with the log within 15 seconds of its return.

`PROOF_OUTAGES` says for how long, such as `1,5,30`.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.flow.office import Office, days, open_log
from tests.proof.projecting import broken, caught_up, projecting

AWAY = [float(seconds) for seconds in os.environ.get("PROOF_OUTAGES", "1").split(",")]
RETURN = 15.0

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def closed(database: str) -> AsyncIterator[None]:
    """Everybody is thrown out of this database, and nobody gets in."""
    name = sql.Identifier(str(conninfo_to_dict(database)["dbname"]))
    outside = make_conninfo(database, dbname="postgres")
    async with await psycopg.AsyncConnection.connect(outside, autocommit=True) as connection:
        await connection.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(name))
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [conninfo_to_dict(database)["dbname"]],
        )
        yield
        await connection.execute(sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true").format(name))


async def work(database: str, month: int) -> None:
    async with open_log(database) as log:
        office = Office(log)
        artist, project = await office.artist(), await office.project()
        for day in range(1, 20):
            await office.hold(artist, project, days(f"2032-{month:02}-{day:02}"))


@pytest.mark.parametrize("seconds", AWAY)
async def test_it_waits_and_catches_up(database: str, seconds: float) -> None:
    await work(database, 1)
    async with projecting(database, "holds", "artist_calendar") as running:
        await caught_up(database, "holds")
        async with closed(database):
            await running.says("projector_interrupted")
            await asyncio.sleep(seconds)
        back = time.monotonic()
        await work(database, 2)
        for name in ("holds", "artist_calendar"):
            await caught_up(database, name, RETURN)
        print(f"away for {seconds:g} s, up with the log {time.monotonic() - back:.1f} s after its return")  # noqa: T201
        assert running.process.returncode is None
    assert await broken(database) == []
