"""What the benchmarks write: holds placed and released, by many people, most of them in a few tenants."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, TypeVar

from commands.artist import AddArtist, add_artist
from commands.context import Context
from commands.hold import PlaceHold, ReleaseHold, place_hold, release_hold
from commands.log import Log
from commands.project import OpenProject, open_a_project
from commands.tenant import AdoptPolicy, adopt
from domain.calendar import CALENDAR
from domain.ids import RANDOM_BITS, uuid7
from domain.periods import Days
from infra.catalogue import EVENTS
from infra.event_log import EventLog
from infra.mapper import Mapper

T = TypeVar("T")

DAYS: Final = 300
STANDING: Final = 4
"""Holds that each person keeps before letting the oldest go: calendars neither grow nor empty."""
_FIRST_DAY: Final = date(2031, 1, 6)
ZONE: Final = "Europe/Berlin"
_OPENING: Final = 20
"""Tenants that are opened at once."""


def new_id() -> str:
    """A fresh UUIDv7."""
    return uuid7(1_900_000_000_000, secrets.randbits(RANDOM_BITS))


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with its artists and one project."""

    id: str
    artists: tuple[str, ...]
    project: str = field(default_factory=new_id)


def tenants(number: int, artists: int) -> list[Tenant]:
    """That many tenants with that many artists each."""
    return [Tenant(new_id(), tuple(new_id() for _ in range(artists))) for _ in range(number)]


def zipf(among: Sequence[T], chance: random.Random) -> Iterator[T]:
    """Some of them for ever, the n-th one n times as seldom as the first."""
    weights = [1 / n for n in range(1, len(among) + 1)]
    while True:
        yield from chance.choices(among, weights, k=1000)


def some_day(chance: random.Random) -> date:
    """A day that the tenant may hold."""
    return _FIRST_DAY + timedelta(days=chance.randrange(DAYS))


def context(tenant_id: str, key: str) -> Context:
    """That of a producer."""
    return Context(
        tenant_id=tenant_id,
        actor="bench",
        permissions=frozenset(),
        key=key,
        fingerprint=key.encode()[:32].ljust(32),
        correlation_id="bench",
    )


@asynccontextmanager
async def event_log(url: str) -> AsyncIterator[EventLog]:
    """The product's log, closed with the block."""
    log = EventLog(url, Mapper(EVENTS))
    try:
        yield log
    finally:
        await log.close()


async def open_for_business(log: Log, among: Sequence[Tenant]) -> None:
    """Write down the policy, the project and the artists of each tenant."""
    for n in range(0, len(among), _OPENING):
        await asyncio.gather(*[_open(log, tenant) for tenant in among[n : n + _OPENING]])


async def look_at_every_calendar(log: Log, among: Sequence[Tenant]) -> None:
    """Once, as a process that has been up for a while has done."""
    for tenant in among:
        await asyncio.gather(*[log.state(tenant.id, CALENDAR.stream(artist)) for artist in tenant.artists])


async def _open(log: Log, tenant: Tenant) -> None:
    await adopt(
        log, context(tenant.id, "policy"), AdoptPolicy.model_validate({"preset": "motion-24h", "max_depth": 1000})
    )
    project = OpenProject(id=tenant.project, name="Feature", time_zone=ZONE)
    await open_a_project(log, context(tenant.id, tenant.project), project)
    for n, artist in enumerate(tenant.artists):
        await add_artist(log, context(tenant.id, artist), AddArtist(id=artist, name=f"Artist {n}", time_zone=ZONE))


class Person:
    """Places holds, and releases the oldest once a few stand. Each command writes two events in two streams."""

    def __init__(self, log: Log, of: Iterator[Tenant], chance: random.Random) -> None:
        """`of` says for whom the next hold is."""
        self._log = log
        self._of = of
        self._chance = chance
        self._standing: list[tuple[str, str]] = []

    async def command(self) -> None:
        """The next command, answered."""
        if len(self._standing) >= STANDING:
            tenant_id, hold = self._standing.pop(0)
            await release_hold(self._log, context(tenant_id, f"r{hold}"), hold, ReleaseHold())
            return
        tenant, hold = next(self._of), new_id()
        day = some_day(self._chance)
        command = PlaceHold(
            id=hold,
            artist_id=self._chance.choice(tenant.artists),
            project_id=tenant.project,
            periods=(Days(first_day=day, last_day=day),),
        )
        await place_hold(self._log, context(tenant.id, hold), command)
        self._standing.append((tenant.id, hold))
