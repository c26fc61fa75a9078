"""The only door to stored data: a connection that sees one tenant, reads only, and shows one moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString, Protocol

from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg.sql import Composed
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool

from domain.consistency import ForeignToken, Seen
from domain.event import Event
from domain.permission import Who
from read_api.freshness import PATIENCE, Freshness, ReadModelBehind, StreamParked
from read_api.keys import Keys, KeysUnavailable, Question, Reply
from read_api.together import Together

Pool = AsyncConnectionPool[AsyncConnection[Any]]
_LOOK_AGAIN: Final = 0.02
"""Seconds until a copy of the database is looked at again."""
_ABOUT_TO: Final = 0.05
"""Seconds that read models known to be behind are given before anybody looks whether they still are."""

Found = dict[str, Any]
"""A row: ids as text, instants in UTC."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What a route may do with a connection: read, of its tenant, all of one moment."""

    now: datetime
    """The database's clock when the connection was opened: the instant at which deadlines are applied."""
    _parked: frozenset[str]
    """Streams of which one of the read models has left something out."""
    _connection: AsyncConnection[Any]

    def vouch_for(self, *streams: str) -> None:
        """What is shown rests on these streams.

        Raises:
            StreamParked: one of them is not complete.
        """
        if not self._parked.isdisjoint(streams):
            raise StreamParked

    async def rows(self, query: LiteralString | Composed, parameters: Mapping[str, Any]) -> list[Found]:
        """Every row that `query` finds."""
        cursor = self._connection.cursor(row_factory=dict_row)
        cursor.adapters.register_loader("uuid", TextLoader)
        await cursor.execute(query, parameters)
        return await cursor.fetchall()

    async def row(self, query: LiteralString | Composed, parameters: Mapping[str, Any]) -> Found | None:
        """The one row that `query` finds, or None."""
        found = await self.rows(query, parameters)
        return found[0] if found else None


class Clock(Protocol):
    """The database's clock, for reads that ask no database."""

    async def now(self) -> datetime:
        """The instant at which deadlines are applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What every read needs; one for the whole process, in `app.state.reads`."""

    pool: Pool
    """Connections in the role `production_tool_reader`, to where the log is written."""
    replica: Pool | None = None
    """The same to a copy of that database, for what read models answer; the log itself is read where it is written."""
    freshness: Freshness
    decode: Callable[[str, str], Event]
    """Stored name and JSON text of an event to the event."""
    clock: Clock
    keys: Keys | None = None
    """Read models in Redis; None where there is no Redis."""
    together: Together = field(default_factory=Together)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One request's way to the data of its tenant."""

    who: Who
    reads: Reads
    projections: frozenset[str]
    """The read models that the request looks at."""
    seen: Seen | None
    """What the caller has seen and wants to see again."""

    @asynccontextmanager
    async def connection(self, *, about: Collection[str] | None = None) -> AsyncIterator[Connection]:
        """A snapshot of this tenant's rows in which the read models have come as far as the caller has seen.

        `about` are the streams that the answer rests on, if they are known: only these have to be complete, and what
        else it comes to rest on is for `Connection.vouch_for`. Without it nothing of these read models may be parked.

        Raises:
            StreamParked: a read model has left out something that the answer should show.
            ForeignToken: what the caller has seen is not of this tenant, or of another life of its log.
            ReadModelBehind: they have not come that far in time.
        """
        if self.seen is None:
            async with self._snapshot(about) as (connection, _):
                yield connection
            return
        clock = asyncio.get_running_loop().time
        until = clock() + PATIENCE
        with self.reads.freshness.waiting(self.who.tenant_id, self.projections, self.seen.seq) as woken:
            if self.reads.freshness.is_behind(self.who.tenant_id, self.projections, self.seen.seq):
                with suppress(TimeoutError):
                    async with asyncio.timeout(_ABOUT_TO):
                        await woken.wait()
            while True:
                woken.clear()
                late = clock() >= until
                async with self._snapshot(about) as (connection, reached):
                    if reached:
                        yield connection
                        return
                if late:
                    raise ReadModelBehind
                with suppress(TimeoutError):
                    # A copy comes behind the notice, and tells nobody when it does.
                    async with asyncio.timeout_at(until if self._at_source else min(until, clock() + _LOOK_AGAIN)):
                        await woken.wait()

    @property
    def _at_source(self) -> bool:
        return self.reads.replica is None or not self.projections

    async def ask(
        self, question: Question, arguments: Callable[[datetime], tuple[str | int, ...]], *of: Hashable
    ) -> tuple[Any, datetime]:
        """The keys' answer to `question` about this tenant, and the database's now that `arguments` was told.

        `of` is all else that `arguments` depends on: whoever asks with the same may share an answer.

        Raises:
            KeysUnavailable: Postgres has to answer.
            ReadModelBehind: the read models have not come as far as the caller has seen in time.
        """
        keys = self.reads.keys
        if keys is None:
            raise KeysUnavailable

        async def look() -> tuple[Reply, datetime]:
            now = await self.reads.clock.now()
            return await keys.ask(self.who.tenant_id, question, arguments(now)), now

        seq = 0 if self.seen is None else self.seen.seq
        until = asyncio.get_running_loop().time() + PATIENCE
        with self.reads.freshness.waiting(self.who.tenant_id, question.projections, seq) as woken:
            while True:
                woken.clear()
                late = asyncio.get_running_loop().time() >= until
                reply, now = await self.reads.together.ask((self.who.tenant_id, question, *of), look)
                if self.seen is not None and reply.incarnation != self.seen.incarnation:
                    raise KeysUnavailable  # one of the two is of another life of the log; Postgres knows which
                if reply.seq >= seq:
                    return reply.answer, now
                if late:
                    raise ReadModelBehind
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(until):
                        await woken.wait()

    @asynccontextmanager
    async def _snapshot(self, about: Collection[str] | None) -> AsyncIterator[tuple[Connection, bool]]:
        pool = self.reads.replica if self.projections and self.reads.replica is not None else self.reads.pool
        async with pool.connection() as connection, connection.pipeline() as pipeline, connection.transaction():
            cursor = connection.cursor()
            await connection.execute(
                "SELECT set_config('app.tenant', %s, true), set_config('TimeZone', 'UTC', true)",
                [self.who.tenant_id],
            )
            await cursor.execute(
                """
                SELECT clock_timestamp(),
                       (SELECT incarnation::text FROM heads WHERE tenant_id = %(tenant_id)s),
                       (SELECT count(*)
                        FROM positions
                        WHERE tenant_id = %(tenant_id)s AND projection = ANY (%(projections)s) AND seq >= %(seq)s),
                       (SELECT coalesce(array_agg(DISTINCT stream), '{}')
                        FROM parked
                        WHERE tenant_id = %(tenant_id)s AND projection = ANY (%(projections)s))
                """,
                {
                    "tenant_id": self.who.tenant_id,
                    "projections": list(self.projections),
                    "seq": 0 if self.seen is None else self.seen.seq,
                },
            )
            await pipeline.sync()
            now, incarnation, reached, parked = await anext(cursor)
            unborn = incarnation is None and not self._at_source  # a copy that has not heard of the tenant yet
            if self.seen is not None and self.seen.incarnation != incarnation and not unborn:
                raise ForeignToken("This Consistency-Token is of another life of the log.")
            opened = Connection(now, frozenset(parked), connection)
            if about is None:
                opened.vouch_for(*parked)
            else:
                opened.vouch_for(*about)
            yield opened, reached == len(self.projections)
