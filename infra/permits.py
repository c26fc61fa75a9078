"""`production-tool import-permits`: film permits as holds, through the same handlers as HTTP.

A zip code is an artist, a category is a project, a permit is one hold for each of its zips. All of it is moved by the
same whole number of weeks, which keeps the days of the week: by as many as bring the earliest start between one and two
weeks after the first import. The projects record that day as their `first_day`, and whoever imports the file
again reads it there. Ids and idempotency keys are derived from what the file says, so an import that was interrupted
is taken up by running it again, and one that is repeated changes nothing.

What is refused is refused by the tenant's policy, for a reason that the report tells.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
from psycopg import sql
from pydantic_core import to_json

from commands.artist import AddArtist, add_artist
from commands.at_once import each
from commands.body import Body
from commands.context import Context
from commands.hold import PlaceHold, place_hold
from commands.log import Log, Outcome
from commands.project import OpenProject, open_a_project
from commands.tenant import AdoptPolicy, adopt
from domain.errors import DomainError
from domain.ids import derived_id
from domain.project import PROJECT
from domain.spans import NoSuchTime
from domain.tenant import TENANT
from infra.catalogue import EVENTS
from infra.event_log import EventLog
from infra.mapper import Mapper
from infra.permit_file import ONE_WEEK, ZONE, NotPermits, Permit, PermitFile, odd_times, period, read, weeks_ahead
from infra.permit_report import Refusal, Report
from infra.postgres import READER, check_database

B = TypeVar("B", bound=Body)

Progress = Callable[[int, int], None]
"""Told how many holds are done, and of how many."""


async def import_permits(
    url: str, tenant_id: str, file: Path, *, max_depth: int | None = None, progress: Progress = lambda *_: None
) -> Report:
    """Import `file`; `max_depth` is adopted as the tenant's policy first.

    Raises:
        NotPermits: the file is none of permits, or not the one that this tenant has imported before.
        LogUnavailable: the database does not answer; run it again to go on.
        RoleRefused, SchemaMismatch, OSError
    """
    permits = read(file)
    await check_database(url)
    log = EventLog(url, Mapper(EVENTS))
    try:
        now, seq_before = await _clock_and_head(url, tenant_id)
        desk = _Desk(log, tenant_id)
        moved = await desk.moved(permits, now)
        if max_depth is not None:
            await desk.allow(max_depth)
        started = time.monotonic()
        report = await desk.run(permits, moved, progress)
        report.seconds = time.monotonic() - started
    finally:
        await log.close()
    report.seq_before, (_, report.seq_after) = seq_before, await _clock_and_head(url, tenant_id)
    return report


async def _clock_and_head(url: str, tenant_id: str) -> tuple[datetime, int]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(READER)))
        await connection.execute("SELECT set_config('app.tenant', %s, true)", [tenant_id])
        row = await connection.execute("SELECT clock_timestamp(), coalesce((SELECT seq FROM heads), 0)")
        return (await row.fetchone()) or (datetime.min, 0)  # noqa: DTZ901


@dataclass(frozen=True, slots=True)
class _Desk:
    """Somebody who files the permits of one tenant."""

    log: Log
    tenant_id: str

    async def moved(self, file: PermitFile, now: datetime) -> timedelta:
        """By how much: what an earlier import said, or what is right now."""
        for category in sorted({permit.category for permit in file.permits}):
            opened = (await self.log.state(self.tenant_id, PROJECT.stream(self._id("category", category)))).opened
            if opened and opened.first_day:
                moved = opened.first_day - file.first.date()
                if moved % ONE_WEEK:
                    raise NotPermits(f"this tenant has the permits of another file, from {opened.first_day} on")
                return moved
        return weeks_ahead(file.first, now)

    async def allow(self, max_depth: int) -> None:
        """Let the tenant's queues be that deep, whatever else its policy says."""
        policy = (await self.log.state(self.tenant_id, TENANT.stream(self.tenant_id))).policy
        if policy.max_depth != max_depth:
            name = f"{policy.name.removesuffix(', changed')}, changed"
            said = policy.model_dump(mode="json") | {"max_depth": max_depth, "name": name}
            await adopt(self.log, self._context(str(uuid4()), b""), AdoptPolicy.model_validate_json(to_json(said)))

    async def run(self, file: PermitFile, moved: timedelta, progress: Progress) -> Report:
        """Add the artists, open the projects, place the holds."""
        holds = [(permit, zip) for permit in file.permits for zip in permit.zips]
        skipped, repeated = odd_times(file.permits, moved)
        report = Report(
            permits=len(file.permits),
            holds=len(holds),
            moved=moved,
            first=file.first + moved,
            skipped_times=skipped,
            repeated_times=repeated,
            unreadable=file.unreadable,
        )
        await each(self._add_artist, sorted({zip for _, zip in holds}))
        first_day, last_day = ((day + moved).date().isoformat() for day in (file.first, file.last))
        days = {"first_day": first_day, "last_day": last_day}
        await each(lambda name: self._open_project(name, days), sorted({permit.category for permit, _ in holds}))

        async def place(hold: tuple[Permit, str]) -> None:
            await self._place(*hold, report)
            progress(report.done, report.holds)

        await each(place, holds)
        return report

    async def _add_artist(self, zip: str) -> None:
        said = {"id": self._id("zip", zip), "name": zip, "time_zone": ZONE}
        await self._send(add_artist, AddArtist, said, key=f"zip/{zip}")

    async def _open_project(self, category: str, days: Mapping[str, str]) -> None:
        said = {"id": self._id("category", category), "name": category, "time_zone": ZONE, **days}
        await self._send(open_a_project, OpenProject, said, key=f"category/{category}")

    async def _place(self, permit: Permit, zip: str, report: Report) -> None:
        hours = period(permit, report.moved)
        if hours is None:
            detail = "The clocks change while it lasts, and nothing is left of it."
            report.refused.append(Refusal(permit.event_id, zip, NoSuchTime.code, detail))
            return
        key = f"permit/{permit.event_id}/{zip}"
        said = {
            "id": self._id("permit", permit.event_id, zip),
            "artist_id": self._id("zip", zip),
            "project_id": self._id("category", permit.category),
            "periods": [hours],
            "note": f"permit {permit.event_id}",
        }
        try:
            outcome = await self._send(place_hold, PlaceHold, said, key=key)
        except DomainError as refusal:
            report.refused.append(Refusal(permit.event_id, zip, refusal.code, refusal.detail))
        else:
            report.there += outcome.replayed
            report.accepted += not outcome.replayed

    async def _send(
        self,
        handler: Callable[[Log, Context, B], Awaitable[Outcome]],
        command: type[B],
        said: Mapping[str, Any],
        *,
        key: str,
    ) -> Outcome:
        wish = command.model_validate_json(to_json(said))
        fingerprint = sha256(f"{key} {wish.model_dump_json()}".encode()).digest()
        return await handler(self.log, self._context(f"import-permits/{key}", fingerprint), wish)

    def _context(self, key: str, fingerprint: bytes) -> Context:
        return Context(
            tenant_id=self.tenant_id,
            actor="import-permits",
            permissions=frozenset(),
            key=key,
            fingerprint=fingerprint,
            correlation_id="import-permits",
        )

    def _id(self, *said: str) -> str:
        return derived_id(self.tenant_id, "/".join(said))
