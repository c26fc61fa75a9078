"""The database's clock for reads that do not ask the database: deadlines are applied at no other."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

_FRESH: Final = 1.0
"""Seconds after which the database is asked again."""


class DatabaseClock:
    """A `read_api.tenant.Clock`: the last reading plus the time since.

    Read again beside the requests, never ahead of the database's own.
    """

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        """Asks over connections of `pool`."""
        self._pool = pool
        self._reading: datetime | None = None
        self._read_at = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def now(self) -> datetime:
        """The instant; only the first time waits for the database.

        Raises:
            PoolTimeout, psycopg.OperationalError: the database has never answered.
        """
        if self._reading is None:
            await self._read()
        elif time.monotonic() - self._read_at > _FRESH and (self._asking is None or self._asking.done()):
            self._asking = asyncio.create_task(self._read_if_it_answers())
        assert self._reading is not None  # noqa: S101 - it was read, or an error was raised
        return self._reading + timedelta(seconds=time.monotonic() - self._read_at)

    async def aclose(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _read_if_it_answers(self) -> None:
        with suppress(psycopg.OperationalError, PoolTimeout):
            await self._read()

    async def _read(self) -> None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
            ((reading,),) = await cursor.fetchall()
        self._reading, self._read_at = reading.replace(tzinfo=UTC), time.monotonic()
