"""`GET /v1/jobs` and `GET /v1/jobs/{id}`: what is needed, held, booked and still open."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg.sql import SQL

from domain.errors import NotFound
from read_api.answer import answer
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.held import by_job, held_for
from read_api.job_shown import JobShown, Status, job_shown
from read_api.listing import Limit, Listing, filtered
from read_api.shapes import Page
from read_api.tenant import Connection, Found, Tenant

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Jobs = Annotated[Tenant, reading("jobs", "holds", "artist_calendar", may=STAFF)]

_FILTERS: Final = {
    "project_id": SQL("project_id = %(project_id)s"),
    "status": SQL("status = %(status)s"),
    "wanting": SQL("(status = 'open' AND booked < quantity) = %(wanting)s"),
}
_LIST: Final = SQL(
    """
    SELECT job_id, seq, version, project_id, role, status, quantity, booked, days, minutes, details
    FROM jobs
    WHERE tenant_id = %(tenant_id)s AND seq > %(after)s {}
    ORDER BY seq
    LIMIT %(most)s
    """
)


@router.get("/{id}", operation_id="getJob", response_model=JobShown, responses=refusals(of_one=True))
async def get_job(id: UUID, request: Request, tenant: Jobs) -> Response:
    """One job: who is held and booked for it."""
    async with tenant.connection() as connection:
        row = await connection.row(
            """
            SELECT job_id, version, project_id, role, status, quantity, booked, days, minutes, details
            FROM jobs
            WHERE tenant_id = %(tenant_id)s AND job_id = %(job_id)s
            """,
            {"tenant_id": tenant.who.tenant_id, "job_id": id},
        )
        if row is None:
            raise NotFound("There is no such job.")
        (shown,) = await jobs_shown(connection, tenant, [row])
    return answer(request, shown, version=shown.version)


@router.get("", operation_id="listJobs", response_model=Page[JobShown], responses=refusals())
async def list_jobs(
    *,
    request: Request,
    tenant: Jobs,
    project_id: UUID | None = None,
    status: Status | None = None,
    wanting: Annotated[bool | None, Query(description="Only those that still want somebody, or only others.")] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Jobs in the order in which they were opened."""
    asked = {"project_id": project_id, "status": status, "wanting": wanting}
    listing = Listing.of(tenant, cursor, limit, "/v1/jobs", *asked.values())
    async with tenant.connection() as connection:
        rows = await connection.rows(
            filtered(_LIST, _FILTERS, asked), {**asked, **listing.parameters, "tenant_id": tenant.who.tenant_id}
        )
        shown, more = listing.page(rows)
        items = await jobs_shown(connection, tenant, shown)
    return answer(request, Page[JobShown](items=items, next_cursor=more))


async def jobs_shown(connection: Connection, tenant: Tenant, rows: Sequence[Found]) -> list[JobShown]:
    """The jobs of these rows, with the holds that stand for them now."""
    holds = by_job(await held_for(connection, tenant, {row["project_id"] for row in rows}))
    return [job_shown(row, holds.get(row["job_id"], [])) for row in rows]
