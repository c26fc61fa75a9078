"""`/board/bookings/{id}` and `/board/time-off/{id}`: what takes an artist's time, and what can be done about it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from domain.errors import NotFound
from domain.stored_claim import claim_from
from read_api.board.choices import bounds, choices
from read_api.board.page import PageRoute, page
from read_api.booking_shown import booking_shown
from read_api.door import STAFF, reading
from read_api.shapes import times
from read_api.tenant import Tenant

router = APIRouter(prefix="/board", include_in_schema=False, route_class=PageRoute)

Bookings = Annotated[Tenant, reading("bookings", "directory", may=STAFF)]
TimeOff = Annotated[Tenant, reading("artist_calendar", "directory", may=STAFF)]


@router.get("/bookings/{id}")
async def get_booking_panel(id: UUID, request: Request, tenant: Bookings, *, panel: bool = False) -> Response:
    """A page, or with `panel` its inner part for the grid."""
    async with tenant.connection() as connection:
        row = await connection.row(
            """
            SELECT b.booking_id, b.version, b.artist_id, b.project_id, b.job_id, b.status, b.days, b.minutes, b.details,
                   a.name AS artist, a.time_zone, p.name AS project
            FROM bookings b
            JOIN artists a ON a.tenant_id = b.tenant_id AND a.artist_id = b.artist_id
            JOIN projects p ON p.tenant_id = b.tenant_id AND p.project_id = b.project_id
            WHERE b.tenant_id = %(tenant_id)s AND b.booking_id = %(booking_id)s
            """,
            {"tenant_id": tenant.who.tenant_id, "booking_id": id},
        )
        now = connection.now
    if row is None:
        raise NotFound("There is no such booking.")
    booking = booking_shown(row, staff=True)
    return page(
        request,
        "booking_panel.html" if panel else "booking.html",
        booking=booking,
        row=row,
        choices=choices(booking.periods),
        bounds=bounds(booking.periods),
        begun=any(time.starts_at <= now for time in booking.periods),
    )


@router.get("/time-off/{id}")
async def get_time_off_panel(id: UUID, request: Request, tenant: TimeOff, *, panel: bool = False) -> Response:
    """A page, or with `panel` its inner part for the grid; only of what stands on a calendar."""
    async with tenant.connection() as connection:
        row = await connection.row(
            """
            SELECT c.claim_id, c.artist_id, c.claim, a.name AS artist, a.time_zone
            FROM artist_calendar c
            JOIN artists a ON a.tenant_id = c.tenant_id AND a.artist_id = c.artist_id
            WHERE c.tenant_id = %(tenant_id)s AND c.claim_id = %(time_off_id)s AND c.kind = 'time_off'
            """,
            {"tenant_id": tenant.who.tenant_id, "time_off_id": id},
        )
    if row is None:
        raise NotFound("There is no such time off; it may have been withdrawn.")
    claim = claim_from("time_off", row["claim_id"], row["claim"])
    template = "time_off_panel.html" if panel else "time_off.html"
    return page(request, template, row=row, approved=row["claim"]["approved"], periods=times(claim.spans))
