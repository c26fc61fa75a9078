"""A command's answer brought to a read: what was written is seen, or the caller is told to come again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg
import pytest
from httpx import AsyncClient

from commands.log import Outcome
from consumers.postgres_store import PostgresStore
from consumers.projector import Projector
from domain.consistency import Seen, encode
from infra.catalogue import EVENTS, PROJECTIONS
from infra.listen import heard
from infra.log_feed import LogFeed, LogHistory
from infra.mapper import Mapper
from infra.nudge import CHANNEL
from infra.postgres import projector_pool
from infra.projecting import project
from tests.flow.office import Office, catch_up, days, open_log
from tests.read_api.client import asking, open_client

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def projecting(database: str) -> AsyncIterator[None]:
    async with projector_pool(database) as pool:
        history = LogHistory(pool, Mapper(EVENTS).decode)
        feed = LogFeed(pool=pool, history=history, calls=heard(database, CHANNEL))
        store = PostgresStore(pool=pool, projections=PROJECTIONS, failpoint=lambda _: None)
        projector = Projector(feed=feed, history=history, store=store, failpoint=lambda _: None)
        running = asyncio.create_task(projector.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


@pytest.fixture
async def client(database: str) -> AsyncIterator[AsyncClient]:
    async with open_client(database) as client:
        yield client


def token(office: Office, outcome: Outcome) -> dict[str, str]:
    seen = Seen(tenant_id=office.tenant_id, seq=outcome.seq, incarnation=outcome.incarnation)
    return {**asking(office.tenant_id), "Consistency-Token": encode(seen)}


async def test_a_read_with_its_token_shows_what_was_just_written(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, project = await office.artist(), await office.project()
    async with projecting(database):
        for month in range(1, 10):
            outcome = await office.placed(artist, project, days(f"2031-0{month}-03"))
            answer = await client.get("/v1/holds?limit=200", headers=token(office, outcome))
            assert answer.status_code == 200
            assert len(answer.json()["items"]) == month


async def test_a_read_model_that_stays_behind_is_said_to_be_so(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, project = await office.artist(), await office.project()
    await catch_up(database)
    outcome = await office.placed(artist, project, days("2031-03-03"))
    answer = await client.get("/v1/holds", headers=token(office, outcome))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"


async def test_a_read_that_waits_is_woken_when_the_projector_comes(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, project = await office.artist(), await office.project()
    outcome = await office.placed(artist, project, days("2031-03-03"))
    waiting = asyncio.create_task(client.get("/v1/holds", headers=token(office, outcome)))
    async with projecting(database):
        answer = await waiting
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 1


async def test_a_token_of_another_tenant_or_of_another_life_of_the_log_is_foreign(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, project = await office.artist(), await office.project()
    outcome = await office.placed(artist, project, days("2031-03-03"))
    await catch_up(database)
    stranger = {**token(office, outcome), **asking(Office(office.log, "other").tenant_id)}
    reborn = token(office, outcome._replace(incarnation="0f0e7a52-0000-4000-8000-000000000000"))
    for headers in (stranger, reborn):
        answer = await client.get("/v1/holds", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "foreign_token")


async def test_the_log_itself_is_never_behind(office: Office, client: AsyncClient) -> None:
    artist, project = await office.artist(), await office.project()
    outcome = await office.placed(artist, project, days("2031-03-03"))
    answer = await client.get("/v1/events", headers=token(office, outcome))
    assert answer.json()["items"][-1]["seq"] == outcome.seq


async def shown(client: AsyncClient, headers: dict[str, str]) -> int:
    """How many holds there are to see, once the read models have come so far."""
    answer = await client.get("/v1/holds", headers=headers)
    while answer.status_code == 503:
        answer = await client.get("/v1/holds", headers=headers)
    return len(answer.json()["items"])


async def end_connections(database: str, *, waiting_for: str) -> None:
    """End every connection of the projector once one of them waits for a `Lock`, or for its `Client`."""
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        ended = 0
        while not ended:
            cursor = await connection.execute(
                """
                SELECT pg_terminate_backend(pid)
                FROM pg_stat_activity
                WHERE datname = current_database()
                    AND application_name ~ 'projector|listens'
                    AND EXISTS (
                        SELECT
                        FROM pg_stat_activity
                        WHERE datname = current_database()
                            AND application_name ~ 'projector'
                            AND wait_event_type = %s
                    )
                """,
                [waiting_for],
            )
            ended = cursor.rowcount


async def test_the_projector_outlives_its_connections(office: Office, client: AsyncClient, database: str) -> None:
    artist, project_id = await office.artist(), await office.project()
    running = asyncio.create_task(project(database))
    outcome = await office.placed(artist, project_id, days("2031-03-03"))
    assert await shown(client, token(office, outcome)) == 1
    await end_connections(database, waiting_for="Client")
    outcome = await office.placed(artist, project_id, days("2031-04-03"))
    assert await shown(client, token(office, outcome)) == 2
    async with await psycopg.AsyncConnection.connect(database) as connection:
        await connection.execute("LOCK TABLE positions")
        outcome = await office.placed(artist, project_id, days("2031-05-03"))
        await end_connections(database, waiting_for="Lock")
    assert await shown(client, token(office, outcome)) == 3
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
