"""The real API in a process of its own, which may be killed and comes back."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

_START: Final = 30.0
"""Seconds that the API may take until it answers."""


class Service:
    """`production-tool api`, started again whenever it dies."""

    def __init__(self, database: str, data: Path, failpoints: str = "") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.deaths = Counter[str]()
        self._environment = {
            **os.environ,
            "DATABASE_URL": database,
            "PRODUCTION_TOOL_DATA": str(data),
            "PRODUCTION_TOOL_BUILT_IN_ISSUER": "true",
            "PRODUCTION_TOOL_LOG_LEVEL": "error",
            "FAILPOINTS": failpoints,
        }
        self._process: Process | None = None

    async def token(self, tenant: str, role: str = "producer") -> str:
        """A token of the built-in issuer."""
        process = await self._run("token", "--tenant", tenant, "--role", role, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        assert process.returncode == 0
        return output.decode().strip()

    async def verify(self) -> tuple[int, str]:
        """What `production-tool verify` says: its exit status and its lines."""
        process = await self._run("verify", stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()

    def kill(self) -> None:
        """Kill -9, if it runs."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)

    async def keep_alive(self) -> None:
        """Start it, and start it again, until cancelled."""
        while True:
            self._process = await self._run("api", "--port", str(self.port))
            status = await self._process.wait()
            self.deaths[signal.Signals(-status).name if status < 0 else f"exit {status}"] += 1

    async def end(self) -> None:
        """End it in good order."""
        if self._process and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def ready(self) -> None:
        """Wait until it answers."""
        async with httpx.AsyncClient(base_url=self.url) as http, asyncio.timeout(_START):
            while True:
                try:
                    if (await http.get("/livez")).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)

    async def _run(self, *arguments: str, stdout: int | None = None) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "infra.cli", *arguments), env=self._environment, stdout=stdout
        )


@asynccontextmanager
async def running(database: str, data: Path, failpoints: str = "") -> AsyncIterator[Service]:
    """A service that answers, until the block ends."""
    service = Service(database, data, failpoints)
    alive = asyncio.create_task(service.keep_alive())
    try:
        await service.ready()
        yield service
    finally:
        alive.cancel()
        await asyncio.gather(alive, return_exceptions=True)
        await service.end()
