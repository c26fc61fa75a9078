"""`/`: artists by days, with everything that stands on their calendars."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from domain.instants import Day
from domain.permission import Permission
from read_api.board.filters import Filtered
from read_api.board.page import PageRoute, page
from read_api.board.reached import reached
from read_api.board.rows import After, rows_of
from read_api.board.window import Zoom, grid_window
from read_api.door import STAFF, reading
from read_api.tenant import Connection, Found, Tenant

router = APIRouter(include_in_schema=False, route_class=PageRoute)

Board = Annotated[Tenant, reading("artist_calendar", "directory", "holds", "jobs", may=STAFF)]

_KINDS: Final = (
    (Permission.PLACE_HOLDS, "hold", "hold", "Place the hold"),
    (Permission.MAKE_BOOKINGS, "booking", "booking", "Book"),
    (Permission.REQUEST_TIME_OFF, "time_off", "time off", "Ask for time off"),
)
"""What can be put on days, and by whom; its label, and the button's."""


@router.get("/")
async def get_grid(
    *,
    request: Request,
    tenant: Board,
    filters: Filtered,
    start: Annotated[Day | None, Query(alias="from")] = None,
    zoom: Zoom = "week",
    after: After = 0,
) -> Response:
    """The grid, from the first artist or behind another."""
    async with tenant.connection() as connection:
        window = grid_window(start, zoom, connection.now.date())
        rows, more = await rows_of(connection, tenant, window, filters, after)
        projects = await _projects(connection, tenant)
        jobs = await _jobs(connection, tenant)
        seq = await reached(connection, tenant)
        skills = await _skills(connection, tenant)
    return page(
        request,
        "grid.html",
        rows=rows,
        more=more,
        window=window,
        filters=filters,
        projects=projects,
        jobs=jobs,
        kinds=[kind for permission, *kind in _KINDS if permission in tenant.who.permissions],
        skills=skills,
        seq=seq,
        after=after,
    )


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


async def _jobs(connection: Connection, tenant: Tenant) -> list[Found]:
    """Those that want somebody, or would take somebody more."""
    return await connection.rows(
        """
        SELECT job_id, project_id, role, quantity, booked
        FROM jobs
        WHERE tenant_id = %(tenant_id)s AND status = 'open'
        ORDER BY seq DESC
        LIMIT 500
        """,
        {"tenant_id": tenant.who.tenant_id},
    )


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
