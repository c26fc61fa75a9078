"""16 writers, some of whom roll back or hold their transactions open, and a relay that dies at every failpoint.

What Kafka holds equals the log, and each tenant's first occurrences are in order. `PROOF_EVENTS` is how many events
there are at least, `PROOF_DEATHS` how often the relay dies in each way; `make proof` makes both large.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from domain.artist import ArtistAdded
from infra.bench.clerk import Clerk
from infra.bench.workload import event_log, open_for_business, tenants, zipf
from tests.consumers.post import marks, until
from tests.consumers.recording import record
from tests.infra.command_line import TOOL
from tests.infra.topics import environment, fresh
from tests.proof.figures import told_in_figures
from tests.proof.service import KILL, Kept, said_by_verify, told

DEATHS = int(os.environ.get("PROOF_DEATHS", "1"))
EVENTS = int(os.environ.get("PROOF_EVENTS", "4000"))
SEED = int(os.environ.get("PROOF_SEED", "20261125"))
WRITERS, TENANTS = 16, 40
RELAY_DEATHS = {
    "relay.after_read": 0.2,
    "relay.after_send": 0.2,
    "relay.after_ack": 0.2,
    "relay.before_mark": 0.2,
    "relay.after_mark": 0.2,
    KILL: 1.0,
}

pytestmark = pytest.mark.anyio


async def test_what_kafka_holds_equals_the_log_however_the_relay_dies(database: str, data: Path, kafka: str) -> None:
    chance, topic, enough = random.Random(SEED), fresh(kafka), asyncio.Event()
    around = told(database, data, **environment(topic))
    deaths = [*RELAY_DEATHS.items()] * DEATHS
    chance.shuffle(deaths)
    relay = Kept("relay", environment=around, deaths=deaths, chance=chance)
    living = asyncio.create_task(relay.live(_at_once))
    try:
        written = asyncio.create_task(write(database, chance, enough))
        await asyncio.wait({living, asyncio.create_task(relay.has_died.wait())}, return_when="FIRST_COMPLETED")
        enough.set()
        await written
        await until(lambda: marks(database) == heads(database), living, seconds=600)
    finally:
        living.cancel()
        with suppress(asyncio.CancelledError):
            await living
        await relay.end()
    status, lines = await said_by_verify(around)
    (line,) = [line for line in lines.splitlines() if line.startswith("V6")]
    told_in_figures(
        seed=SEED,
        operations=f"{sum(heads(database).values()):,} events by {WRITERS} writers",
        faults={f"death at {place}": times for place, times in relay.died.items()},
        violations=lines.count("VIOLATED"),
        verify=line,
    )
    assert relay.died == dict.fromkeys(RELAY_DEATHS, DEATHS)
    assert status == 0, lines


async def test_a_relay_dies_at_the_loss_of_its_lease_without_harm(database: str, data: Path, kafka: str) -> None:
    around = told(database, data, **environment(fresh(kafka)))
    names = [str(uuid4()) for _ in range(12)]
    async with a_relay({**around, "FAILPOINTS": "relay.lease_lost=kill"}) as loser:
        await everybody_writes(database, names, 1)
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE relay_shards SET relay = gen_random_uuid(), epoch = epoch + 1")
        async with asyncio.timeout(60):
            assert await loser.wait() == -signal.SIGKILL
    async with a_relay(around):
        await everybody_writes(database, names, 2)
    _, lines = await said_by_verify(around)
    assert "V6 Kafka holds the log up to the relay's marks … ok (24 events, 12 tenants" in lines


async def test_a_paused_relays_tenants_are_taken_over_and_it_comes_back_without_harm(
    database: str, data: Path, kafka: str
) -> None:
    around = told(database, data, **environment(fresh(kafka)))
    names = [str(uuid4()) for _ in range(12)]
    async with a_relay(around) as paused:
        await everybody_writes(database, names, 1)
        paused.send_signal(signal.SIGSTOP)
        async with a_relay(around):
            await everybody_writes(database, names, 2)
            paused.send_signal(signal.SIGCONT)
            await everybody_writes(database, names, 3)
    _, lines = await said_by_verify(around)
    assert "V6 Kafka holds the log up to the relay's marks … ok (36 events, 12 tenants" in lines


async def everybody_writes(database: str, tenants: list[str], seq: int) -> None:
    """An event each, which brings them to `seq`; returns when all of it is marked."""
    for tenant in tenants:
        record(database, tenant, an_artist())
    await until(lambda: marks(database) == dict.fromkeys(tenants, seq), seconds=60)


async def write(database: str, chance: random.Random, enough: asyncio.Event) -> None:
    """Until it is said to be enough and there are as many as are wanted."""
    among, written = tenants(TENANTS, 5), 0

    async def clerk(one: Clerk) -> None:
        nonlocal written
        while not enough.is_set() or written < EVENTS:
            await one.command()
            written += 2

    async def outsider() -> None:
        while not enough.is_set():
            tenant, held = chance.choice(among), chance.uniform(0.0, 0.2)
            gone = chance.random() < 0.7
            await asyncio.to_thread(record, database, tenant.id, an_artist(), held_open=held, rolled_back=gone)

    async with event_log(database) as log:
        await open_for_business(log, among)
        of = zipf(among, chance)
        async with asyncio.TaskGroup() as at_work:
            for _ in range(WRITERS - 2):
                at_work.create_task(clerk(Clerk(log, of, chance)))
            for _ in range(2):
                at_work.create_task(outsider())


def an_artist() -> tuple[str, ArtistAdded]:
    return f"artist/{uuid4()}", ArtistAdded(name="Mo", time_zone="Europe/Berlin")


def heads(database: str) -> dict[str, int]:
    with psycopg.connect(database) as connection:
        return dict(connection.execute("SELECT tenant_id::text, seq FROM heads").fetchall())


@asynccontextmanager
async def a_relay(environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A relay in a process of its own, until the block ends."""
    process = await asyncio.create_subprocess_exec(*TOOL, "relay", env=environment)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _at_once() -> None:
    pass
