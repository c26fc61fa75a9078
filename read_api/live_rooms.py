"""Following a tenant's log live: one reader for all who listen to that tenant in this process.

A reader starts at the log's head and goes on by seq, so that what it hands out has no gap. Whoever comes with an older
place reads the log itself up to where the reader was when they joined, and is handed the rest.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from domain.errors import DomainError
from read_api.live_told import PAGE, Told, head, told_after
from read_api.tenant import Tenant

_POLL: Final = 1.0
"""Seconds until the log is looked at even though nobody has called."""
_GATHER: Final = 0.01
"""Seconds between two looks: what is committed meanwhile is one look, and one write to each client."""
_MOST_KEPT: Final = 1000
"""Events that wait for a client which does not read them; past that it is cut off, and comes back where it was."""

_log = structlog.get_logger()


class NotThere(DomainError):
    """The event to go on from is none of this log: it has not come that far, or it is another one by now."""

    code = "unknown_event"


class Live:
    """Those who listen, by tenant; one for the whole process."""

    def __init__(self) -> None:
        """Nobody listens."""
        self._rooms: dict[str, _Room] = {}
        self._closed = False

    async def listen(self, calls: AsyncIterator[str]) -> None:
        """Look whenever something may have been committed; what `calls` say is not read. Runs as the process does."""
        async for _ in calls:
            for room in self._rooms.values():
                room.called.set()

    def close(self) -> None:
        """End every stream: this process will not answer for long. Clients come back, to another one."""
        self._closed = True
        for room in self._rooms.values():
            room.cut_all()

    async def follow(
        self, tenant: Tenant, after: int | None, *, heartbeat: float
    ) -> AsyncGenerator[tuple[int, Sequence[Told]], None]:
        """Events behind `after`, or behind the head, with the seq up to which nothing more is to be told.

        The first is the place where it begins, without an event; so is each that comes when `heartbeat` seconds have
        passed without any. Ends when this process does, or when the client has fallen too far behind.

        Raises:
            NotThere: the log has no event `after`.
        """
        room = self._rooms.get(tenant.who.tenant_id) or self._open(tenant)
        seat = _Seat()
        room.seats.add(seat)
        try:
            at = await room.begun()
            # From here until the first wait nothing can come between: `room.at` and the seat belong together.
            begins = room.at
            place = at if after is None else after
            if place > begins:
                await _must_be_there(tenant, place)
            yield place, ()
            while place < begins:
                async with tenant.connection() as connection:
                    page = await told_after(connection, tenant.who.tenant_id, place, begins)
                place = page[-1].seq
                yield place, page
            while not seat.cut and not self._closed:
                news = [told for told in await seat.take(heartbeat) if told.seq > place]
                place = news[-1].seq if news else place
                yield place, news
        finally:
            room.seats.discard(seat)
            if not room.seats:
                self._leave(room)

    def _open(self, tenant: Tenant) -> "_Room":
        room = self._rooms[tenant.who.tenant_id] = _Room(tenant)
        room.reading.add_done_callback(lambda _: self._leave(room))
        return room

    def _leave(self, room: "_Room") -> None:
        """Nobody is left, or it cannot read: its clients come back, to a new one."""
        if self._rooms.get(room.tenant_id) is room:
            del self._rooms[room.tenant_id]
        room.reading.cancel()
        room.cut_all()


class _Seat:
    """What waits for one client."""

    __slots__ = ("_came", "_waiting", "cut")

    def __init__(self) -> None:
        self._waiting = deque[Told]()
        self._came = asyncio.Event()
        self.cut = False

    def put(self, news: Sequence[Told]) -> None:
        if len(self._waiting) + len(news) > _MOST_KEPT:
            self.leave()
        elif not self.cut:
            self._waiting.extend(news)
            self._came.set()

    def leave(self) -> None:
        self.cut = True
        self._waiting.clear()
        self._came.set()

    async def take(self, seconds: float) -> list[Told]:
        """All that waits, at once if anything does; nothing when so many seconds have passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._came.wait()
        self._came.clear()
        taken = list(self._waiting)
        self._waiting.clear()
        return taken


class _Room:
    """The reader of one tenant's log, and the seats of its clients."""

    def __init__(self, tenant: Tenant) -> None:
        """Begins to read at once, by the way of the client who came first."""
        self.tenant_id = tenant.who.tenant_id
        self.seats = set[_Seat]()
        self.called = asyncio.Event()
        self.at = 0
        """The last seq that was handed out, once the reader has begun."""
        self._tenant = replace(tenant, seen=None)
        self._begins = asyncio.get_running_loop().create_future()
        self.reading = asyncio.create_task(self._read(), name=f"live {self.tenant_id}")
        self.reading.add_done_callback(self._ended)

    async def begun(self) -> int:
        """Where the reader is; waits until it has found the log's head."""
        await asyncio.shield(self._begins)
        return self.at

    def cut_all(self) -> None:
        """Let every client go."""
        for seat in self.seats:
            seat.leave()

    async def _read(self) -> None:
        async with self._tenant.connection() as connection:
            self.at = await head(connection, self.tenant_id)
        self._begins.set_result(None)
        while True:
            self.called.clear()
            async with self._tenant.connection() as connection:
                news = await told_after(connection, self.tenant_id, self.at)
            if news:
                self.at = news[-1].seq
                for seat in self.seats:
                    seat.put(news)
            if len(news) < PAGE:
                await asyncio.sleep(_GATHER)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL):
                        await self.called.wait()

    def _ended(self, reading: asyncio.Task[None]) -> None:
        if reading.cancelled():
            self._begins.cancel()
            return
        error = reading.exception()
        _log.warning("live_interrupted", tenant=self.tenant_id, exc_info=error)
        if not self._begins.done() and error is not None:
            self._begins.set_exception(error)


async def _must_be_there(tenant: Tenant, seq: int) -> None:
    async with tenant.connection() as connection:
        if seq > await head(connection, tenant.who.tenant_id):
            raise NotThere("This log has no such event; begin anew.", last_event_id=seq)
