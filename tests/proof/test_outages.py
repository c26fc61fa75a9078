"""The whole product on servers that go away for a while: what can go on goes on, and everything is up again soon.

Kafka and Redis are killed, Postgres is killed, stopped at once and frozen, while a client places holds over HTTP; then
each comes back with what it had stored. `PROOF_OUTAGES` says for how many seconds they are away, such as `1,5,30`.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
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
from tests.proof.watched import Watched, watched

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
        around["PRODUCTION_TOOL_LOG_LEVEL"] = "warning"
        async with running(around) as product:
            for outage in outages:
                for seconds in AWAY:
                    await passes(outage, seconds, product, postgres.url, redis.url)
            journal = product.desk.journal
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


@dataclass(frozen=True, slots=True)
class Product:
    """The processes of the product, and somebody who asks for holds."""

    desk: Desk
    parts: Mapping[str, Watched]

    async def comes_to(self, what: Callable[[], bool]) -> None:
        """Wait until it is so, for `RETURN` seconds at most; fails with what the processes have said meanwhile."""
        try:
            await until(what, seconds=RETURN)
        except TimeoutError:
            said = "".join(f"{name} ({part.process.returncode}):\n{part.log}" for name, part in self.parts.items())
            raise AssertionError(f"{dict(self.desk.journal.unanswered)}\n{said}") from None


async def passes(outage: Outage, seconds: float, product: Product, database: str, redis_url: str) -> None:
    """The server is away for so many seconds; clients are answered as they are to be, and all is up again in time."""
    journal = product.desk.journal
    async with at_work(product.desk) as work:
        before, unanswered = len(work.commands), journal.unanswered.total()
        await asyncio.to_thread(outage.leave)
        await asyncio.sleep(seconds)
        meanwhile = work.commands[before:]
        await asyncio.to_thread(outage.come_back)
        back, reads = time.monotonic(), len(work.reads)
        if outage.commands_go_on:
            assert meanwhile
            assert journal.unanswered.total() == unanswered
        await product.comes_to(lambda: len(work.commands) > before + len(meanwhile) and len(work.reads) > reads)
        answered, at = time.monotonic() - back, heads(database)
        await product.comes_to(lambda: is_at(at, database, redis_url))
    print(  # noqa: T201 - a campaign's figures
        f"\n{outage.name} for {seconds:g} s: {len(meanwhile)} commands meanwhile, the slowest in"
        f" {max(meanwhile, default=0.0):.2f} s; after the return a command and a read are answered in {answered:.1f} s,"
        f" and everything is up with the log in {time.monotonic() - back:.1f} s",
        flush=True,
    )


@asynccontextmanager
async def running(around: dict[str, str]) -> AsyncIterator[Product]:
    """The API, the relay and the projector of all read models."""
    port = free_port("127.0.0.1")
    token = make_token(Path(around["PRODUCTION_TOOL_DATA"]), tenant="acme", role="producer")
    commands = {"api": ("api", "--port", str(port)), "relay": ("relay",), "projector": ("project",)}
    async with AsyncExitStack() as opened:
        parts = {
            name: await opened.enter_async_context(watched(*command, environment=around))
            for name, command in commands.items()
        }
        http = await opened.enter_async_context(
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}",
                headers={"Authorization": f"Bearer {token}"},
                timeout=60,
                trust_env=False,
            )
        )
        yield Product(Desk(http, Journal(), random.Random(SEED)), parts)


@dataclass(frozen=True, slots=True)
class Work:
    """The seconds that each command and each read took."""

    commands: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncIterator[Work]:
    """Place one hold after the other, and look at them meanwhile, until the block ends; it begins when both work."""
    work = Work()
    artist, project = await desk.artist("Europe/Berlin"), await desk.project("Europe/Berlin")

    async def again_and_again(do: Callable[[], Awaitable[object]], took: list[float]) -> None:
        while True:
            asked = time.monotonic()
            await do()
            took.append(time.monotonic() - asked)

    async with asyncio.TaskGroup() as clients:
        tasks = [
            clients.create_task(again_and_again(lambda: desk.hold(artist, project, days=300), work.commands)),
            clients.create_task(again_and_again(lambda: desk.read(f"/v1/artists/{artist}/calendar"), work.reads)),
        ]
        await until(lambda: bool(work.commands and work.reads))
        yield work
        for task in tasks:
            task.cancel()


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
