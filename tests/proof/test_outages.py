"""The whole product on servers that go away for a while: what can go on goes on, and everything is up again soon.

Kafka and Redis are killed, Postgres is killed, stopped at once and frozen, while a client places holds over HTTP; then
each comes back with what it had stored. `PROOF_OUTAGES` says for how many seconds they are away, such as `1,5,30`.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import httpx
import psycopg
import pytest
from redis import Redis
from redis.exceptions import RedisError

from infra.address import free_port
from infra.built_in_issuer import make_token
from infra.catalogue import KEYED, PROJECTIONS
from infra.kafka_brokers import KafkaBrokers
from infra.redis_keys import POSITION, key_of
from tests.consumers.post import marks, until
from tests.infra.topics import environment, fresh
from tests.proof.clients import Desk, Journal
from tests.proof.figures import told_in_figures
from tests.proof.own_servers import own_postgres, own_valkey
from tests.proof.service import said_by_verify, told
from tests.proof.test_relay import heads
from tests.proof.watched import watched

AWAY = [float(seconds) for seconds in os.environ.get("PROOF_OUTAGES", "1").split(",")]
SEED = int(os.environ.get("PROOF_SEED", "20261125"))
RETURN = 15.0
"""Seconds from a server's return until everything is up with the log."""

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Outage:
    """One way in which a server is away."""

    name: str
    leave: Callable[[], None]
    come_back: Callable[[], None]
    commands_go_on: bool
    """Or they wait, too, until it is back."""


async def test_what_can_go_on_goes_on_and_everything_is_up_again_soon(data: Path, tmp_path: Path) -> None:
    with ExitStack() as servers:
        brokers = servers.enter_context(KafkaBrokers(tmp_path))
        (data / "redis").mkdir()
        redis = servers.enter_context(own_valkey(data / "redis"))
        postgres = servers.enter_context(own_postgres(data))
        outages = [
            Outage("Kafka killed", lambda: brokers.kill(1), lambda: brokers.start(1), commands_go_on=True),
            Outage("Redis killed", redis.kill, redis.start, commands_go_on=True),
            Outage("Postgres killed", postgres.kill, postgres.start, commands_go_on=False),
            Outage("Postgres stopped at once", postgres.stop_at_once, postgres.start, commands_go_on=False),
            Outage("Postgres frozen", postgres.freeze, postgres.thaw, commands_go_on=False),
        ]
        around = told(postgres.url, data, **environment(fresh(brokers.bootstrap)), REDIS_URL=redis.url)
        async with running(around) as desk:
            for outage in outages:
                for seconds in AWAY:
                    await passes(outage, seconds, desk, postgres.url, redis.url)
            journal = desk.journal
        status, lines = await said_by_verify(around)
    told_in_figures(
        seed=SEED,
        operations=f"{journal.asked} holds asked for",
        faults=Counter({outage.name: len(AWAY) for outage in outages}),
        violations=lines.count("VIOLATED") + len(journal.contradictions),
        away_for=", ".join(f"{seconds:g} s" for seconds in AWAY),
        answers_that_never_came=str(dict(journal.unanswered)),
    )
    assert status == 0, lines
    assert journal.contradictions == []


async def passes(outage: Outage, seconds: float, desk: Desk, database: str, redis_url: str) -> None:
    """The server is away for so many seconds; commands are answered as they are to be, and all is up again in time."""
    async with at_work(desk) as waits:
        before, unanswered = len(waits), desk.journal.unanswered.total()
        await asyncio.to_thread(outage.leave)
        await asyncio.sleep(seconds)
        meanwhile = waits[before:]
        await asyncio.to_thread(outage.come_back)
        back = time.monotonic()
        if outage.commands_go_on:
            assert meanwhile
            assert desk.journal.unanswered.total() == unanswered
        else:
            await until(lambda: len(waits) > before + len(meanwhile), seconds=RETURN)
        answered, at = time.monotonic() - back, heads(database)
        await until(lambda: is_at(at, database, redis_url), seconds=RETURN)
    print(  # noqa: T201 - a campaign's figures
        f"\n{outage.name} for {seconds:g} s: {len(meanwhile)} commands meanwhile, the slowest in"
        f" {max(meanwhile, default=0.0):.2f} s; after the return a command is answered in {answered:.1f} s,"
        f" and everything is up with the log in {time.monotonic() - back:.1f} s",
        flush=True,
    )


@asynccontextmanager
async def running(around: dict[str, str]) -> AsyncIterator[Desk]:
    """The API, the relay and the projector of all read models; and somebody to ask for holds."""
    port = free_port("127.0.0.1")
    url = f"http://127.0.0.1:{port}"
    token = make_token(Path(around["PRODUCTION_TOOL_DATA"]), tenant="acme", role="producer")
    headers = {"Authorization": f"Bearer {token}"}
    async with AsyncExitStack() as processes:
        for command in (("api", "--port", str(port)), ("relay",), ("project",)):
            await processes.enter_async_context(watched(*command, environment=around))
        http = await processes.enter_async_context(
            httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False)
        )
        yield Desk(http, Journal(), random.Random(SEED))


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncIterator[list[float]]:
    """Place one hold after the other, until the block ends; the seconds that each took, of which there are some."""
    waits = list[float]()
    artist, project = await desk.artist("Europe/Berlin"), await desk.project("Europe/Berlin")

    async def work() -> None:
        while True:
            asked = time.monotonic()
            await desk.hold(artist, project, days=300)
            waits.append(time.monotonic() - asked)

    task = asyncio.create_task(work())
    try:
        await until(lambda: bool(waits), task)
        yield waits
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def is_at(seqs: Mapping[str, int], database: str, redis_url: str) -> bool:
    """Whether the relay and every read model of both stores have come so far in each tenant."""
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT tenant_id::text, projection, seq FROM positions").fetchall()
    reached = {(tenant, name): seq for tenant, name, seq in rows}
    try:
        with Redis.from_url(redis_url) as client:
            for tenant, one in product(seqs, KEYED):
                reached[tenant, one.name] = int(client.hget(key_of(tenant, one.name, POSITION), "seq") or 0)
    except RedisError:
        return False
    marked = marks(database)
    return all(
        marked.get(tenant, 0) >= seq
        and all(reached.get((tenant, one.name), 0) >= seq for one in (*PROJECTIONS, *KEYED))
        for tenant, seq in seqs.items()
    )
