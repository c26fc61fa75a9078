"""The projector into Redis fails everywhere and in every way, and Redis itself goes away: every key equals a replay.

`PROOF_DEATHS` is how often each failure is tried, with it through Kafka, too; `PROOF_OUTAGES` for how many seconds
Redis is away, one after the other; `make proof` makes both large.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import psycopg
import pytest
from redis import Redis
from redis.exceptions import RedisError

from infra.address import free_port
from infra.catalogue import KEYED
from infra.embedded_guard import until
from infra.embedded_valkey import _wheel
from infra.kafka import Kafka
from infra.redis_reads import RedisKeys
from infra.verify import verify
from tests.flow.office import Office, days, open_log
from tests.infra.command_line import TOOL, environment_with
from tests.infra.topics import environment
from tests.read_api.client import asking, get, open_client

ROUNDS = int(os.environ.get("PROOF_DEATHS", "1"))
OUTAGES = [float(seconds) for seconds in os.environ.get("PROOF_OUTAGES", "1").split(",")]
COMMANDS: Final = 30
BACK_WITHIN: Final = 15.0
"""Seconds in which a Redis that has come back is where the log is."""
FAILURES = [
    f"{place}={how}"
    for place in ("redis.before_script", "redis.after_script")
    for how in ("kill:0.3", "raise:0.3", "stop:0.2:1", "cut:0.5")
]
WAYS = [
    *((failure, "from the log") for failure in FAILURES),
    *((failure, "through Kafka") for failure in (FAILURES if "PROOF_DEATHS" in os.environ else FAILURES[-4:-3])),
]
NAMES = [projection.name for projection in KEYED]

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


@contextmanager
def projecting(
    database: str, redis_url: str, failpoints: str = "", kafka: Kafka | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A projector in a process of its own, with such failures."""
    told = {
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "PRODUCTION_TOOL_LOG_LEVEL": "error",
        "FAILPOINTS": failpoints,
        **({} if kafka is None else environment(kafka)),
    }
    with subprocess.Popen([*TOOL, "project", *NAMES], env=environment_with(told)) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()


async def work(office: Office, commands: int = COMMANDS) -> None:
    """Holds in each other's way, some released again; a booking now and then."""
    artists, project = [await office.artist(f"A{n}") for n in range(3)], await office.project()
    for n in range(commands):
        day = f"2031-03-{n % 28 + 1:02}"
        held = await office.hold(artists[n % 3], project, days(day))
        if n % 5 == 0:
            await office.confirm(held)
        elif n % 3 == 0:
            await office.release(held)


def is_there(database: str, redis_url: str) -> bool:
    """Whether every read model in Redis is where the log is."""
    with psycopg.connect(database) as connection:
        heads = connection.execute("SELECT tenant_id::text, seq FROM heads").fetchall()
    try:
        with Redis.from_url(redis_url) as client:
            return all(
                int(client.hget(f"pt:{{{tenant}}}:{name}:position", "seq") or 0) == seq
                for tenant, seq in heads
                for name in NAMES
            )
    except RedisError:
        return False


async def must_be_whole(database: str, redis_url: str, kafka: Kafka | None = None) -> None:
    with projecting(database, redis_url, kafka=kafka):
        assert await asyncio.to_thread(until, lambda: is_there(database, redis_url), 60)
    wrong = [str(one) async for one in verify(database, lambda *_: None, redis_url=redis_url) if not one.ok]
    assert wrong == []


@pytest.mark.parametrize(("failure", "topic"), WAYS, indirect=["topic"])
async def test_however_it_fails_every_key_is_that_of_a_replay(
    database: str, redis_url: str, office: Office, failure: str, topic: Kafka | None
) -> None:
    for _ in range(ROUNDS):
        working = asyncio.create_task(work(office))
        died = await fails_until_done(database, redis_url, failure, working, topic)
        await working
        assert (died > 0) == ("kill" in failure)
    await must_be_whole(database, redis_url, topic)


async def fails_until_done(
    database: str, redis_url: str, failure: str, working: asyncio.Task[None], kafka: Kafka | None
) -> int:
    """Project with that failure until all work is done and there; returns how many lives it took more than one."""

    def done() -> bool:
        return working.done() and is_there(database, redis_url)

    died = 0
    while not done():
        # The first life ends for certain, though all may be there a moment before.
        mortal = "kill" in failure and not died
        failpoints = failure.replace("kill:0.3", "kill:1") if mortal else failure
        with (
            projecting(database, redis_url, failpoints, kafka) as process,
            other(database, redis_url, failure, kafka),
        ):
            await asyncio.to_thread(until, partial(_over, process, _never if mortal else done), 60)
            died += process.poll() is not None
    return died


def _never() -> bool:
    return False


def _over(process: subprocess.Popen[bytes], done: Callable[[], bool]) -> bool:
    return process.poll() is not None or done()


@contextmanager
def other(database: str, redis_url: str, failure: str, kafka: Kafka | None) -> Iterator[None]:
    """A second projector, without a failure, where the first one only stands still."""
    if "stop" not in failure:
        yield
        return
    with projecting(database, redis_url, kafka=kafka):
        yield


@asynccontextmanager
async def own_redis(data: Path) -> AsyncIterator[tuple[str, Iterator[None]]]:
    """A server that can be taken away and brought back under the same address."""
    port = free_port("127.0.0.1")
    command = [_wheel(), "--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--dir", str(data)]
    running = [_started(command)]

    def away() -> Iterator[None]:
        while True:
            running[0].kill()
            running[0].wait()
            yield
            running[0] = _started(command)
            yield

    try:
        yield f"redis://127.0.0.1:{port}/0", away()
    finally:
        running[0].kill()
        running[0].wait()


def _started(command: list[object]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)


async def test_redis_goes_away_and_comes_back(database: str, data: Path, office: Office) -> None:
    async with own_redis(data) as (redis_url, away):
        keys = RedisKeys(redis_url)
        with projecting(database, redis_url):
            await work(office, 5)
            assert await asyncio.to_thread(until, lambda: is_there(database, redis_url), 60)
            for seconds in OUTAGES:
                next(away)
                written = 0
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        while True:
                            await work(office, 3)
                            written += 1
                await work(office, 3)
                async with open_client(database, keys=keys) as client:
                    found = await get(client, "/v1/dashboard", asking(office.tenant_id))
                assert found["answered_by"] == "postgres"
                next(away)
                assert await asyncio.to_thread(until, lambda: is_there(database, redis_url), BACK_WITHIN)
                print(f"Redis away for {seconds} s, {written} rounds of work meanwhile: back where the log is")  # noqa: T201
        await keys.aclose()
        await must_be_whole(database, redis_url)


async def test_redis_is_emptied_while_nobody_writes(database: str, redis_url: str, office: Office) -> None:
    await work(office, 5)
    with projecting(database, redis_url):
        assert await asyncio.to_thread(until, lambda: is_there(database, redis_url), 60)
        with Redis.from_url(redis_url) as client:
            client.flushall()
        assert await asyncio.to_thread(until, lambda: is_there(database, redis_url), BACK_WITHIN)
    await must_be_whole(database, redis_url)
