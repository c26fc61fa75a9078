"""The whole API behind a real uvicorn, on a port of its own, for what only real connections show."""

import asyncio
import signal
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic_core import from_json

from infra.one_write import OneWrite
from infra.serve import Draining
from tests.clients import Api, Client, api


class Announced(Draining):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, drain: float) -> None:
        super().__init__(config, app, drain=drain)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()


@dataclass
class Served:
    """An API that answers at `url`."""

    api: Api
    server: Draining
    url: str

    def end(self) -> None:
        """Tell it to stop, as Ctrl-C does."""
        self.server.handle_exit(signal.SIGINT, None)


@asynccontextmanager
async def serving(database: str, data: Path) -> AsyncIterator[Served]:
    """The API on `database`; its in-process client sends the commands."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    async with api(data, database=database) as it:
        config = uvicorn.Config(
            it.app, port=port, http=OneWrite, loop="none", lifespan="off", log_config=None, ws="websockets-sansio"
        )
        server = Announced(config, it.app, drain=0)
        task = asyncio.create_task(server._serve())
        async with asyncio.timeout(10):
            await server.answers.wait()
        yield Served(it, server, f"http://127.0.0.1:{port}")
        server.handle_exit(signal.SIGINT, None)
        async with asyncio.timeout(10):
            await task


@dataclass
class Message:
    """What came over a stream: an event's place, name and JSON; a heartbeat has no JSON."""

    id: int
    event: str
    said: Any


async def messages(answer: httpx.Response) -> AsyncGenerator[Message, None]:
    """What a stream of server-sent events says, as a browser reads it."""
    place, event, data = 0, "message", ""
    async for line in answer.aiter_lines():
        name, _, value = line.partition(":")
        match name, value.removeprefix(" "):
            case "id", text:
                place = int(text)
            case "event", text:
                event = text
            case "data", text:
                data += text
            case "", "" if not line:
                yield Message(place, event, from_json(data) if data else None)
                event, data = "message", ""


@asynccontextmanager
async def listening(
    served: Served,
    client: Client,
    *,
    last: int | None = None,
    **query: Any,  # noqa: ANN401 - of any parameter
) -> AsyncIterator[AsyncGenerator[Message, None]]:
    """The messages of one stream, until the block ends."""
    headers = {**client.headers, **({} if last is None else {"Last-Event-ID": str(last)})}
    async with (
        httpx.AsyncClient(base_url=served.url, timeout=20, trust_env=False) as http,
        http.stream("GET", "/v1/live", headers=headers, params=query) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        async with aclosing(messages(answer)) as said, asyncio.timeout(30):
            yield said


async def take(said: AsyncGenerator[Message, None], count: int) -> list[Message]:
    """The next so many events, without heartbeats and without `ready`."""
    taken = list[Message]()
    while len(taken) < count:
        message = await anext(said)
        if message.event == "message" and message.said is not None:
            taken.append(message)
    return taken
