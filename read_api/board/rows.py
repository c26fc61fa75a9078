"""`/board/rows`: artists with everything that stands on their calendars, further ones and single ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from domain.calendar import Calendar
from domain.errors import NotFound
from domain.instants import Day, day_ends_at, day_starts_at
from domain.stored_claim import Claim, calendar_of, claim_from
from read_api.board.bars import Bar, bars
from read_api.board.filters import Filtered, Filters, is_free
from read_api.board.page import PageRoute, page
from read_api.board.window import GridWindow, Zoom, grid_window
from read_api.door import STAFF, reading
from read_api.tenant import Connection, Found, Tenant

router = APIRouter(prefix="/board/rows", include_in_schema=False, route_class=PageRoute)

Rows = Annotated[Tenant, reading("artist_calendar", "directory", "holds", may=STAFF)]
Start = Annotated[Day, Query(alias="from")]
After = Annotated[int, Query(ge=0, le=2**63 - 1)]
"""The place of an artist in the order in which they were added."""

PAGE: Final = 200
"""Artists that are looked at together; whoever does not fit the filters has no row."""
_LOOKS: Final = 10
"""Times that a page without a row looks further."""
_EVERYWHERE: Final = ("Pacific/Kiritimati", "Etc/GMT+12")
"""Where a day begins first, and where it ends last."""


@dataclass(frozen=True, slots=True)
class Row:
    """An artist and what stands on its calendar in the window."""

    artist: Found
    bars: list[Bar]
    projects: dict[str, str]
    """The names of those that the bars are for, and of others."""


@router.get("")
async def get_rows(
    *, request: Request, tenant: Rows, filters: Filtered, start: Start, zoom: Zoom = "week", after: After
) -> Response:
    """The rows of further artists."""
    async with tenant.connection() as connection:
        window = grid_window(start, zoom, connection.now.date())
        rows, more = await rows_of(connection, tenant, window, filters, after)
    return page(request, "rows.html", rows=rows, more=more, window=window, filters=filters)


@router.get("/{id}")
async def get_row(
    *, id: UUID, request: Request, tenant: Rows, filters: Filtered, start: Start, zoom: Zoom = "week"
) -> Response:
    """One artist's row, as it is once the read models have come as far as the `Consistency-Token`."""
    async with tenant.connection() as connection:
        window = grid_window(start, zoom, connection.now.date())
        artists = await _artists(connection, tenant, filters, artist_id=str(id))
        rows = await _rows(connection, tenant, artists, window, filters)
    if not rows:
        raise NotFound("There is no such artist, or none that fits.")
    return page(request, "row.html", row=rows[0], window=window)


async def rows_of(
    connection: Connection, tenant: Tenant, window: GridWindow, filters: Filters, after: int
) -> tuple[list[Row], int | None]:
    """The rows of the artists behind that place, and behind which the next ones are; None at the end."""
    rows = list[Row]()
    for _ in range(_LOOKS):
        artists = await _artists(connection, tenant, filters, after=after)
        rows += await _rows(connection, tenant, artists[:PAGE], window, filters)
        if len(artists) <= PAGE:
            return rows, None
        after = artists[PAGE - 1]["seq"]
        if len(rows) >= PAGE:
            break
    return rows, after


async def _artists(
    connection: Connection, tenant: Tenant, filters: Filters, *, artist_id: str | None = None, after: int = 0
) -> list[Found]:
    return await connection.rows(
        """
        SELECT seq, artist_id, name, time_zone, skills, consent
        FROM artists
        WHERE tenant_id = %(tenant_id)s
            AND seq > %(after)s
            AND (%(artist_id)s::uuid IS NULL OR artist_id = %(artist_id)s::uuid)
            AND (%(name)s::text IS NULL OR strpos(lower(name), lower(%(name)s::text)) > 0)
            AND (%(skill)s::text IS NULL OR (skills::jsonb) ? %(skill)s::text)
        ORDER BY seq
        LIMIT %(most)s
        """,
        {
            "tenant_id": tenant.who.tenant_id,
            "name": filters.name,
            "skill": filters.skill,
            "artist_id": artist_id,
            "after": after,
            "most": PAGE + 1,
        },
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
        if not is_free(calendar, artist["time_zone"], filters, connection.now):
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
