"""The API, wired: what answers, in front of what."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

import httpx
import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import iter_route_contexts
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import compile_path
from starlette.types import ASGIApp

from commands import api as commands_api
from commands import api_imports
from commands.api_paths import CommandPaths
from commands.log import Log
from consumers.notices import CHANNEL
from infra import built_in_issuer, operations
from infra.authentication import Authentication
from infra.body_limit import BodyLimit
from infra.catalogue import EVENTS
from infra.database_clock import DatabaseClock
from infra.event_log import EventLog
from infra.fast_lane import FastLane
from infra.feed_key import feed_key
from infra.jwks import FetchedKeys
from infra.known_paths import KnownPaths
from infra.listen import heard
from infra.mapper import Mapper
from infra.metrics import Metrics
from infra.nudge import CHANNEL as EVENTS_CHANNEL
from infra.openapi_document import openapi_document
from infra.postgres import Pool, reader_pool
from infra.problems import refuse
from infra.redis_reads import RedisKeys
from infra.request_context import RequestContext
from infra.settings import Settings
from infra.tokens import Trusted, Verifier
from read_api import api as reads_api
from read_api.board import api as board_api
from read_api.freshness import Freshness
from read_api.live_rooms import Live
from read_api.tenant import Reads

_log = structlog.get_logger()

_PATIENCE: Final = 1.0
"""Seconds that `/readyz` gives the database."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with."""

    log: Log
    reads: Reads
    live: Live = field(default_factory=Live)


OpenParts = Callable[[], AbstractAsyncContextManager[Parts]]


def create_app(settings: Settings, open_parts: OpenParts) -> FastAPI:
    """The API on the parts that `open_parts` opens when it starts and closes when it ends.

    Raises:
        KeyUnusable: the built-in issuer is on, and its key cannot be used.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with http, open_parts() as parts:
            app.state.log, app.state.reads, app.state.live = parts.log, parts.reads, parts.live
            app.state.database_answers = lambda: _all_answer(parts.reads)
            yield

    http = httpx.AsyncClient()
    app = _Api(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.refuse, app.state.stopping, app.state.metrics = refuse, False, Metrics()
    app.state.feed_key = cache(partial(feed_key, settings))
    app.router.routes += [*commands_api.router.routes, *reads_api.router.routes]
    for router in (api_imports.router, board_api.router, operations.router):
        app.include_router(router)
    app.verifier, app.most = _verifier(settings, http), settings.max_body_size
    app.state.verify = app.verifier.verify
    app.state.sign_in_at = [issuer for issuer in settings.issuers if issuer.sign_in_url]
    return app


class _Api(FastAPI):
    """FastAPI's routes and document behind an edge of our own."""

    verifier: Verifier
    most: int

    def build_middleware_stack(self) -> ASGIApp:
        """What every request passes, outermost last. Whatever is raised ends in `RequestContext`, crashes included."""
        app: ASGIApp = AsyncExitStackMiddleware(KnownPaths(self.router, self.router.routes))
        app = ExceptionMiddleware(app, handlers={HTTPException: _problem, RequestValidationError: _problem})
        app = FastLane(app, CommandPaths(commands_api.router.commands))
        app = BodyLimit(app, self.most)
        app = Authentication(app, self.verifier)
        return RequestContext(app, self.state.metrics)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = openapi_document(self.routes)
        return self.openapi_schema


@asynccontextmanager
async def on_postgres(url: str, replica_url: str | None = None, redis_url: str | None = None) -> AsyncIterator[Parts]:
    """The parts that are meant for real; `replica_url` is a copy of the database that read models may be read from.

    Without `redis_url` Postgres answers everything.
    """
    mapper, freshness, lives = Mapper(EVENTS), Freshness(), Live()
    log = EventLog(url, mapper)
    listening = [
        asyncio.create_task(freshness.listen(heard(url, CHANNEL)), name="freshness"),
        asyncio.create_task(lives.listen(heard(url, EVENTS_CHANNEL)), name="live"),
    ]
    for task in listening:
        task.add_done_callback(_end_with)
    try:
        async with AsyncExitStack() as opened:
            pool = await opened.enter_async_context(reader_pool(url))
            replica = None if replica_url is None else await opened.enter_async_context(reader_pool(replica_url))
            clock = await opened.enter_async_context(aclosing(DatabaseClock(pool)))
            keys = None if redis_url is None else await opened.enter_async_context(aclosing(RedisKeys(redis_url)))
            decode = mapper.decode
            reads = Reads(pool=pool, replica=replica, freshness=freshness, decode=decode, clock=clock, keys=keys)
            yield Parts(log, reads, lives)
    finally:
        lives.close()
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        await log.close()


def _end_with(task: asyncio.Task[None]) -> None:
    """A process without one of its parts ends in good order, to be started again whole."""
    if not task.cancelled():
        _log.critical("part_ended", part=task.get_name(), exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)


async def _all_answer(reads: Reads) -> bool:
    pools = [reads.pool] if reads.replica is None else [reads.pool, reads.replica]
    return all(await asyncio.gather(*map(_answers, pools)))


async def _answers(pool: Pool) -> bool:
    asking = asyncio.create_task(_asked(pool))
    answered, _ = await asyncio.wait({asking}, timeout=_PATIENCE)
    asking.cancel()  # psycopg goes on waiting for a silent server, and nobody should wait for that
    return asking in answered and asking.result()


async def _asked(pool: Pool) -> bool:
    with suppress(psycopg.OperationalError, PoolTimeout):
        async with pool.connection(_PATIENCE) as connection:
            await connection.execute("SELECT 1")
            return True
    return False


def _verifier(settings: Settings, http: httpx.AsyncClient) -> Verifier:
    trusted = {one.issuer: Trusted(one, FetchedKeys(str(one.jwks_url), http)) for one in settings.issuers}
    if settings.built_in_issuer:
        trusted[built_in_issuer.NAME] = built_in_issuer.trusted(settings.data)
    return Verifier(trusted)


async def _problem(request: Request, error: Exception) -> Response:
    """What FastAPI itself raises; everything else gets as far as `RequestContext`."""
    refusal = refuse(error)
    headers = dict(refusal.headers)
    if refusal.status == 405:  # noqa: PLR2004 - its name says no more
        headers["Allow"] = ", ".join(sorted(_allowed(request.app, request.url.path)))
    return Response(refusal.body, refusal.status, headers)


def _allowed(app: FastAPI, path: str) -> set[str]:
    """Every method that any route has for `path`, of which the framework only knows those of the first."""
    routes = ((route.path, route.methods) for route in iter_route_contexts(app.routes))
    return {
        method
        for template, methods in routes
        if template and compile_path(template)[0].match(path)
        for method in methods or ()
    }
