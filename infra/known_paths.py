"""Reads whose path is always the same go straight to their routes: the framework tries one route after another."""

from collections.abc import Iterable

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send


class KnownPaths:
    """Hands a request to the one route of its path; all else goes the framework's way."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        """`app` is the framework's way; `routes` are looked through in their order, as it would."""
        self._app = app
        self._routes: dict[tuple[str, str], APIRoute] = {}
        for route in routes:
            if isinstance(route, APIRoute) and "{" not in route.path:
                for method in route.methods or ():
                    self._routes.setdefault((method, route.path), route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope.update(route.matches(scope)[1])
        await route.handle(scope, receive, send)
