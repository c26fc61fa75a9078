"""`/board/accepted`: what stands in the way of a command, for who would do it all the same."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from domain.stored_claim import claim_from
from read_api.board.page import PageRoute, page
from read_api.door import STAFF, reading
from read_api.shapes import times
from read_api.tenant import Tenant

router = APIRouter(prefix="/board", include_in_schema=False, route_class=PageRoute)

Claims = Annotated[Tenant, reading("artist_calendar", "directory", may=STAFF)]

MOST: Final = 50
"""Claims that are spelled out."""


@router.get("/accepted")
async def get_accepted(
    request: Request, tenant: Claims, id: Annotated[list[UUID], Query(min_length=1, max_length=MOST)]
) -> Response:
    """A list of these holds, bookings and time off, as far as they stand on a calendar, in order of time."""
    async with tenant.connection() as connection:
        rows = await connection.rows(
            """
            SELECT c.claim_id, c.kind, c.claim, a.name AS artist, p.name AS project
            FROM artist_calendar c
            JOIN artists a ON a.tenant_id = c.tenant_id AND a.artist_id = c.artist_id
            LEFT JOIN projects p ON p.tenant_id = c.tenant_id AND p.project_id = (c.claim ->> 'project_id')::uuid
            WHERE c.tenant_id = %(tenant_id)s
                AND c.claim_id = ANY (%(claim_ids)s)
                AND c.kind IN ('hold', 'booking', 'time_off')
            ORDER BY c.starts_at, c.claim_id
            """,
            {"tenant_id": tenant.who.tenant_id, "claim_ids": id},
        )
    claims = [(row, times(claim_from(row["kind"], row["claim_id"], row["claim"]).spans)) for row in rows]
    return page(request, "accepted.html", claims=claims)
