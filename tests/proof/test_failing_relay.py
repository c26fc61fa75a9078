"""A relay fails between any two of its side effects, in every way: the rest goes on, and what wakes up harms nobody.

A tenth of `PROOF_DEATHS` is how many rounds of all places and ways there are; without it each way is seen once.
`make proof` makes it large.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.consumers.post import marks, until
from tests.consumers.recording import record
from tests.infra.topics import environment, fresh
from tests.proof.figures import told_in_figures
from tests.proof.service import said_by_verify, told
from tests.proof.test_relay import a_relay, an_artist, heads
from tests.proof.watched import MODES, PATIENCE, Watched, watched

ROUNDS = int(os.environ.get("PROOF_DEATHS", "0")) // 10
LOST = "relay.lease_lost"
PLACES = ("relay.after_read", "relay.after_send", "relay.after_ack", "relay.before_mark", "relay.after_mark", LOST)
WAYS = [(place, mode) for place in PLACES for mode in MODES] if ROUNDS else list(zip(PLACES[1:5], MODES, strict=True))

pytestmark = pytest.mark.anyio


async def test_however_it_fails_kafka_holds_the_log_in_order(database: str, data: Path, kafka: str) -> None:
    around = told(database, data, **environment(fresh(kafka)))
    marks_never_go_back(database)
    failed = Counter[str]()
    for place, mode in WAYS * max(1, ROUNDS):
        async with failing(around, place, mode) as relay:
            async with writing(database):
                await fails(database, relay, place, mode)
            failed[f"{mode} at {place}"] += 1
            await goes_on(database, around, relay, mode)
    status, lines = await said_by_verify(around)
    (line,) = [line for line in lines.splitlines() if line.startswith("V6")]
    told_in_figures(
        operations=f"{sum(heads(database).values()):,} events",
        faults=failed,
        violations=lines.count("VIOLATED"),
        verify=line,
    )
    assert status == 0, lines


@asynccontextmanager
async def failing(around: dict[str, str], place: str, mode: str) -> AsyncIterator[Watched]:
    """One that fails there for certain, or, where it is to go on by itself, now and then."""
    now_and_then = mode in {"raise", "cut"} and place != LOST
    failpoints = f"{place}={mode}:{0.3 if now_and_then else 1}:600"
    told = {**around, "PRODUCTION_TOOL_LOG_LEVEL": "info", "FAILPOINTS": failpoints}
    async with watched("relay", environment=told) as relay:
        yield relay


@asynccontextmanager
async def writing(database: str) -> AsyncIterator[None]:
    """Somebody records some events at a time, until the block ends."""
    tenants = [str(uuid4()) for _ in range(6)]

    async def write() -> None:
        while True:
            for tenant in tenants:
                await asyncio.to_thread(record, database, tenant, an_artist(), an_artist(), an_artist())

    task = asyncio.create_task(write())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def fails(database: str, relay: Watched, place: str, mode: str) -> None:
    """Wait until it is at work, and until the failpoint has done what it does."""
    await until(lambda: bool(sessions(database)), seconds=PATIENCE)
    if place == LOST:
        before = sum(marks(database).values())
        await until(lambda: sum(marks(database).values()) > before, seconds=PATIENCE)
        rob(database)
    async with asyncio.timeout(PATIENCE):
        match mode:
            case "kill":
                assert await relay.process.wait() == -signal.SIGKILL
            case "raise":
                await relay.says("relay_interrupted")
            case "stop":
                await relay.is_stopped()
            case _:
                before_it = sessions(database)
                await until(lambda: not before_it & sessions(database), seconds=PATIENCE)


async def goes_on(database: str, around: dict[str, str], relay: Watched, mode: str) -> None:
    """Wait until everything is marked: by itself, or by another relay if it is dead or stands still."""
    if mode == "kill":
        async with a_relay(around):
            await all_is_marked(database)
    elif mode == "stop":
        async with a_relay(around):
            await all_is_marked(database)
            relay.resume()
            await until(lambda: at_work(database) == 2, seconds=PATIENCE)
            async with writing(database):
                assert relay.process.returncode is None
            await all_is_marked(database)
    else:
        await all_is_marked(database)
        relay.process.terminate()
        assert await relay.process.wait() == 0


async def all_is_marked(database: str) -> None:
    await until(lambda: marks(database) == heads(database), seconds=PATIENCE)


def at_work(database: str) -> int:
    """How many relays that live have shards."""
    with psycopg.connect(database) as connection:
        ((relays,),) = connection.execute(
            """
            SELECT count(DISTINCT relay)
            FROM relay_shards
            JOIN relays USING (relay)
            WHERE alive_until > clock_timestamp()
            """
        ).fetchall()
        return int(relays)


def rob(database: str) -> None:
    """Somebody unknown gets every shard, and is never heard of."""
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE relay_shards SET relay = gen_random_uuid(), epoch = epoch + 1")


def sessions(database: str) -> set[int]:
    """The processes of Postgres that work for a relay."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            """
            SELECT pid
            FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'production-tool projector'
            """
        )
        return {pid for (pid,) in rows.fetchall()}


def marks_never_go_back(database: str) -> None:
    """Looked at when a transaction commits: a relay that was thought dead would take them back."""
    with psycopg.connect(database) as connection:
        connection.execute(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE 'the mark of % goes from % back to %', OLD.tenant_id, OLD.seq, NEW.seq;
            END
            $$
            """
        )
        connection.execute(
            """
            CREATE CONSTRAINT TRIGGER back AFTER UPDATE ON relay_marks DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.seq < OLD.seq) EXECUTE FUNCTION refuse()
            """
        )
