"""The real relay within a test."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import psycopg

from infra.kafka import Kafka
from infra.relay_metrics import RelayMetrics
from infra.relaying import relay
from tests.consumers.post import marks, until


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """`work` as a task, until the block ends."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def relaying(database: str, topic: Kafka) -> AbstractAsyncContextManager[asyncio.Task[None]]:
    """A relay at work, until the block ends."""
    return running(relay(database, topic, shards=3, meter=RelayMetrics()))


async def send(database: str, topic: Kafka) -> None:
    """Bring the log to Kafka as far as it is recorded now."""
    with psycopg.connect(database) as connection:
        heads: dict[str, int] = dict(connection.execute("SELECT tenant_id::text, seq FROM heads").fetchall())
    async with relaying(database, topic) as task:
        await until(lambda: marks(database) == heads, task)
