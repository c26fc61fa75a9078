"""The API as a process: how it begins, how it ends, and that its answers arrive whole."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from infra.one_write import OneWrite
from infra.serve import Draining
from tests.clients import Api, api
from tests.read_api.served import Announced

pytestmark = pytest.mark.anyio


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Api]:
    async with api(tmp_path) as it:
        yield it


async def served(app: Any, drain: float = 0.0) -> tuple[Draining, asyncio.Task[None], int]:  # noqa: ANN401 - any ASGI
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    config = uvicorn.Config(app, port=port, http=OneWrite, loop="none", lifespan="off", log_config=None, ws="none")
    server = Announced(config, app, drain=drain)
    task = asyncio.create_task(server._serve())
    async with asyncio.timeout(10):
        await server.answers.wait()
    return server, task, port


async def test_told_to_stop_it_is_not_ready_first_and_ends_later(running: Api) -> None:
    async def answers() -> bool:
        return True

    running.app.state.database_answers = answers
    server, task, port = await served(running.app, drain=0.5)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        assert (await http.get("/readyz")).status_code == 200
        server.handle_exit(signal.SIGTERM, None)
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/livez")).status_code == 200
        assert not task.done()
    async with asyncio.timeout(5):
        await task


async def test_told_by_the_keyboard_it_ends_at_once(running: Api) -> None:
    server, task, _ = await served(running.app, drain=60)
    server.handle_exit(signal.SIGINT, None)
    async with asyncio.timeout(5):
        await task


async def test_told_twice_it_does_not_wait(running: Api) -> None:
    server, task, _ = await served(running.app, drain=60)
    server.handle_exit(signal.SIGTERM, None)
    server.handle_exit(signal.SIGTERM, None)
    async with asyncio.timeout(5):
        await task


async def test_answers_of_every_size_arrive_whole(running: Api) -> None:
    sizes = [0, 1, 1000, 65_536, 1_000_000]

    async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - plain ASGI
        size = int(scope["path"][1:])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"x" * size, "more_body": True})
        await send({"type": "http.response.body", "body": b"."})

    app.state = running.app.state  # type: ignore[attr-defined]
    server, task, port = await served(app)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        for size in sizes:
            assert (await http.get(f"/{size}")).content == b"x" * 3 * size + b"."
        closing = await http.get("/10", headers={"Connection": "close"})
        assert closing.content == b"x" * 30 + b"."
    server.handle_exit(signal.SIGINT, None)
    await task


async def test_head_and_body_are_one_write(running: Api) -> None:
    server, task, port = await served(running.app)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    first = await reader.read(65_536)
    assert first.endswith(b'{"status":"alive"}')
    writer.close()
    server.handle_exit(signal.SIGINT, None)
    await task
