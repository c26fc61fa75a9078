"""The whole product behind a wire that can be cut, and browsers in front of it: Debian's Chromium, by Playwright."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from domain.permission import Role
from infra.keeping_time import keep_time
from infra.projecting import project
from tests.clients import Client
from tests.database_time import DatabaseTime
from tests.read_api.served import Served, serving

PATIENCE = 15_000
"""Milliseconds that anything on a page may take."""
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Wire:
    """A port that leads to another one, unless it is cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._writers = set[asyncio.StreamWriter]()
        self._is_cut = False
        self.port = 0

    def cut(self) -> None:
        """Nothing gets through, and what was open is not any more."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._is_cut = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Wire"]:
        server = await asyncio.start_server(self._lead, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()
        self.cut()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, back}
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        self._writers -= {writer, back}


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@dataclass
class Studio:
    """A company of one artist and two projects, and desks at which people sit."""

    served: Served
    wire: Wire
    browser: Browser
    time: DatabaseTime
    client: Client
    artist: str = ""
    projects: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.wire.port}"

    @property
    def token(self) -> str:
        return self.client.headers["Authorization"].removeprefix("Bearer ")

    async def context(self, **more: str) -> BrowserContext:
        """Somebody's browser, with nothing in it."""
        context = await self.browser.new_context(
            base_url=self.url,
            viewport={"width": 1440, "height": 900},
            color_scheme="light",
            **more,  # type: ignore[arg-type]
        )
        context.set_default_timeout(PATIENCE)
        return context

    async def desk(self, path: str = "/", role: Role = "admin", tenant: str = "acme") -> Page:
        """The page of somebody who signs in by the address that `up` prints, and listens."""
        page = await (await self.context()).new_page()
        token = self.served.api.client(role, tenant=tenant).headers["Authorization"].removeprefix("Bearer ")
        await page.goto(f"/board/sign-in#token={token}")
        await page.wait_for_url("**/")
        if path != "/":
            await page.goto(path)
        await page.locator("#live.on").wait_for()
        return page

    async def events(self, type: str) -> list[dict[str, Any]]:
        """What the events of a type say, in order."""
        answer = await self.client.http.get("/v1/events", params={"limit": 200}, headers=self.client.headers)
        return [event["data"] for event in answer.json()["items"] if event["type"] == type]


@asynccontextmanager
async def studio(database: str, data: Path) -> AsyncIterator[Studio]:
    """One with its API, projector and clock running."""
    time = DatabaseTime(database)
    expect.set_options(timeout=PATIENCE)
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(database, data))
        wire = await stack.enter_async_context(Wire(int(served.url.rpartition(":")[2])).open())
        parts = [asyncio.create_task(project(database)), asyncio.create_task(keep_time(database))]
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=chromium(), args=_FLAGS)
        client = served.api.client("admin")
        it = Studio(served, wire, browser, time, client)
        it.artist = await client.artist(name="Ana", time_zone="Europe/Berlin", skills=["compositing"])
        for name in ("Whale", "Seal"):
            body = {"name": name, "time_zone": "Europe/Berlin"}
            it.projects[name] = await client.add("/v1/projects", body)
        yield it
        await browser.close()
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)


def chromium() -> str:
    """Where the browser is."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.fail("there is no Chromium here; on Debian: apt-get install chromium")
    return found
