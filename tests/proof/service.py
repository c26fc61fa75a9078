"""The real API and the real projector in processes of their own, which are killed and come back."""

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from domain.permission import Role
from infra.address import free_port
from infra.built_in_issuer import make_token

_START: Final = 30.0
"""Seconds that the API may take until it answers."""

KILL: Final = "kill -9"
"""A death at any moment, where the others are at the failpoint of that name, by that chance each time it is passed."""
API_DEATHS: Final = {
    "api.after_auth": 0.005,
    "log.after_decide": 0.03,
    "log.before_commit": 0.03,
    "log.after_commit": 0.03,
    "api.before_response": 0.005,
    KILL: 1.0,
}
PROJECTOR_DEATHS: Final = {
    "projector.after_poll": 0.05,
    "projector.mid_batch": 0.05,
    "projector.before_commit": 0.05,
    "projector.after_commit": 0.05,
    KILL: 1.0,
}


class Kept:
    """A command of `production-tool`, started again whenever it dies.

    Each of its lives ends in the next of `deaths`; the one after the last of them does not end.
    """

    def __init__(
        self, *command: str, environment: dict[str, str], deaths: Sequence[tuple[str, float]], chance: random.Random
    ) -> None:
        self.died = Counter[str]()
        self.has_died = asyncio.Event()
        """Every death that was asked for."""
        self._command = command
        self._environment = environment
        self._deaths = deaths
        self._chance = chance
        self._process: Process | None = None

    async def live(self, ready: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled; fails when it dies in any other way."""
        for name, chance in self._deaths:
            self._process = await self._start("" if name == KILL else f"{name}=kill:{chance}")
            if name == KILL:
                await ready()
                await asyncio.sleep(self._chance.uniform(0.0, 0.4))
                self._process.send_signal(signal.SIGKILL)
            status = await self._process.wait()
            assert status == -signal.SIGKILL, f"{self._command} ended at {name} with {status}"
            self.died[name] += 1
        self._process = await self._start("")
        self.has_died.set()
        raise AssertionError(f"{self._command} ended with {await self._process.wait()} though nothing killed it")

    async def end(self) -> None:
        """End it in good order."""
        if self._process and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _start(self, failpoints: str) -> Process:
        environment = {**self._environment, "FAILPOINTS": failpoints}
        return await asyncio.create_subprocess_exec(*_TOOL, *self._command, env=environment)


_TOOL: Final = (sys.executable, "-m", "infra.cli")


class Service:
    """An API and a projector on one database."""

    def __init__(self, database: str, data: Path, *, deaths: int, chance: random.Random) -> None:
        port = free_port("127.0.0.1")
        self.url = f"http://127.0.0.1:{port}"
        self._data = data
        self._environment = {
            **os.environ,
            "DATABASE_URL": database,
            "PRODUCTION_TOOL_DATA": str(data),
            "PRODUCTION_TOOL_BUILT_IN_ISSUER": "true",
            "PRODUCTION_TOOL_DRAIN_SECONDS": "0",
            "PRODUCTION_TOOL_LOG_LEVEL": "error",
        }
        self.api, self.projector = (
            Kept(*command, environment=self._environment, deaths=_shuffled(each, deaths, chance), chance=chance)
            for command, each in ((("api", "--port", str(port)), API_DEATHS), (("project",), PROJECTOR_DEATHS))
        )

    def token(self, tenant: str, role: Role = "producer") -> str:
        """A token of the built-in issuer."""
        return make_token(self._data, tenant=tenant, role=role)

    @property
    def deaths(self) -> dict[str, int]:
        """By failpoint, or `KILL`, and process."""
        return {**self.api.died, **{f"{name} (projector)": count for name, count in self.projector.died.items()}}

    def has_died(self) -> bool:
        """Whether both have died all their deaths and live for good."""
        return self.api.has_died.is_set() and self.projector.has_died.is_set()

    async def verify(self) -> tuple[int, str]:
        """What `production-tool verify` says: its exit status and its lines."""
        process = await asyncio.create_subprocess_exec(*_TOOL, "verify", env=self._environment, stdout=PIPE)
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()

    async def ready(self) -> None:
        """Wait until the API answers."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as http, asyncio.timeout(_START):
            while True:
                try:
                    if (await http.get("/livez")).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)


def _shuffled(each: dict[str, float], times: int, chance: random.Random) -> list[tuple[str, float]]:
    deaths = [*each.items()] * times
    chance.shuffle(deaths)
    return deaths


@asynccontextmanager
async def running(
    database: str, data: Path, *, deaths: int = 0, chance: random.Random | None = None
) -> AsyncIterator[Service]:
    """A service that answers, until the block ends; each part dies `deaths` times in every way that there is."""
    service = Service(database, data, deaths=deaths, chance=chance or random.Random(0))
    try:
        async with asyncio.TaskGroup() as lives:
            both = [
                lives.create_task(service.api.live(service.ready)),
                lives.create_task(service.projector.live(service.ready)),
            ]
            await service.ready()
            yield service
            for life in both:
                life.cancel()
    finally:
        await service.api.end()
        await service.projector.end()
