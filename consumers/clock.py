"""The clock: what falls due is recorded, though nobody touches the calendar.

It goes through the read model `overdue` in order of time, all tenants at once, by the database's clock. Each calendar
on which something is due gets one command, under a key made of the calendar and the instant: killed anywhere, or run
twice, everything is recorded once. No decision and no read depends on whether it has been.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from commands.calendar import record_overdue
from commands.context import Context
from commands.log import CommandInFlight, Log, LogUnavailable
from domain.errors import DomainError, VersionConflict
from domain.overdue import NotDue
from projections.overdue import PROJECTION
from read_api.freshness import Notice

ACTOR: Final = "clock"

_PAGE: Final = 500
"""Clocks that are looked at together; their calendars' commands are written in about one commit."""
_BREATH: Final = 0.05
"""Seconds between two looks: whoever looks sees everything that has come since."""
_AGAIN: Final = 0.5
"""Seconds until what could not be recorded is tried again."""
_LONGEST: Final = 5.0
"""Seconds after which it looks in any case, since the database's clock can be set while it waits for an instant."""

_log = structlog.get_logger()


class Overdue(NamedTuple):
    """A clock that has run out, as the read model has it."""

    tenant_id: str
    artist_id: str
    claim_id: str
    due_at: datetime


_NO_ID: Final = "00000000-0000-0000-0000-000000000000"
_BEFORE_ALL: Final = Overdue(_NO_ID, _NO_ID, _NO_ID, datetime(1, 1, 2, tzinfo=UTC))


class Meter(Protocol):
    """Told how the clock does."""

    def due(self, calendars: int, seconds: float) -> None:
        """On so many calendars something is due that it has not recorded, the first of it for so many seconds."""

    def recorded(self, calendars: int) -> None:
        """What was due on so many calendars is recorded."""

    def turned(self) -> None:
        """It has gone through all that was due."""


class Clock:
    """Records what falls due; any number of them may.

    `failpoint` is called between any two side effects with a name of its own.
    """

    def __init__(
        self,
        *,
        log: Log,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        notices: AsyncIterator[str],
        failpoint: Callable[[str], None],
        meter: Meter,
    ) -> None:
        """`pool` gives connections in the role `production_tool_projector`; `notices` are those of the projectors."""
        self._meter = meter
        self._log = log
        self._pool = pool
        self._notices = notices
        self._failpoint = failpoint
        self._called = asyncio.Event()
        self._recorded: dict[tuple[str, str], datetime] = {}
        """By calendar: the instant under which it was recorded, as long as the read model still shows it."""

    async def run(self) -> None:
        """Record until cancelled: whenever an instant has come, or the read model has moved."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._hear(), name="clock hears")
            both.create_task(self._keep_recording(), name="clock records")

    async def record(self) -> float:
        """Record everything that is due, and answer in how many seconds to look again."""
        now, left = await self._now(), list[Overdue]()
        shown = dict[tuple[str, str], datetime]()
        after = _BEFORE_ALL
        while page := await self._page(after, now):
            after = page[-1]
            first = {calendar: due for due in reversed(page) if (calendar := _calendar(due)) not in shown}
            shown |= {calendar: due.due_at for calendar, due in first.items()}
            fresh = [due for calendar, due in first.items() if self._recorded.get(calendar) != due.due_at]
            self._tell([*left, *fresh], now)
            left += await self._record_all(fresh)
        self._tell(left, now)
        self._meter.turned()
        self._recorded = {calendar: at for calendar, at in self._recorded.items() if shown.get(calendar) == at}
        return _AGAIN if left else await self._seconds_until_next(now)

    async def _keep_recording(self) -> None:
        while True:
            self._called.clear()
            seconds = await self.record()
            await asyncio.sleep(_BREATH)
            waiting = asyncio.ensure_future(self._called.wait())
            await asyncio.wait({waiting}, timeout=max(0.0, min(seconds, _LONGEST) - _BREATH))
            waiting.cancel()

    async def _hear(self) -> None:
        async for notice in self._notices:
            if not notice or Notice.model_validate_json(notice).projection == PROJECTION.name:
                self._called.set()

    def _tell(self, due: Sequence[Overdue], now: datetime) -> None:
        self._meter.due(len(due), (now - due[0].due_at).total_seconds() if due else 0.0)

    async def _record_all(self, overdue: Sequence[Overdue]) -> list[Overdue]:
        """Those of these that could not be recorded now."""
        if not overdue:
            return []
        self._failpoint("clock.after_select")
        recorded = await asyncio.gather(*map(self._record, overdue))
        self._failpoint("clock.after_append")
        self._recorded |= {_calendar(due): due.due_at for due, done in zip(overdue, recorded, strict=True) if done}
        self._meter.recorded(sum(recorded))
        _log.info("overdue_recorded", calendars=sum(recorded), later=len(recorded) - sum(recorded))
        return [due for due, done in zip(overdue, recorded, strict=True) if not done]

    async def _record(self, due: Overdue) -> bool:
        try:
            await record_overdue(self._log, _context(due), due.artist_id, due_at=due.due_at)
        except (NotDue, VersionConflict, LogUnavailable, CommandInFlight):
            return False
        except DomainError as refused:
            # Nothing that is overdue can be refused; if it is, that is a defect of the rules for this calendar. Others
            # must not wait for it, and it is tried again when the calendar has moved, or by the next process.
            _log.exception("overdue_refused", tenant_id=due.tenant_id, artist_id=due.artist_id, code=refused.code)
        return True

    async def _now(self) -> datetime:
        async with self._pool.connection() as connection:
            cursor = await connection.execute("SELECT clock_timestamp()")
            (row,) = await cursor.fetchall()
            now: datetime = row[0]
            return now

    async def _page(self, after: Overdue, now: datetime) -> list[Overdue]:
        """What follows `after` of all that is due by `now`, in order of time."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                """
                SELECT tenant_id::text, artist_id::text, claim_id::text, due_at
                FROM overdue
                WHERE due_at <= %s
                    AND (due_at, tenant_id, claim_id) > (%s, %s::uuid, %s::uuid)
                ORDER BY due_at, tenant_id, claim_id
                LIMIT %s
                """,
                [now, after.due_at, after.tenant_id, after.claim_id, _PAGE],
            )
            return [Overdue(*row) for row in await cursor.fetchall()]

    async def _seconds_until_next(self, now: datetime) -> float:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT min(due_at) - clock_timestamp() FROM overdue WHERE due_at > %s", [now]
            )
            (row,) = await cursor.fetchall()
            left: timedelta | None = row[0]
            return _LONGEST if left is None else left.total_seconds()


def _calendar(due: Overdue) -> tuple[str, str]:
    return due.tenant_id, due.artist_id


def _context(due: Overdue) -> Context:
    # In UTC, since every clock has to come to the same key, whatever the zone of its connection.
    key = f"clock/{due.artist_id}/{due.due_at.astimezone(UTC).isoformat()}"
    return Context(
        tenant_id=due.tenant_id,
        actor=ACTOR,
        permissions=frozenset(),
        key=key,
        fingerprint=hashlib.sha256(key.encode()).digest(),
        correlation_id=key,
    )
