"""`production-tool project` in processes of its own, made to fail where a test wants it to."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager

import psycopg

from infra.kafka import Kafka
from infra.verify import verify
from tests.infra.command_line import environment_with
from tests.infra.topics import environment
from tests.proof.watched import PATIENCE, Watched, watched

PLACES = ("projector.after_poll", "projector.mid_batch", "projector.before_commit", "projector.after_commit")


async def fails(projector: Watched, mode: str) -> None:
    """Wait until the failpoint of this mode has done what it does."""
    async with asyncio.timeout(PATIENCE):
        match mode:
            case "kill":
                assert await projector.process.wait() == -signal.SIGKILL
            case "raise":
                assert await projector.process.wait() == 1
            case "stop":
                await projector.is_stopped()
            case _:
                await projector.says("projector_interrupted")


def projecting(
    database: str, *names: str, failpoints: str = "", kafka: Kafka | None = None
) -> AbstractAsyncContextManager[Watched]:
    """A projector of these read models, or all, that is gone at the end of the block."""
    told = {"DATABASE_URL": database, "FAILPOINTS": failpoints, **({} if kafka is None else environment(kafka))}
    return watched("project", *names, environment=environment_with(told))


async def caught_up(database: str, name: str, seconds: float = PATIENCE) -> None:
    """Wait until a read model is up with every tenant's log."""
    async with (
        asyncio.timeout(seconds),
        await psycopg.AsyncConnection.connect(database, autocommit=True) as connection,
    ):
        while True:
            found = await connection.execute(
                """
                SELECT count(*)
                FROM heads h
                LEFT JOIN positions p ON p.tenant_id = h.tenant_id AND p.projection = %s
                WHERE p.seq IS DISTINCT FROM h.seq
                """,
                [name],
            )
            if await found.fetchone() == (0,):
                return
            await asyncio.sleep(0.05)


async def broken(database: str) -> list[str]:
    """The promises that `verify` finds broken."""
    return [str(verdict) async for verdict in verify(database, lambda *_: None) if not verdict.ok]
