"""The API in this process, on a log in memory, and clients of it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from commands.log import Log
from domain.permission import Permission, Role
from infra.app import Parts, create_app, on_postgres
from infra.built_in_issuer import make_token
from infra.postgres import reader_pool
from infra.settings import Settings
from tests.memory_log import MemoryLog
from tests.read_api.client import reads_of

MARCH = [{"first_day": "2027-03-01", "last_day": "2027-03-05"}]


@dataclass
class Api:
    """A running API."""

    app: FastAPI
    data: Path
    http: httpx.AsyncClient

    def client(
        self,
        role: Role = "producer",
        *,
        tenant: str = "acme",
        artist_id: str | None = None,
        permissions: tuple[Permission, ...] = (),
    ) -> "Client":
        token = make_token(self.data, tenant=tenant, role=role, artist_id=artist_id, permissions=permissions)
        return Client(self.http, {"Authorization": f"Bearer {token}"})


@dataclass
class Client:
    """Somebody with a token."""

    http: httpx.AsyncClient
    headers: dict[str, str] = field(repr=False)

    async def send(
        self, path: str, body: object = None, *, key: str | None = None, method: str = "POST", **headers: str
    ) -> httpx.Response:
        """A command under `key`, or a fresh one; `If_Match` and the like become headers."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        all_headers = {"Idempotency-Key": key or uuid4().hex, **self.headers, **more}
        return await self.http.request(method, path, json={} if body is None else body, headers=all_headers)

    async def add(self, path: str, body: Mapping[str, Any]) -> str:
        """The id of what a command has created."""
        answer = await self.send(path, body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def artist(self, **more: object) -> str:
        return await self.add("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin", **more})

    async def project(self) -> str:
        return await self.add("/v1/projects", {"name": "Whale", "time_zone": "Europe/Berlin"})

    async def hold(self, artist_id: str, project_id: str, **more: object) -> str:
        return await self.add("/v1/holds", {"artist_id": artist_id, "project_id": project_id, "periods": MARCH, **more})


@asynccontextmanager
async def api(
    data: Path,
    log: Log | None = None,
    *,
    max_body_size: int = 2**20,
    database: str | None = None,
    redis_url: str | None = None,
) -> AsyncIterator[Api]:
    """The API on `database`, and on Redis if there is one; without a database it is on `log`, and reads do not work."""

    @asynccontextmanager
    async def parts() -> AsyncIterator[Parts]:
        yield Parts(log or MemoryLog(), reads_of(reader_pool("postgresql://nowhere")))

    opened = parts if database is None else partial(on_postgres, database, redis_url=redis_url)
    app = create_app(Settings(data=data, built_in_issuer=True, max_body_size=max_body_size), opened)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://api"))
        yield Api(app, data, http)
