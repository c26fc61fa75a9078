"""The real API, projector and clock in processes of their own, which are killed and come back."""

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

_START: Final = 120.0
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
CLOCK_DEATHS: Final = {
    "clock.after_select": 0.5,
    "clock.after_append": 0.5,
    "following.after_select": 0.5,
    "following.after_step": 0.1,
    "following.before_mark": 0.3,
    "following.after_mark": 0.3,
    "log.before_commit": 0.3,
    "log.after_commit": 0.3,
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
        always = self._environment.get("FAILPOINTS", "")
        environment = {**self._environment, "FAILPOINTS": ",".join(filter(None, (always, failpoints)))}
        return await asyncio.create_subprocess_exec(*_TOOL, *self._command, env=environment)


_TOOL: Final = (sys.executable, "-m", "infra.cli")


def told(database: str, data: Path, **more: str) -> dict[str, str]:
    """The environment of a process on this database."""
    return {
        **os.environ,
        "DATABASE_URL": database,
        "PRODUCTION_TOOL_DATA": str(data),
        "PRODUCTION_TOOL_BUILT_IN_ISSUER": "true",
        "PRODUCTION_TOOL_DRAIN_SECONDS": "0",
        "PRODUCTION_TOOL_LOG_LEVEL": "error",
        "FAILPOINTS_TOLD": str(data / "failures"),
        **more,
    }


async def said_by_verify(environment: dict[str, str]) -> tuple[int, str]:
    """The exit status and the lines of `production-tool verify`."""
    process = await asyncio.create_subprocess_exec(*_TOOL, "verify", env=environment, stdout=PIPE)
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


class Service:
    """An API, a projector and a clock on one database.

    The first two die `deaths` times in every way that there is, the clock `clock_deaths` times. `failpoints` are passed
    to the API in each of its lives.
    """

    def __init__(
        self, database: str, data: Path, *, deaths: int, clock_deaths: int, failpoints: str, chance: random.Random
    ) -> None:
        port = free_port("127.0.0.1")
        self.url = f"http://127.0.0.1:{port}"
        self._data = data
        self._environment = told(database, data)
        self.api = Kept(
            *("api", "--port", str(port)),
            environment={**self._environment, "FAILPOINTS": failpoints},
            deaths=_shuffled(API_DEATHS, deaths, chance),
            chance=chance,
        )
        self.projector, self.clock = (
            Kept(command, environment=self._environment, deaths=_shuffled(each, times, chance), chance=chance)
            for command, each, times in (("project", PROJECTOR_DEATHS, deaths), ("clock", CLOCK_DEATHS, clock_deaths))
        )

    def token(self, tenant: str, role: Role = "producer") -> str:
        """A token of the built-in issuer."""
        return make_token(self._data, tenant=tenant, role=role)

    @property
    def deaths(self) -> dict[str, int]:
        """By failpoint, or `KILL`, and process."""
        kept = {"API": self.api, "projector": self.projector, "clock": self.clock}
        return {f"{name} ({part})": count for part, one in kept.items() for name, count in one.died.items()}

    @property
    def faults(self) -> Counter[str]:
        """How often which failpoint did what."""
        told = self._data / "failures"
        return Counter(told.read_text().splitlines()) if told.exists() else Counter()

    def has_died(self) -> bool:
        """Whether all have died all their deaths and live for good."""
        return all(one.has_died.is_set() for one in (self.api, self.projector, self.clock))

    async def verify(self) -> tuple[int, str]:
        """What `production-tool verify` says: its exit status and its lines."""
        return await said_by_verify(self._environment)

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
    database: str,
    data: Path,
    *,
    deaths: int = 0,
    clock_deaths: int = 0,
    failpoints: str = "",
    chance: random.Random | None = None,
) -> AsyncIterator[Service]:
    """A service that answers, until the block ends; see `Service`."""
    service = Service(
        database,
        data,
        deaths=deaths,
        clock_deaths=clock_deaths,
        failpoints=failpoints,
        chance=chance or random.Random(0),
    )
    parts = (service.api, service.projector, service.clock)
    try:
        async with asyncio.TaskGroup() as lives:
            all_ = [lives.create_task(part.live(service.ready)) for part in parts]
            await service.ready()
            yield service
            for life in all_:
                life.cancel()
    finally:
        for part in parts:
            await part.end()
