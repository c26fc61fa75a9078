"""`GET /v1/bookings` and `GET /v1/bookings/{id}`: every booking, standing or not."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from psycopg.sql import SQL

from domain.errors import NotAllowed, NotFound
from domain.permission import Permission
from read_api.answer import answer
from read_api.booking_shown import BookingShown, Status, booking_shown
from read_api.door import ARTISTS_TOO, only_artist, reading
from read_api.errors import refusals
from read_api.listing import Limit, Listing, filtered
from read_api.shapes import Page
from read_api.tenant import Tenant
from read_api.window import Window, window

router = APIRouter(prefix="/v1/bookings", tags=["bookings"])

Bookings = Annotated[Tenant, reading("bookings", "directory", may=ARTISTS_TOO)]

_FILTERS: Final = {
    "artist_id": SQL("b.artist_id = %(artist_id)s"),
    "project_id": SQL("b.project_id = %(project_id)s"),
    "job_id": SQL("b.job_id = %(job_id)s"),
    "status": SQL("b.status = %(status)s"),
}
_SPANS: Final = "b.details -> 'spans'"
_LIST: Final = SQL(
    """
    SELECT b.booking_id, b.seq, b.version, b.artist_id, b.project_id, b.job_id, b.status, b.days, b.minutes, b.details
    FROM bookings b
    LEFT JOIN artists a ON a.tenant_id = b.tenant_id AND a.artist_id = b.artist_id
    WHERE b.tenant_id = %(tenant_id)s AND b.seq > %(after)s {}
    ORDER BY b.seq
    LIMIT %(most)s
    """
)


@router.get("/{id}", operation_id="getBooking", response_model=BookingShown, responses=refusals(of_one=True))
async def get_booking(id: UUID, request: Request, tenant: Bookings) -> Response:
    """One booking: its time, its cost, and what became of it."""
    only = only_artist(tenant.who)
    async with tenant.connection(about=[f"booking/{id}"]) as connection:
        row = await connection.row(
            """
            SELECT booking_id, version, artist_id, project_id, job_id, status, days, minutes, details
            FROM bookings
            WHERE tenant_id = %(tenant_id)s AND booking_id = %(booking_id)s
            """,
            {"tenant_id": tenant.who.tenant_id, "booking_id": id},
        )
        if row is None or only not in {None, row["artist_id"]}:
            raise NotFound("There is no such booking.")
        connection.vouch_for(f"calendar/{row['artist_id']}")
    return answer(request, booking_shown(row, staff=only is None), version=row["version"])


@router.get("", operation_id="listBookings", response_model=Page[BookingShown], responses=refusals())
async def list_bookings(
    *,
    request: Request,
    tenant: Bookings,
    within: Annotated[Window, Depends(window)],
    artist_id: UUID | None = None,
    project_id: UUID | None = None,
    job_id: UUID | None = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Bookings in the order in which they were made; with `from` and `until`, those that take some of that time.

    A booking that has left the calendar is found by the time that it had last.
    """
    only = only_artist(tenant.who)
    others = artist_id is not None and str(artist_id) != only
    if only is not None and (project_id is not None or job_id is not None or others):
        raise NotAllowed("This needs the permission read.", permission=Permission.READ)
    asked = {"artist_id": only or artist_id, "project_id": project_id, "job_id": job_id, "status": status}
    listing = Listing.of(tenant, cursor, limit, "/v1/bookings", *asked.values(), within)
    query = filtered(_LIST, _FILTERS, asked, *within.some_of(_SPANS, zone="a.time_zone"))
    parameters = {**asked, **listing.parameters, **within.parameters(), "tenant_id": tenant.who.tenant_id}
    async with tenant.connection() as connection:
        rows, more = listing.page(await connection.rows(query, parameters))
    items = [booking_shown(row, staff=only is None) for row in rows]
    return answer(request, Page[BookingShown](items=items, next_cursor=more))
