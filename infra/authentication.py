"""Who is it? Every path is closed to those without a token, save the few that are listed here."""

from collections import Counter
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from infra.failpoint import failpoint
from infra.problems import TooManyRequests, Unauthenticated
from infra.tokens import Verifier, missing, refused
from read_api.board.session import COOKIE

OPEN: Final = frozenset({"/livez", "/readyz", "/metrics", "/openapi.json", "/docs"})
"""Paths that show nothing of any tenant."""
FEEDS: Final = "/feeds/"
OPEN_BELOW: Final = (FEEDS, "/board/static/", "/board/sign-")
"""Below these, the path itself is a secret or a file of ours."""
STREAMS: Final = frozenset({"/v1/live"})
"""Paths whose answers go on for ever: counted apart, so that who listens does not keep others from asking."""
WEBSOCKETS: Final = frozenset({"/v1/ws"})
"""Paths that take the token in the first message: a browser cannot send it in a header, and it is not for addresses."""
SIGN_IN: Final = b"/board/sign-in"
_COOKIE: Final = COOKIE.encode("ascii")
_BEARER: Final = b"bearer "
_MOST_UNDER_WAY: Final = 1000
"""Requests of one tenant in this process: past it a tenant waits, and not its neighbours."""
_MOST_STREAMS: Final = 5000
"""Streams of one tenant in this process."""


class Authentication:
    """Pure ASGI: puts `Who` into `scope["state"]["who"]`."""

    def __init__(self, app: ASGIApp, verifier: Verifier) -> None:
        """`verifier` knows whom to believe."""
        self._app = app
        self._verifier = verifier
        self._under_way = Counter[str]()
        self._streams = Counter[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, if it may be asked at all.

        Raises:
            Unauthenticated: it brings no token that we believe.
            IssuerUnreachable: that cannot be told yet.
            TooManyRequests: its tenant has enough of them under way.
        """
        if scope["type"] == "http" and scope["path"].startswith(FEEDS):
            # Whose a feed is, nobody has proved yet: all of them may have as much under way as one tenant.
            await self._take(FEEDS, scope, receive, send)
            return
        if scope["type"] == "lifespan" or _is_open(scope):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it was accepted: a plain 403
            return
        try:
            token = _token(scope)
            who = self._verifier.remembered(token) or await self._verifier.verify(token)
        except Unauthenticated:
            if not _is_page(scope):
                raise
            await send({"type": "http.response.start", "status": 303, "headers": [(b"location", SIGN_IN)]})
            await send({"type": "http.response.body", "body": b""})
            return
        failpoint("api.after_auth")
        state = scope["state"]
        state["who"] = who
        bind_contextvars(tenant=who.tenant_id, correlation_id=state["correlation_id"])
        await self._take(who.tenant_id, scope, receive, send)

    async def _take(self, tenant: str, scope: Scope, receive: Receive, send: Send) -> None:
        streams = scope["path"] in STREAMS
        under_way, most = (self._streams, _MOST_STREAMS) if streams else (self._under_way, _MOST_UNDER_WAY)
        if under_way[tenant] >= most:
            raise TooManyRequests(f"{most:,} requests of this tenant are under way.")
        under_way[tenant] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            under_way[tenant] -= 1
            if not under_way[tenant]:
                del under_way[tenant]


def _is_open(scope: Scope) -> bool:
    path: str = scope["path"]
    if scope["type"] == "websocket":
        return path in WEBSOCKETS
    return path in OPEN or path.startswith(OPEN_BELOW)


def _token(scope: Scope) -> bytes:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if not values and (kept := _kept(scope)):
        return kept
    if not values:
        raise missing()
    if len(values) > 1 or values[0][: len(_BEARER)].lower() != _BEARER:
        raise refused("Authorization takes one Bearer token.")
    return bytes(values[0][len(_BEARER) :].strip())


def _kept(scope: Scope) -> bytes | None:
    """The token that a browser keeps for the board: `SameSite=Strict`, so that no other site's page sends it along.

    A command takes an `Idempotency-Key` besides, which no form can send.
    """
    for name, value in scope["headers"]:
        if name == b"cookie":
            for one in value.split(b";"):
                cookie, _, token = one.strip().partition(b"=")
                if cookie == _COOKIE and token:
                    return bytes(token)
    return None


def _is_page(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "GET" and (path == "/" or path.startswith("/board/"))
