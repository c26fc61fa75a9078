"""A command of `production-tool` in a process of its own, whose log is read as it comes."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from tests.infra.command_line import TOOL

MODES = ("kill", "raise", "stop", "cut")
"""In which a failpoint fails."""
PATIENCE = 60.0
"""Seconds until something that is bound to happen has happened, on a machine that is busy with other tests too."""


class Watched:
    """A running command."""

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

    async def says(self, *what: str) -> None:
        """Wait until it has logged one of these; fails with what it has logged instead."""
        try:
            async with asyncio.timeout(PATIENCE), self._news:
                await self._news.wait_for(lambda: any(self.said(one) for one in what))
        except TimeoutError:
            raise AssertionError(f"{what} was not said ({self.process.returncode}):\n{self.log}") from None

    def said(self, what: str) -> int:
        """How often it has logged that until now."""
        return self.log.count(what)

    @property
    def log(self) -> str:
        """All that it has said until now."""
        return "".join(self._said)

    async def is_stopped(self) -> None:
        """Wait until it has stopped itself, as a process that is paused."""
        await asyncio.to_thread(os.waitid, os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def resume(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    async def end(self) -> None:
        with suppress(ProcessLookupError):  # whoever was to wake it up is of its session
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        await self._reading


@asynccontextmanager
async def watched(*command: str, environment: Mapping[str, str]) -> AsyncIterator[Watched]:
    """This command at work, gone at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *TOOL, *command, env=environment, stderr=PIPE, start_new_session=True
    )
    running = Watched(process)
    try:
        yield running
    finally:
        await running.end()
