"""A Kafka small enough to see through: what arrived, in order, and an answer that a test may spoil."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from consumers.relay import Message, Relay
from consumers.relay_leases import Leases
from consumers.relay_marks import Marks
from infra.outbox import LogOutbox
from infra.relay_metrics import RelayMetrics
from tests.consumers.tally import pool

SHARDS = 4


class Post:
    """Takes messages of any number of producers."""

    def __init__(self, answer: Callable[[Sequence[Message]], int | None] = len) -> None:
        """`answer` says how many of a batch arrive and are acknowledged; None: all arrive, and nobody says so."""
        self.arrived = list[Message]()
        self.opened = 0
        self.closed = 0
        self._answer = answer

    async def open(self) -> "Producer":
        self.opened += 1
        return Producer(self)

    @property
    def seqs(self) -> list[int]:
        return [one.seq for one in self.arrived]

    def first_occurrences(self, tenant_id: str) -> list[int]:
        return list(dict.fromkeys(one.seq for one in self.arrived if one.tenant_id == tenant_id))


class Producer:
    def __init__(self, post: Post) -> None:
        self._post = post
        self._failed = False

    async def send(self, messages: Sequence[Message]) -> asyncio.Future[int]:
        answer = asyncio.get_running_loop().create_future()
        # What follows a failure is not taken: it would overtake what failed.
        acknowledged = 0 if self._failed else self._post._answer(messages)
        self._failed = acknowledged is not None and acknowledged < len(messages)
        self._post.arrived += messages[:acknowledged]
        if acknowledged is not None:
            answer.set_result(acknowledged)
        return answer

    async def close(self) -> None:
        self._post.closed += 1


@asynccontextmanager
async def relaying(
    database: str, post: Post, relay: str, failpoint: Callable[[str], None] = lambda _: None
) -> AsyncIterator[asyncio.Task[None]]:
    """A relay at work, until the block ends."""
    async with pool(database) as connections:
        task = asyncio.create_task(relay_on(database, connections, post, relay, failpoint).run())
        try:
            yield task
        finally:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


def relay_on(
    database: str,
    connections: AsyncConnectionPool[AsyncConnection],
    post: Post,
    relay: str,
    failpoint: Callable[[str], None] = lambda _: None,
) -> Relay:
    return Relay(
        leases=Leases(connections, relay=relay, shards=SHARDS),
        shards=SHARDS,
        marks=Marks(connections),
        outbox=LogOutbox(database, connections),
        producer=post.open,
        meter=RelayMetrics(),
        failpoint=failpoint,
    )


def marks(url: str) -> dict[str, int]:
    """Tenant to the seq that is known to have arrived."""
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT tenant_id::text, seq FROM relay_marks").fetchall())


async def until(happened: Callable[[], bool], task: asyncio.Task[None] | None = None, *, seconds: float = 20) -> None:
    """Wait until it has, looking often; fails after a while, or with the task."""
    async with asyncio.timeout(seconds):
        while not happened():
            if task is not None and task.done():
                task.result()
            await asyncio.sleep(0.01)
