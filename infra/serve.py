"""The API as a process: uvicorn, and the order in which it begins and ends."""

import asyncio
import signal
import socket
import time
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

from infra.app import create_app, on_postgres
from infra.cannot_run import CannotRun
from infra.garbage import Garbage
from infra.one_write import OneWrite
from infra.postgres import check_database
from infra.settings import Settings

_GRACE: Final = 10
"""Seconds that requests have to end once no new ones are taken."""
_KEEP_ALIVE: Final = 75
"""Seconds; longer than load balancers keep theirs, so that it is never we who close under a request."""
_LONGEST_MESSAGE: Final = 16 * 1024
"""Bytes of what a client says over a WebSocket: who it is, and what it wants to hear."""


def serve(settings: Settings, url: str, redis_url: str | None) -> None:
    """Answer requests until told to stop.

    Raises:
        RoleRefused, SchemaMismatch, KeyUnusable: something is not ready for us.
        psycopg.OperationalError: the database cannot be reached.
        StartFailed: what is wrong has been logged.
    """
    for one in (url, settings.read_database_url):
        if one is not None:
            asyncio.run(check_database(one))
    app = create_app(settings, lambda: on_postgres(url, settings.read_database_url, redis_url))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=OneWrite,
        ws="websockets-sansio",
        ws_max_size=_LONGEST_MESSAGE,
        access_log=False,
        proxy_headers=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )
    server = Draining(config, app, drain=settings.drain_seconds)
    server.run()
    if not server.started:
        raise StartFailed("the API did not start")


class StartFailed(CannotRun):
    """The process never came to answer requests."""


class Draining(uvicorn.Server):
    """On SIGTERM fails `/readyz` first, and stops a moment later; on Ctrl-C stops at once."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, drain: float) -> None:
        """`drain` is how many seconds it goes on answering after SIGTERM."""
        super().__init__(config)
        self._app = app
        self._drain = drain
        self._ends_at = float("inf")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take requests from here on."""
        await super().startup(sockets)
        self._garbage = Garbage()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is under way end."""
        await super().shutdown(sockets)
        self._garbage.leave()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signal calls it
        """A signal has come; a second one does not wait."""
        self._app.state.stopping = True
        if sig == signal.SIGTERM and self._ends_at == float("inf"):
            self._ends_at = time.monotonic() + self._drain
        elif self.should_exit:
            self.force_exit = True
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: sweep up, and say whether to end."""
        self._garbage.sweep()
        if time.monotonic() >= self._ends_at:
            self.should_exit = True
        if self.should_exit:
            # Streams do not end by themselves, and the process waits for what is under way.
            self._app.state.live.close()
        return await super().on_tick(counter)
