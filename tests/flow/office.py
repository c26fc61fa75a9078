"""A company at work: real commands on a real log, and the projectors behind them."""

import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from commands.artist import AddArtist, add_artist
from commands.booking import ConfirmHold, MakeBooking, confirm_hold, make_booking
from commands.challenge import RaiseChallenge, raise_challenge
from commands.context import Context
from commands.hold import PlaceHold, ReleaseHold, place_hold, release_hold
from commands.log import Log, Outcome
from commands.project import CloseProject, OpenProject, close_project, open_a_project
from commands.tenant import AdoptPolicy, adopt
from consumers.postgres_store import PostgresStore
from consumers.projector import Projector
from domain.ids import tenant_id
from domain.overrides import Overriding
from domain.permission import Permission
from infra.catalogue import EVENTS, PROJECTIONS
from infra.event_log import EventLog
from infra.log_feed import LogFeed, LogHistory
from infra.mapper import Mapper
from infra.postgres import projector_pool

B = TypeVar("B", bound=BaseModel)

Handler = Callable[[Log, Context, str, B], Awaitable[Outcome]]

_keys = itertools.count(1)


def days(first: str, last: str | None = None) -> list[dict[str, str]]:
    """A period of whole days, as a client says it."""
    return [{"first_day": first, "last_day": last or first}]


@dataclass(frozen=True, slots=True)
class Office:
    """A tenant that may do everything."""

    log: EventLog
    name: str = "acme"
    permissions: frozenset[str] = frozenset(Permission)

    @property
    def tenant_id(self) -> str:
        return tenant_id("test", self.name)

    def context(self) -> Context:
        return Context(
            tenant_id=self.tenant_id,
            actor="ada",
            permissions=self.permissions,
            key=f"k{next(_keys)}",
            fingerprint=bytes(32),
            correlation_id="c1",
        )

    async def artist(self, name: str = "Mo", **more: Any) -> str:  # noqa: ANN401 - as a client says it
        command = _said(AddArtist, {"name": name, "time_zone": "Europe/Berlin", **more})
        return _id(await add_artist(self.log, self.context(), command))

    async def project(self, name: str = "Whale", **more: Any) -> str:  # noqa: ANN401
        command = _said(OpenProject, {"name": name, "time_zone": "Europe/Berlin", **more})
        return _id(await open_a_project(self.log, self.context(), command))

    async def hold(self, artist_id: str, project_id: str, periods: list[dict[str, str]], **more: Any) -> str:  # noqa: ANN401
        return _id(await self.placed(artist_id, project_id, periods, **more))

    async def placed(self, artist_id: str, project_id: str, periods: list[dict[str, str]], **more: Any) -> Outcome:  # noqa: ANN401
        said = {"artist_id": artist_id, "project_id": project_id, "periods": periods, **more}
        return await place_hold(self.log, self.context(), _said(PlaceHold, said))

    async def release(self, hold_id: str, periods: list[dict[str, str]] | None = None) -> Outcome:
        return await release_hold(self.log, self.context(), hold_id, _said(ReleaseHold, {"periods": periods}))

    async def policy(self, **rules: Any) -> Outcome:  # noqa: ANN401
        return await adopt(self.log, self.context(), _said(AdoptPolicy, rules))

    async def close(self, project_id: str) -> Outcome:
        return await close_project(self.log, self.context(), project_id, CloseProject())

    async def challenge(self, hold_id: str) -> str:
        outcome = await raise_challenge(self.log, self.context(), hold_id, RaiseChallenge())
        return str(from_json(outcome.body)["challenge_id"])

    async def confirm(self, hold_id: str, **more: Any) -> str:  # noqa: ANN401
        outcome = await confirm_hold(self.log, self.context(), hold_id, _said(ConfirmHold, more))
        return str(from_json(outcome.body)["booking_id"])

    async def ask(self, handler: Handler[B], id: str, command: type[B], **said: Any) -> dict[str, Any]:  # noqa: ANN401
        """What any other command about the thing of that id answers."""
        told: dict[str, Any] = from_json((await handler(self.log, self.context(), id, _said(command, said))).body)
        return told

    async def book(
        self,
        artist_id: str,
        project_id: str,
        periods: list[dict[str, str]],
        *,
        over: tuple[Overriding, str] | None = None,
        **more: Any,  # noqa: ANN401
    ) -> str:
        overrides = [{"permission": over[0], "reason": "agreed", "accepts": [over[1]]}] if over else []
        said = {"artist_id": artist_id, "project_id": project_id, "periods": periods, "overrides": overrides, **more}
        return _id(await make_booking(self.log, self.context(), _said(MakeBooking, said)))


def _said(command: type[B], members: Mapping[str, Any]) -> B:
    """A command as a client says it."""
    return command.model_validate_json(to_json(members))


def _id(outcome: Outcome) -> str:
    return str(from_json(outcome.body)["id"])


@asynccontextmanager
async def open_log(database: str) -> AsyncIterator[EventLog]:
    log = EventLog(database, Mapper(EVENTS))
    try:
        yield log
    finally:
        await log.close()


async def catch_up(database: str) -> None:
    """Bring every read model to the end of the log as it is now."""
    async with await psycopg.AsyncConnection.connect(database) as connection:
        heads = await (await connection.execute("SELECT tenant_id::text, seq FROM heads")).fetchall()
    async with projector_pool(database) as pool:
        history = LogHistory(pool, Mapper(EVENTS).decode)
        feed = LogFeed(pool=pool, history=history, calls=_nobody())
        store = PostgresStore(pool=pool, projections=PROJECTIONS, failpoint=lambda _: None)
        projector = Projector(feed=feed, history=history, store=store, failpoint=lambda _: None)
        for tenant, head in heads:
            async for batch in history.between(tenant, after=0, until=head):
                await projector.apply(batch)


async def _nobody() -> AsyncGenerator[str, None]:
    return
    yield ""
