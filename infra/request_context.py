"""Around every request: its correlation id, its place in the metrics, and an answer whatever goes wrong."""

import asyncio
import re
import time
from http import HTTPStatus
from random import getrandbits
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from infra.failpoint import failpoint
from infra.metrics import Metrics
from infra.problems import TookTooLong, refuse

_ID: Final = re.compile(rb"[0-9A-Za-z._:-]{1,128}")
_CLIENT_GONE: Final = 499
"""In the metrics only: the client had gone before there was an answer."""
_PATIENCE: Final = 30.0
"""Seconds until an answer begins, or is given up. Whatever we wait for has a shorter bound of its own; this one is for
what has none, such as a read of a database that has fallen silent."""


class RequestContext:
    """Pure ASGI and outermost: turns whatever is raised into a problem document, so that nobody else need to."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """`metrics` counts."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; raises only what came after the answer had begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = _correlation_id(scope)
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        answer = _Answer(send, (b"x-request-id", correlation_id.encode("ascii")))
        patience = asyncio.get_running_loop().call_later(_PATIENCE, answer.give_up)
        began = time.perf_counter()
        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, answer)
        except Exception as error:
            if answer.status:
                raise
            with bound_contextvars(correlation_id=correlation_id):
                await _send_refusal(error, answer)
        finally:
            patience.cancel()
            self._metrics.in_flight.dec()
            route = getattr(scope.get("route"), "path", "none")
            status = answer.status or _CLIENT_GONE
            self._metrics.answered(scope["method"], route, status, time.perf_counter() - began)


class _Answer:
    """`send` of one request: one answer, with the request's id in its head."""

    __slots__ = ("_given_up", "_header", "_send", "status")

    def __init__(self, send: Send, header: tuple[bytes, bytes]) -> None:
        self._send = send
        self._header = header
        self._given_up: asyncio.Task[None] | None = None
        self.status = 0
        """0 until the answer has begun."""

    async def __call__(self, message: Message) -> None:
        if self._given_up is not None:
            return
        if message["type"] == "http.response.start":
            failpoint("api.before_response")
            self.status = message["status"]
            message["headers"] = [*message["headers"], self._header]
        await self._send(message)

    def give_up(self) -> None:
        """Answer that there is no answer, unless there is. Whoever works on one is left alone: it may be writing."""
        if not self.status:
            late = _Answer(self._send, self._header)
            self._given_up = asyncio.create_task(_send_refusal(TookTooLong(), late))
            self.status = HTTPStatus.SERVICE_UNAVAILABLE


async def _send_refusal(error: Exception, send: Send) -> None:
    refusal = refuse(error)
    headers = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in refusal.headers.items()]
    headers.append((b"content-length", b"%d" % len(refusal.body)))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": refusal.body})


def _correlation_id(scope: Scope) -> str:
    """What the client calls the request, if that can be repeated; else something new."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return bytes(value).decode("ascii")
    return f"{getrandbits(128):032x}"
