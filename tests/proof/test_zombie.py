"""Two projectors behind Kafka, one paused past its session with events in its hand: awake again, it writes nothing."""

import asyncio
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from infra.embedded_guard import until
from tests.consumers.recording import record
from tests.infra.command_line import TOOL
from tests.infra.sending import relaying
from tests.infra.topics import environment, fresh
from tests.proof.service import said_by_verify, told
from tests.proof.test_relay import an_artist

PAUSE = 25
"""Seconds: the session, in which the group waits for it, and time for the other one to take over and catch up."""

pytestmark = pytest.mark.anyio


async def test_a_projector_that_was_paused_past_its_session_writes_nothing(
    database: str, data: Path, kafka: str, tmp_path: Path
) -> None:
    topic, tenants = fresh(kafka), [str(uuid4()) for _ in range(12)]
    who_writes(database)
    async with relaying(database, topic):
        around = told(database, data, **environment(topic), PRODUCTION_TOOL_LOG_LEVEL="info")
        zombie = await projector(around, database, "zombie", tmp_path, f"projector.after_poll=stop:1:{PAUSE}")
        other = await projector(around, database, "other", tmp_path, "")
        try:
            assert await asyncio.to_thread(
                until, lambda: all(said(tmp_path, name, "partitions_came") for name in ("zombie", "other")), 60
            )
            for tenant in tenants:
                record(database, tenant, an_artist())
            assert await asyncio.to_thread(until, lambda: positions(database) == dict.fromkeys(tenants, 1), 90)
            assert await asyncio.to_thread(until, lambda: said(tmp_path, "zombie", "projector_fenced"), 90)
        finally:
            for process in (zombie, other):
                process.kill()
                await process.wait()
    assert writers(database) == {"other"}
    _, lines = await said_by_verify(around)
    assert "VIOLATED" not in lines


async def projector(
    environment: dict[str, str], database: str, name: str, logs: Path, failpoints: str
) -> asyncio.subprocess.Process:
    """One that keeps the directory, and says in every session who it is."""
    url = f"{database}?options=-c%20app.who%3D{name}"
    with (logs / name).open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *TOOL,
            "project",
            "directory",
            env={**environment, "DATABASE_URL": url, "FAILPOINTS": failpoints},
            stderr=log,
        )


def said(logs: Path, name: str, event: str) -> bool:
    return event in (logs / name).read_text()


def who_writes(database: str) -> None:
    """Note whoever moves a position."""
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE movers (who text)")
        connection.execute(
            """
            CREATE FUNCTION note_mover() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                INSERT INTO movers VALUES (current_setting('app.who', true));
                RETURN NULL;
            END
            $$
            """
        )
        connection.execute("CREATE TRIGGER mover AFTER UPDATE ON positions FOR EACH ROW EXECUTE FUNCTION note_mover()")


def writers(database: str) -> set[str]:
    with psycopg.connect(database) as connection:
        return {who for (who,) in connection.execute("SELECT DISTINCT who FROM movers").fetchall()}


def positions(database: str) -> dict[str, int]:
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT tenant_id::text, seq FROM positions WHERE projection = 'directory'")
        return dict(rows.fetchall())
