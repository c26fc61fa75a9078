"""`production-tool project` in processes of its own, made to fail where a test wants it to."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg

from infra.verify import verify

PLACES = ("projector.after_poll", "projector.mid_batch", "projector.before_commit", "projector.after_commit")
MODES = ("kill", "raise", "stop", "cut")
PATIENCE = 60.0
"""Seconds until something that is bound to happen has happened, on a machine that is busy with other tests too."""


class Projecting:
    """A running projector; what it logs is read as it comes."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._said = list[str]()
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr
        async for line in self.process.stderr:
            async with self._news:
                self._said.append(line.decode())
                self._news.notify_all()

    async def says(self, what: str) -> None:
        """Wait until it has logged `what`."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: any(what in line for line in self._said))

    async def is_stopped(self) -> None:
        """Wait until it has stopped itself, as a process that is paused."""
        await asyncio.to_thread(os.waitid, os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    async def fails(self, mode: str) -> None:
        """Wait until the failpoint of this mode has done what it does."""
        async with asyncio.timeout(PATIENCE):
            match mode:
                case "kill":
                    assert await self.process.wait() == -signal.SIGKILL
                case "raise":
                    assert await self.process.wait() == 1
                case "stop":
                    await self.is_stopped()
                case _:
                    await self.says("projector_interrupted")

    async def end(self) -> None:
        with suppress(ProcessLookupError):  # whoever was to wake it up is of its session
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        await self._reading


@asynccontextmanager
async def projecting(database: str, *names: str, failpoints: str = "") -> AsyncIterator[Projecting]:
    """A projector of these read models, or all, that is gone at the end of the block."""
    environment = {**os.environ, "DATABASE_URL": database, "FAILPOINTS": failpoints}
    environment.pop("REDIS_URL", None)
    command = (sys.executable, "-m", "infra.cli", "project", *names)
    running = Projecting(
        await asyncio.create_subprocess_exec(*command, env=environment, stderr=PIPE, start_new_session=True)
    )
    try:
        yield running
    finally:
        await running.end()


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
