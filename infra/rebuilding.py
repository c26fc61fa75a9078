"""`production-tool rebuild`, wired to Postgres."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Final

import psycopg

from consumers.postgres_copy import PostgresCopy
from consumers.postgres_store import PostgresStore
from consumers.projector import Projector, TooManyParked
from consumers.rebuild import Compared
from consumers.rebuild import rebuild as run
from infra.cannot_run import CannotRun
from infra.decoding import history_for
from infra.failpoint import failpoint
from infra.log_feed import LogHistory
from infra.nothing import Nothing
from infra.postgres import check_database, projector_pool, rebuilding_pool
from projections.projection import Projection

_LOCK: Final = 0x72656275
"""Any number that nobody else would think of; with that of the read model, the key of a rebuild's lock."""


class RebuildRefused(CannotRun):
    """Somebody else rebuilds the same read model, or this version cannot build it."""


async def rebuild(
    url: str, projection: Projection, tenant_id: str | None, progress: Callable[[int, int], None]
) -> Compared:
    """Make a read model anew beside the live one, of all tenants or one, and switch; returns how the old one differed.

    Raises:
        RebuildRefused: it is being rebuilt, or cannot be; the live one is as it was.
        RoleRefused, SchemaMismatch: the database is not ready for us.
        psycopg.OperationalError: it cannot be reached, or went away; the next run goes on from there.
    """
    await check_database(url)
    async with alone(url, projection), copying(url, projection) as (copy, history):
        try:
            return await run(copy, history, only=tenant_id, progress=progress)
        except TooManyParked as error:
            raise RebuildRefused(f"nothing was switched: {error}") from error


@asynccontextmanager
async def copying(url: str, projection: Projection) -> AsyncIterator[tuple[PostgresCopy, LogHistory]]:
    """The copy of a read model, and the log that it is made from."""
    async with projector_pool(url) as pool, rebuilding_pool(url) as there:
        history = history_for(pool, [projection])
        store = PostgresStore(pool=there, projections=[projection], failpoint=failpoint, tells=False)
        copy = PostgresCopy(
            projection=projection,
            pool=pool,
            projector=Projector(feed=Nothing(), history=history, store=store, failpoint=failpoint),
            code=code(),
            failpoint=failpoint,
        )
        yield copy, history


def code() -> str:
    """A digest of everything that decides what a read model is made of."""
    digest = hashlib.sha256()
    for package in ("domain", "projections"):
        for file in sorted(files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                digest.update(file.read_bytes())
    return digest.hexdigest()


@asynccontextmanager
async def alone(url: str, projection: Projection) -> AsyncIterator[None]:
    """Nobody else rebuilds it meanwhile."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        found = await connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [_LOCK, projection.name])
        if await found.fetchone() != (True,):
            raise RebuildRefused(f"{projection.name} is being rebuilt already")
        yield
