"""Around every request: its correlation id, its place in the metrics, and an answer whatever goes wrong."""

import re
import time
from random import getrandbits
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from infra.failpoint import failpoint
from infra.metrics import Metrics
from infra.problems import refuse

_ID: Final = re.compile(rb"[0-9A-Za-z._:-]{1,128}")
_CLIENT_GONE: Final = 499
"""In the metrics only: the client had gone before there was an answer."""


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
        bind_contextvars(correlation_id=correlation_id)
        header = (b"x-request-id", correlation_id.encode("ascii"))
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                failpoint("api.before_response")
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        began = time.perf_counter()
        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, answer)
        except Exception as error:
            if status:
                raise
            await _send_refusal(error, answer)
        finally:
            self._metrics.in_flight.dec()
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.answered(scope["method"], route, status or _CLIENT_GONE, time.perf_counter() - began)


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
