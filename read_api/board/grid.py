"""`/`: artists by days, with everything that stands on their calendars."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator

from domain.calendar import Calendar
from domain.errors import NotFound
from domain.instants import Day, day_ends_at, day_starts_at
from domain.spans import Span, overlap, union
from domain.stored_claim import Claim, calendar_of, claim_from
from read_api.board.bars import Bar, bars
from read_api.board.page import PageRoute, page
from read_api.board.reached import reached
from read_api.board.window import GridWindow, Zoom, grid_window
from read_api.door import STAFF, reading
from read_api.tenant import Connection, Found, Tenant

router = APIRouter(include_in_schema=False, route_class=PageRoute)

Board = Annotated[Tenant, reading("artist_calendar", "directory", "holds", may=STAFF)]

Unfilled: Final = BeforeValidator(lambda said: said or None)
"""A form sends what was left empty as nothing."""
MOST_ARTISTS: Final = 300
"""Rows of one page; the filters find the others."""
_EVERYWHERE: Final = ("Pacific/Kiritimati", "Etc/GMT+12")
"""Where a day begins first, and where it ends last."""


@dataclass(frozen=True, slots=True)
class Row:
    """An artist and what stands on its calendar in the window."""

    artist: Found
    bars: list[Bar]
    projects: dict[str, str]
    """The names of those that the bars are for, and of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which artists: those with a skill, with something for a project, free on all of some days."""

    skill: str | None = None
    project: UUID | None = None
    free_from: date | None = None
    free_until: date | None = None

    @property
    def any(self) -> bool:
        """Whether they leave anybody out."""
        return any((self.skill, self.project, self.free_from))


@router.get("/")
async def get_grid(
    *,
    request: Request,
    tenant: Board,
    start: Annotated[Day | None, Query(alias="from")] = None,
    zoom: Zoom = "week",
    skill: Annotated[str | None, Query(max_length=200)] = None,
    project: Annotated[UUID | None, Unfilled] = None,
    free_from: Annotated[Day | None, Unfilled] = None,
    free_until: Annotated[Day | None, Unfilled] = None,
) -> Response:
    """The whole grid. What a form leaves empty filters nothing."""
    filters = Filters(skill=skill or None, project=project, free_from=free_from, free_until=free_until)
    async with tenant.connection() as connection:
        window = grid_window(start, zoom, connection.now.date())
        artists = await _artists(connection, tenant, skill=filters.skill)
        rows = await _rows(connection, tenant, artists[:MOST_ARTISTS], window, filters)
        projects = await _projects(connection, tenant)
        seq = await reached(connection, tenant)
        skills = await _skills(connection, tenant)
        now = connection.now
    return page(
        request,
        "grid.html",
        rows=rows,
        window=window,
        filters=filters,
        projects=projects,
        skills=skills,
        seq=seq,
        now=now,
        more=len(artists) > MOST_ARTISTS,
        nobody=not artists and not filters.any,
    )


@router.get("/board/rows/{id}")
async def get_row(
    id: UUID, request: Request, tenant: Board, start: Annotated[Day, Query(alias="from")], zoom: Zoom = "week"
) -> Response:
    """One artist's row, as it is once the read models have come as far as the `Consistency-Token`."""
    async with tenant.connection() as connection:
        window = grid_window(start, zoom, connection.now.date())
        artists = await _artists(connection, tenant, artist_id=str(id))
        if not artists:
            raise NotFound("There is no such artist.")
        (row,) = await _rows(connection, tenant, artists, window, Filters())
    return page(request, "row.html", row=row, window=window)


async def _artists(
    connection: Connection, tenant: Tenant, *, skill: str | None = None, artist_id: str | None = None
) -> list[Found]:
    return await connection.rows(
        """
        SELECT artist_id, name, time_zone, skills, consent
        FROM artists
        WHERE tenant_id = %(tenant_id)s
            AND (%(artist_id)s::uuid IS NULL OR artist_id = %(artist_id)s::uuid)
            AND (%(skill)s::text IS NULL OR (skills::jsonb) ? %(skill)s::text)
        ORDER BY seq
        LIMIT %(most)s
        """,
        {"tenant_id": tenant.who.tenant_id, "skill": skill, "artist_id": artist_id, "most": MOST_ARTISTS + 1},
    )


async def _rows(
    connection: Connection, tenant: Tenant, artists: list[Found], window: GridWindow, filters: Filters
) -> list[Row]:
    claims = await _claims(connection, tenant, [artist["artist_id"] for artist in artists], window)
    strengths = {claim["claim_id"]: claim["strength"] for claim in claims if claim["strength"]}
    projects = {claim["project_id"]: claim["project"] for claim in claims}
    calendars = _calendars(claims)
    rows = []
    for artist in artists:
        calendar = calendars.get(artist["artist_id"], Calendar())
        if not _is_free(calendar, artist["time_zone"], filters, connection.now):
            continue
        shown = bars(calendar, window, artist["time_zone"], connection.now, strengths)
        if filters.project is None or any(bar.project_id == str(filters.project) for bar in shown):
            rows.append(Row(artist, shown, projects))
    return rows


async def _claims(connection: Connection, tenant: Tenant, artist_ids: list[str], window: GridWindow) -> list[Found]:
    """What shares time with the window, wherever its artist is, with its project's name and a hold's strength."""
    return await connection.rows(
        """
        SELECT c.artist_id, c.claim_id, c.kind, c.claim, h.details ->> 'strength' AS strength,
               p.project_id, p.name AS project
        FROM artist_calendar c
        LEFT JOIN holds h ON h.tenant_id = c.tenant_id AND h.hold_id = c.claim_id
        LEFT JOIN projects p ON p.tenant_id = c.tenant_id AND p.project_id = (c.claim ->> 'project_id')::uuid
        WHERE c.tenant_id = %(tenant_id)s
            AND c.artist_id = ANY (%(artist_ids)s::uuid[])
            AND c.ends_at > %(starts_at)s
            AND c.starts_at < %(ends_at)s
            AND (c.ends_by IS NULL OR c.ends_by > %(now)s)
        """,
        {
            "tenant_id": tenant.who.tenant_id,
            "artist_ids": artist_ids,
            "starts_at": day_starts_at(window.first, _EVERYWHERE[0]),
            "ends_at": day_ends_at(window.last, _EVERYWHERE[1]),
            "now": connection.now,
        },
    )


def _calendars(rows: Iterable[Found]) -> dict[str, Calendar]:
    """By artist."""
    claims: dict[str, list[Claim]] = {}
    for row in rows:
        claims.setdefault(row["artist_id"], []).append(claim_from(row["kind"], row["claim_id"], row["claim"]))
    return {artist_id: calendar_of(of_artist) for artist_id, of_artist in claims.items()}


def _is_free(calendar: Calendar, zone: str, filters: Filters, now: datetime) -> bool:
    """Whether nothing binding, no approved time off and no live hold lies on the days asked for."""
    if filters.free_from is None:
        return True
    last = max(filters.free_until or filters.free_from, filters.free_from)
    asked = (Span(day_starts_at(filters.free_from, zone), day_ends_at(last, zone), zone),)
    taken: list[Span] = [span for booking in calendar.bookings.values() for span in booking.spans]
    taken += [span for off in calendar.time_off.values() if off.approved for span in off.spans]
    taken += [span for hold in calendar.holds.values() for span in hold.alive_spans(now)]
    return not overlap(union([Span(span.starts_at, span.ends_at, zone) for span in taken]), asked)


async def _projects(connection: Connection, tenant: Tenant) -> dict[str, Found]:
    rows = await connection.rows(
        """
        SELECT project_id, name, time_zone, status
        FROM projects
        WHERE tenant_id = %(tenant_id)s
        ORDER BY name
        """,
        {"tenant_id": tenant.who.tenant_id},
    )
    return {row["project_id"]: row for row in rows}


async def _skills(connection: Connection, tenant: Tenant) -> list[str]:
    rows = await connection.rows(
        """
        SELECT DISTINCT skill
        FROM artists, json_array_elements_text(skills) AS skill
        WHERE tenant_id = %(tenant_id)s
        ORDER BY skill
        LIMIT 200
        """,
        {"tenant_id": tenant.who.tenant_id},
    )
    return [row["skill"] for row in rows]
