"""A database that falls silent: its connections stay open, and nothing comes through them any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra import app, pipeline, writer
from tests.clients import Api, api

pytestmark = pytest.mark.anyio


@dataclass
class Wire:
    """A way to a server, on which there may be silence; who comes then is turned away."""

    host: str
    port: int
    silent: bool = False
    _ways: set[asyncio.Task[None]] = field(default_factory=set)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody has come."""
        if self.silent:
            writer.close()
            await writer.wait_closed()
            return
        server_reader, server_writer = await asyncio.open_connection(self.host, self.port)
        for way in ((reader, server_writer), (server_reader, writer)):
            self._ways.add(asyncio.create_task(self._carry(*way)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            try:
                while data := await reader.read(65_536):
                    if not self.silent:
                        writer.write(data)
            finally:
                writer.close()
                await writer.wait_closed()

    async def end(self) -> None:
        """Hang up everywhere."""
        for way in self._ways:
            way.cancel()
        await asyncio.gather(*self._ways, return_exceptions=True)


@asynccontextmanager
async def wire_to(database: str) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to `database`, and its URL over the wire."""
    parts = conninfo_to_dict(database)
    wire = Wire(str(parts["host"]), int(str(parts["port"])))
    server = await asyncio.start_server(wire.take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield wire, make_conninfo(database, host="127.0.0.1", port=port)
        await wire.end()


@pytest.fixture
async def running(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Api, Wire]]:
    monkeypatch.setattr(pipeline, "_SILENCE", 0.2)
    monkeypatch.setattr(writer, "_PATIENCE", 0.5)
    monkeypatch.setattr(app, "_PATIENCE", 0.2)
    async with wire_to(database) as (wire, url), api(tmp_path, database=url) as it:
        yield it, wire


async def test_a_command_is_not_left_waiting_and_happens_once(running: tuple[Api, Wire]) -> None:
    it, wire = running
    client = it.client("admin")
    body = {"name": "Mo", "time_zone": "Europe/Berlin"}
    first = await client.send("/v1/artists", body)
    wire.silent = True
    async with asyncio.timeout(10):
        answer = await client.send("/v1/artists", body, key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "log_unavailable")
    assert answer.headers["retry-after"] == "1"
    wire.silent = False
    for _ in range(2):
        assert (await client.send("/v1/artists", body, key="k")).status_code == 201
    events = await client.http.get("/v1/events", headers=client.headers)
    assert [event["seq"] for event in events.json()["items"]] == [1, 2]
    assert first.json()["seq"] == 1


async def test_it_is_not_ready(running: tuple[Api, Wire]) -> None:
    it, wire = running
    assert (await it.http.get("/readyz")).status_code == 200
    wire.silent = True
    async with asyncio.timeout(10):
        assert (await it.http.get("/readyz")).status_code == 503
