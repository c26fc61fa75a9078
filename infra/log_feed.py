"""The log as a feed: what the projectors follow when nothing stands between them and Postgres."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.sql import SQL, Composed, Literal
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool
from pydantic import ValidationError

from consumers.feed import LARGEST_BATCH, Batch
from consumers.parking import said
from domain.event import Event
from infra.mapper import UnknownEvent
from infra.nudge import heads_in
from projections.recorded import Recorded, Unreadable, passed_over

_POLL: Final = 1.0
"""Seconds until every head is looked at even though nobody has called."""
_LATE: Final = timedelta(seconds=30)
"""A head that becomes visible later than this after its `recorded_at` is found by the poll only."""
_AT_ONCE: Final = 10
"""Tenants that a batch is shared out to when each of them is far behind."""
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

_COUNT: Final = """
SELECT count(*)
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS asked (tenant_id, after, until)
CROSS JOIN LATERAL (
    SELECT
    FROM events
    WHERE tenant_id = asked.tenant_id AND seq > asked.after AND seq <= asked.until
    LIMIT asked.until - asked.after
) AS e
"""

E_co = TypeVar("E_co", covariant=True)

Decode = Callable[[str, bytes], Event]
"""Stored name and JSON text to event: `infra.mapper.Mapper.decode`."""


def readable(decode: Decode, stored_as: str, data: bytes) -> Event:
    """The event, or what stands for one that this version does not know: projections park it."""
    try:
        return decode(stored_as, data)
    except (UnknownEvent, ValidationError) as error:
        return Unreadable(why=said(error))


class AsStored(Loader):
    """The bytes of a `json` value, unread."""

    def load(self, data: Buffer) -> bytes:
        """Copy them out of the connection's memory."""
        return bytes(data)


class Wanted(NamedTuple):
    """A range of one tenant's log: `after < seq <= until`."""

    tenant_id: str
    after: int
    until: int


class Reader(Protocol[E_co]):
    """Reads ranges of the log, as whatever it makes of an event."""

    async def read(self, wanted: Sequence[Wanted]) -> Sequence[E_co]:
        """These ranges, all of which are committed, one after the other."""


class LogHistory:
    """Ranges of the log; `consumers.feed.History`."""

    def __init__(
        self, pool: AsyncConnectionPool[AsyncConnection[Any]], decode: Decode, *, passing_over: Collection[str] = ()
    ) -> None:
        """`pool` gives connections in the role `production_tool_projector`.

        Of events that are stored under the names in `passing_over`, nothing is read but that they are there.
        """
        self._pool = pool
        self._decode = decode
        self._passes_over = bool(passing_over)
        self._query = _query(passing_over)

    async def between(self, tenant_id: str, *, after: int, until: int) -> AsyncGenerator[Batch, None]:
        """See `consumers.feed.History`."""
        async with aclosing(
            self.of_all(after={tenant_id: after}, until={tenant_id: until}, size=LARGEST_BATCH)
        ) as all_:
            async for batch in all_:
                yield batch

    async def of_all(
        self, *, after: Mapping[str, int], until: Mapping[str, int], size: int
    ) -> AsyncGenerator[Batch, None]:
        """See `consumers.feed.History`. The next batch is read while the one before is dealt with."""
        ranges = [Wanted(tenant, after.get(tenant, 0), seq) for tenant, seq in until.items()]
        reading: asyncio.Task[Batch] | None = None
        try:
            for wanted in pages(ranges, size):
                batch = await reading if reading else None
                reading = asyncio.create_task(self.read(wanted), name="log history reads")
                if batch:
                    yield batch
            if reading:
                yield await reading
        finally:
            if reading:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def read(self, wanted: Sequence[Wanted]) -> Batch:
        """These ranges, all of which are committed, one after the other.

        Raises:
            LookupError: an event is not there, so the log is broken.
        """
        ranges = [list(column) for column in zip(*wanted, strict=True)]
        async with self._pool.connection() as connection:
            cursor, counted = connection.cursor(), connection.cursor()
            cursor.adapters.register_loader("uuid", TextLoader)
            cursor.adapters.register_loader("json", AsStored)
            # A pipeline is one transaction without being told so.
            async with connection.pipeline():
                await connection.execute(
                    "SELECT set_config('app.tenants', %s::uuid[]::text, true), set_config('TimeZone', 'UTC', true)",
                    ranges[:1],
                )
                await cursor.execute(self._query, ranges)
                if self._passes_over:
                    await counted.execute(_COUNT, ranges)
            rows = await cursor.fetchall()
            found = (await counted.fetchall())[0][0] if self._passes_over else len(rows)
        # A seq is there once at most, so as many as there must be means every single one.
        if found != sum(want.until - want.after for want in wanted):
            raise LookupError(f"{found} events where {wanted} are committed: the log is not gapless")
        decode = self._decode
        batch = [
            Recorded(tenant, seq, stream, version, id_, type_, readable(decode, type_, data), at, actor, why, cause)
            for tenant, seq, stream, version, id_, type_, data, at, actor, why, cause in rows
        ]
        return batch if len(batch) == found else list(filled(wanted, batch))


class LogFeed(Generic[E_co]):
    """Every tenant's log, followed by its heads; `consumers.feed.Feed`.

    A call that says where logs have come to is believed. After another it looks at the heads that moved, and at all of
    them once a second. The next batch is read while the one before is dealt with. A tenant with much to read does not
    keep the others waiting: a batch is shared out.
    """

    def __init__(
        self,
        *,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        history: Reader[E_co],
        calls: AsyncIterator[str],
        mine: Callable[[str], bool] | None = None,
        catching_up: int = LARGEST_BATCH,
    ) -> None:
        """`calls`: something may have been committed (`infra.listen.heard` on `infra.nudge.CHANNEL`).

        With `mine` only those tenants are followed. A batch has up to `catching_up` events while there are more than
        fit into the largest.
        """
        self._pool = pool
        self._history = history
        self._calls = calls
        self._mine = mine
        self._catching_up = catching_up
        self._called = asyncio.Event()
        self._has_to_look = False
        self._at: dict[str, int] = {}
        self._behind: dict[str, int] = {}
        self._newest = _LONG_AGO
        self._polled = float("-inf")

    @property
    def behind(self) -> int:
        """How many events are known to be recorded and were not given out."""
        return sum(head - self._at.get(tenant_id, 0) for tenant_id, head in self._behind.items())

    async def follow(self, after: Mapping[str, int]) -> AsyncGenerator[Sequence[E_co], None]:
        """See `consumers.feed.Feed`."""
        self._at = dict(after)
        hearing = asyncio.create_task(self._hear(), name="log feed hears")
        reading = asyncio.create_task(self._next(), name="log feed reads")
        try:
            while True:
                await asyncio.wait({hearing, reading}, return_when=asyncio.FIRST_COMPLETED)
                if hearing.done():
                    hearing.result()
                batch = await reading
                reading = asyncio.create_task(self._next(), name="log feed reads")
                yield batch
        finally:
            hearing.cancel()
            reading.cancel()
            await asyncio.gather(hearing, reading, return_exceptions=True)

    async def _hear(self) -> None:
        async for call in self._calls:
            heads = heads_in(call)
            if heads is None:
                self._has_to_look = True
            else:
                self._note(heads)
            self._called.set()

    async def _next(self) -> Sequence[E_co]:
        await self._look_if_need_be()
        while not self._behind:
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL):
                    await self._called.wait()
            await self._look_if_need_be()
        room = LARGEST_BATCH if self.behind <= LARGEST_BATCH else self._catching_up
        wanted = share_out(self._behind, self._at, room)
        batch = await self._history.read(wanted)
        for want in wanted:
            self._at[want.tenant_id] = want.until
            # Who is still behind goes to the end of the line.
            head = self._behind.pop(want.tenant_id)
            if head > want.until:
                self._behind[want.tenant_id] = head
        return batch

    async def _look_if_need_be(self) -> None:
        """See which tenants have something new."""
        self._called.clear()
        poll = time.monotonic() - self._polled >= _POLL
        if not (poll or self._has_to_look):
            return
        self._has_to_look = False
        since = _LONG_AGO if poll else self._newest - _LATE
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                """
                SELECT tenant_id::text, seq, recorded_at
                FROM heads
                WHERE recorded_at >= %s
                """,
                [since],
            )
            heads = await cursor.fetchall()
        self._newest = max([self._newest, *(recorded_at for *_, recorded_at in heads)])
        self._note({tenant_id: seq for tenant_id, seq, _ in heads})
        if poll:
            self._polled = time.monotonic()

    def _note(self, heads: Mapping[str, int]) -> None:
        for tenant_id, seq in heads.items():
            known = self._behind.get(tenant_id) or self._at.get(tenant_id, 0)
            if seq > known and (self._mine is None or self._mine(tenant_id)):
                self._behind[tenant_id] = seq


def pages(ranges: Iterable[Wanted], size: int) -> Iterator[list[Wanted]]:
    """All of these ranges, in pieces of `size` events and a last one of what remains."""
    page, room = list[Wanted](), size
    for tenant_id, after, until in ranges:
        at = after
        while at < until:
            end = min(until, at + room)
            page.append(Wanted(tenant_id, at, end))
            room -= end - at
            at = end
            if not room:
                yield page
                page, room = [], size
    if page:
        yield page


def share_out(behind: Mapping[str, int], at: Mapping[str, int], room: int = LARGEST_BATCH) -> list[Wanted]:
    """The next batch: up to `room` events of those who are first in the line, whom it gives a tenth of that each.

    Who is behind by less gets all that it needs, and leaves the rest to the others.
    """
    line, most = list[tuple[str, int]](), max(1, room // _AT_ONCE)
    left = room
    for tenant_id, head in behind.items():
        line.append((tenant_id, head - at.get(tenant_id, 0)))
        left -= min(most, line[-1][1])
        if left <= 0:
            break
    wanted = list[Wanted]()
    for place, (tenant_id, missing) in enumerate(sorted(line, key=itemgetter(1))):
        after = at.get(tenant_id, 0)
        until = after + min(missing, room // (len(line) - place))
        wanted.append(Wanted(tenant_id, after, until))
        room -= until - after
    return wanted


def filled(wanted: Iterable[Wanted], found: Iterable[Recorded]) -> Iterator[Recorded]:
    """All events of these ranges, those among them that were `found` and those that were passed over."""
    rest = iter(found)
    one = next(rest, None)
    for tenant_id, after, until in wanted:
        at = after
        while one is not None and one.tenant_id == tenant_id and one.seq <= until:
            yield from passed_over(tenant_id, at, one.seq - 1)
            yield one
            at, one = one.seq, next(rest, None)
        yield from passed_over(tenant_id, at, until)


def _query(passing_over: Collection[str]) -> Composed:
    # The names are constants to the planner, which then looks each event's up in a hash table.
    # LATERAL with a LIMIT, so that the plan is one index range a tenant even without statistics.
    return SQL(
        """
        SELECT asked.tenant_id, e.seq, e.stream, e.version, e.event_id, e.event_type, e.data,
               e.recorded_at, e.actor, e.correlation_id, e.causation_id
        FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) WITH ORDINALITY
            AS asked (tenant_id, after, until, n)
        CROSS JOIN LATERAL (
            SELECT seq, stream, version, event_id, event_type, data, recorded_at, actor, correlation_id,
                   causation_id
            FROM events
            WHERE tenant_id = asked.tenant_id AND seq > asked.after AND seq <= asked.until
            ORDER BY seq
            LIMIT asked.until - asked.after
        ) AS e
        WHERE e.event_type <> ALL ({passing_over}::text[])
        ORDER BY asked.n, e.seq
        """
    ).format(passing_over=Literal(sorted(passing_over)))
