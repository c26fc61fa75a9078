"""The read side as a client meets it, without the rest of the edge: whoever asks is simply believed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from httpx import ASGITransport, AsyncClient
from starlette.types import ASGIApp, Receive, Scope, Send

from consumers.notices import CHANNEL
from domain.errors import DomainError
from domain.permission import ROLES, Role, Who
from infra.catalogue import EVENTS
from infra.database_clock import DatabaseClock
from infra.listen import heard
from infra.mapper import Mapper
from infra.postgres import reader_pool
from infra.problems import refuse
from read_api.api import router
from read_api.freshness import Freshness, ReadModelBehind, StreamParked
from read_api.keys import Keys
from read_api.tenant import Pool, Reads


class Believing:
    """Takes who asks from the headers that `ask` sets."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            role: Role = headers["x-role"]
            who = Who(
                tenant_id=headers["x-tenant"],
                actor="ada",
                role=role,
                permissions=ROLES[role],
                artist_id=headers.get("x-artist"),
            )
            scope.setdefault("state", {})["who"] = who
        await self.app(scope, receive, send)


def _app(reads: Reads) -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    app.state.reads = reads
    app.add_middleware(Believing)

    async def refused(_: Request, error: Exception) -> Response:
        refusal = refuse(error)
        return Response(refusal.body, refusal.status, dict(refusal.headers))

    for kind in (DomainError, ReadModelBehind, StreamParked, RequestValidationError):
        app.add_exception_handler(kind, refused)
    return app


def asking(tenant_id: str, role: Role = "admin", artist_id: str | None = None) -> dict[str, str]:
    """The headers of one who asks."""
    return {"x-tenant": tenant_id, "x-role": role, **({} if artist_id is None else {"x-artist": artist_id})}


def reads_of(
    pool: Pool, freshness: Freshness | None = None, replica: Pool | None = None, keys: Keys | None = None
) -> Reads:
    """What reads work with."""
    return Reads(
        pool=pool,
        replica=replica,
        freshness=freshness or Freshness(),
        decode=Mapper(EVENTS).decode,
        clock=DatabaseClock(pool),
        keys=keys,
    )


@asynccontextmanager
async def open_client(
    database: str, replica: str | None = None, keys: Keys | None = None
) -> AsyncIterator[AsyncClient]:
    """A client of the read routes over this database, or over that copy of it, and over these keys."""
    freshness = Freshness()
    listening = asyncio.create_task(freshness.listen(heard(database, CHANNEL)))
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(reader_pool(database))
        copy = None if replica is None else await stack.enter_async_context(reader_pool(replica))
        transport = ASGITransport(_app(reads_of(pool, freshness, copy, keys)))
        yield await stack.enter_async_context(AsyncClient(transport=transport, base_url="http://test"))
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def get(client: AsyncClient, path: str, headers: dict[str, str], **query: Any) -> Any:  # noqa: ANN401 - JSON
    """The JSON of a read that succeeds."""
    answer = await client.get(path, headers=headers, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()
