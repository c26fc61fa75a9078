"""`/board/holds/{id}`: one hold with its queue, its clocks, its history, and what can be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from domain.calendar import Calendar
from domain.errors import NotFound
from domain.instants import local_day
from domain.queue import Entry, stretches
from domain.spans import Span
from domain.stored_claim import calendar_of, claim_from
from read_api.board.choices import Said, bounds, choices, period
from read_api.board.page import PageRoute, page
from read_api.door import STAFF, reading
from read_api.hold_shown import hold_shown
from read_api.standing import standing_at
from read_api.tenant import Connection, Found, Tenant

router = APIRouter(prefix="/board", include_in_schema=False, route_class=PageRoute)

Board = Annotated[Tenant, reading("artist_calendar", "directory", "holds", may=STAFF)]

_MOST_EVENTS: Final = 50
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Queue:
    """Who stands in which order on some days."""

    first_day: date
    last_day: date
    period: Said
    entries: tuple[Entry, ...]
    taken: str
    """What it stands behind, if anything."""


@router.get("/holds/{id}")
async def get_hold_panel(id: UUID, request: Request, tenant: Board, *, panel: bool = False) -> Response:
    """A page, or with `panel` its inner part for the grid."""
    async with tenant.connection() as connection:
        row = await connection.row(
            """
            SELECT h.hold_id, h.version, h.artist_id, h.project_id, h.status, h.details,
                   a.name AS artist, a.time_zone, p.name AS project
            FROM holds h
            JOIN artists a ON a.tenant_id = h.tenant_id AND a.artist_id = h.artist_id
            JOIN projects p ON p.tenant_id = h.tenant_id AND p.project_id = h.project_id
            WHERE h.tenant_id = %(tenant_id)s AND h.hold_id = %(hold_id)s
            """,
            {"tenant_id": tenant.who.tenant_id, "hold_id": id},
        )
        if row is None:
            raise NotFound("There is no such hold.")
        calendar = await _around(connection, tenant, row["hold_id"])
        at = standing_at(calendar, row["hold_id"], connection.now) if row["hold_id"] in calendar.holds else None
        hold = hold_shown(row, at, staff=True)
        queue = [] if at is None else _queue(calendar, at.held, row["time_zone"], connection.now)
        holders = await _holders(connection, tenant, queue)
        history = await _history(connection, tenant, row["hold_id"], row["artist_id"])
    return page(
        request,
        "hold_panel.html" if panel else "hold.html",
        hold=hold,
        row=row,
        queue=queue,
        holders=holders,
        history=history,
        choices=choices(hold.periods),
        offered=[one.period for one in choices(hold.offered or ())],
        bounds=bounds(hold.periods),
    )


async def _around(connection: Connection, tenant: Tenant, hold_id: str) -> Calendar:
    """What shares time with the hold, as long as it stands on its calendar."""
    claims = await connection.rows(
        """
        SELECT o.claim_id, o.kind, o.claim
        FROM artist_calendar h
        JOIN artist_calendar o
            ON o.tenant_id = h.tenant_id
            AND o.artist_id = h.artist_id
            AND o.ends_at > h.starts_at
            AND o.starts_at < h.ends_at
        WHERE h.tenant_id = %(tenant_id)s AND h.claim_id = %(hold_id)s
        """,
        {"tenant_id": tenant.who.tenant_id, "hold_id": hold_id},
    )
    return calendar_of(claim_from(one["kind"], one["claim_id"], one["claim"]) for one in claims)


def _queue(calendar: Calendar, held: Sequence[Span], zone: str, now: datetime) -> list[Queue]:
    """The queue on the hold's own time, day by day as the artist has them."""
    return [
        Queue(
            local_day(stretch.starts_at, zone),
            local_day(stretch.ends_at - _INSTANT, zone),
            period(stretch.starts_at, stretch.ends_at, zone),
            stretch.entries,
            taken="booked" if stretch.booking_ids else "time off" if stretch.time_off_ids else "",
        )
        for stretch in stretches(calendar, now, held)
    ]


async def _holders(connection: Connection, tenant: Tenant, queue: Sequence[Queue]) -> dict[str, Found]:
    """By hold: for which project, and how strong."""
    rows = await connection.rows(
        """
        SELECT h.hold_id, p.name AS project, h.details ->> 'strength' AS strength
        FROM holds h
        LEFT JOIN projects p ON p.tenant_id = h.tenant_id AND p.project_id = h.project_id
        WHERE h.tenant_id = %(tenant_id)s AND h.hold_id = ANY (%(hold_ids)s::uuid[])
        """,
        {
            "tenant_id": tenant.who.tenant_id,
            "hold_ids": list({entry.hold_id for one in queue for entry in one.entries}),
        },
    )
    return {row["hold_id"]: row for row in rows}


async def _history(connection: Connection, tenant: Tenant, hold_id: str, artist_id: str) -> list[Found]:
    """What happened to it, the latest first: its own events, and those of the calendar that name it."""
    return await connection.rows(
        """
        SELECT seq, event_type AS type, recorded_at, actor, data
        FROM events
        WHERE tenant_id = %(tenant_id)s
            AND (stream = %(hold)s OR (stream = %(calendar)s AND data ->> 'hold_id' = %(hold_id)s))
        ORDER BY seq DESC
        LIMIT %(most)s
        """,
        {
            "tenant_id": tenant.who.tenant_id,
            "hold": f"hold/{hold_id}",
            "calendar": f"calendar/{artist_id}",
            "hold_id": hold_id,
            "most": _MOST_EVENTS,
        },
    )
