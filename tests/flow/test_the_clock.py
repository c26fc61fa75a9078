"""From a deadline to what a read shows of it, with nobody at the calendar: the projector and the clock, as they run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from httpx import AsyncClient

from infra.keeping_time import keep_time
from infra.projecting import project
from tests.database_time import DatabaseTime
from tests.flow.office import Office, days, open_log
from tests.read_api.client import asking, open_client

pytestmark = pytest.mark.anyio

DAY = days("2035-03-01")
PATIENCE = 30.0


@asynccontextmanager
async def the_product(database: str) -> AsyncIterator[None]:
    """Everything but the API."""
    running = [asyncio.create_task(project(database)), asyncio.create_task(keep_time(database))]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def told(database: str, kind: str, count: int) -> list[dict[str, Any]]:
    """The events of a kind, once there are so many."""
    async with (
        asyncio.timeout(PATIENCE),
        await psycopg.AsyncConnection.connect(database, autocommit=True) as connection,
    ):
        while True:
            cursor = await connection.execute("SELECT data FROM events WHERE event_type = %s ORDER BY seq", [kind])
            if len(rows := await cursor.fetchall()) >= count:
                return [data for (data,) in rows]
            await asyncio.sleep(0.05)


async def shown(client: AsyncClient, office: Office, hold: str, status: str) -> None:
    """Wait until a read shows a hold in that status."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await client.get(f"/v1/holds/{hold}", headers=asking(office.tenant_id))
            if answer.json().get("status") == status:
                return
            await asyncio.sleep(0.05)


async def test_a_hold_lapses_the_next_is_promoted_and_falls_silent_and_all_of_it_is_told(database: str) -> None:
    time = DatabaseTime(database)
    async with open_log(database) as log, open_client(database) as client, the_product(database):
        office = Office(log)
        artist, film, spot = await office.artist(), await office.project(), await office.project()
        first = await office.hold(artist, film, DAY)
        time.move(timedelta(days=10))
        second = await office.hold(artist, spot, DAY)
        await shown(client, office, second, "held")
        time.move(timedelta(days=4))
        assert [one["hold_id"] for one in await told(database, "calendar.hold_promoted.v1", 1)] == [second]
        time.move(timedelta(hours=48))
        lapses = await told(database, "calendar.time_lapsed.v1", 2)
        assert [(one["hold_id"], one["because"]) for one in lapses] == [(first, "deadline"), (second, "first_refusal")]
        await shown(client, office, second, "lapsed")


async def test_the_clock_outlives_its_connections(database: str) -> None:
    time = DatabaseTime(database)
    async with open_log(database) as log, the_product(database):
        office = Office(log)
        artist, film = await office.artist(), await office.project()
        for count in (1, 2):
            await office.hold(artist, film, DAY)
            time.move(timedelta(days=14))
            assert len(await told(database, "calendar.time_lapsed.v1", count)) == count
            async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND application_name ~ 'projector|listens'"
                )
