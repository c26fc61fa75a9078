"""`production-tool rederive`: after the rules of time zones have changed, every calendar and job is worked out again.

One after another, each in one step, so that it may be interrupted and run again. Processes that run keep the
rules that they have read: they are restarted first.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import uuid4

import psycopg
from psycopg import sql

from commands.at_once import each
from commands.calendar import rederive_calendar
from commands.context import Context
from commands.job import rederive_job
from domain.calendar import CALENDAR
from infra.catalogue import EVENTS
from infra.event_log import EventLog
from infra.mapper import Mapper
from infra.postgres import PROJECTOR, check_database

Progress = Callable[[int, int], None]
"""Told how many calendars and jobs are done, and of how many."""


@dataclass(slots=True)
class Report:
    """What came of it."""

    calendars: int
    jobs: int
    done: int = 0
    claims: int = 0
    lines: int = 0
    clashes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """A line for all of it, and one for each clash that somebody has to resolve."""
        first = (
            f"{self.calendars:,} calendars, {self.jobs:,} jobs: {self.claims:,} claims and {self.lines:,} jobs "
            f"lie at other instants, {len(self.clashes)} clash"
        )
        return "\n".join([first, *sorted(self.clashes)])


async def rederive_all(url: str, progress: Progress) -> Report:
    """Work out the calendars and jobs of every tenant again.

    Raises:
        LogUnavailable, VersionConflict: the database does not answer, or others keep changing one of them; run it
            again to go on.
        RoleRefused, SchemaMismatch: it is not ready for us.
    """
    await check_database(url)
    found = [stream async for stream in _streams(url)]
    calendars = sum(category == CALENDAR.category for _, category, _ in found)
    report = Report(calendars, len(found) - calendars)
    log = EventLog(url, Mapper(EVENTS))

    async def one(stream: tuple[str, str, str]) -> None:
        tenant_id, category, id = stream
        if category == CALENDAR.category:
            await calendar(tenant_id, id)
        else:
            outcome = await rederive_job(log, _context(tenant_id), id)
            report.lines += json.loads(outcome.body)["moved"]
        report.done += 1
        progress(report.done, len(found))

    async def calendar(tenant_id: str, artist_id: str) -> None:
        outcome = await rederive_calendar(log, _context(tenant_id), artist_id)
        told = json.loads(outcome.body)
        report.claims += told["claims"]
        where = f"tenant {tenant_id}, artist {artist_id}"
        for one, other in told["double_booked"]:
            report.clashes.append(f"{where}: bookings {one} and {other} share time now; reschedule or cancel one")
        for booking_id, off in told["conflicts"]:
            report.clashes.append(f"{where}: booking {booking_id} lies on time off {off} now; resolve the conflict")

    try:
        await each(one, found)
    finally:
        await log.close()
    return report


async def _streams(url: str) -> AsyncIterator[tuple[str, str, str]]:
    """Every tenant's calendars on which anything was ever recorded, and its jobs."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(PROJECTOR)))
        heads = await connection.execute("SELECT tenant_id::text FROM heads ORDER BY tenant_id")
        for (tenant_id,) in await heads.fetchall():
            await connection.execute("SELECT set_config('app.tenants', %s::uuid[]::text, true)", [[tenant_id]])
            streams = await connection.execute(
                """
                SELECT stream
                FROM events
                WHERE tenant_id = %s AND (stream LIKE 'calendar/%%' OR stream LIKE 'job/%%') AND version = 1
                ORDER BY stream
                """,
                [tenant_id],
            )
            for (stream,) in await streams.fetchall():
                category, _, id = stream.partition("/")
                yield tenant_id, category, id


def _context(tenant_id: str) -> Context:
    key = f"rederive/{uuid4()}"
    return Context(
        tenant_id=tenant_id,
        actor="rederive",
        permissions=frozenset(),
        key=key,
        fingerprint=key.encode()[:32],
        correlation_id="rederive",
    )
