"""`GET /v1/time-off`, `GET /v1/time-off/{id}` and `GET /v1/conflicts`: who is away, and whose booking that crosses."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from psycopg.sql import SQL
from pydantic import Field

from domain.errors import NotAllowed, NotFound
from domain.permission import Permission
from read_api.answer import answer
from read_api.door import ARTISTS_TOO, STAFF, only_artist, reading
from read_api.errors import refusals
from read_api.listing import Limit, Listing, filtered
from read_api.shapes import Id, Maybe, Page, Shown, Time, stored_times
from read_api.tenant import Found, Tenant
from read_api.window import Window, window

router = APIRouter(prefix="/v1", tags=["time off"])

TimesOff = Annotated[Tenant, reading("time_off", "directory", may=ARTISTS_TOO)]
Conflicts = Annotated[Tenant, reading("time_off", "bookings", may=STAFF)]
Status = Literal["requested", "approved", "rejected", "withdrawn"]

_FILTERS: Final = {
    "artist_id": SQL("t.artist_id = %(artist_id)s"),
    "status": SQL("t.status = %(status)s"),
}
_SPANS: Final = "t.details -> 'spans'"
_LIST: Final = SQL(
    """
    SELECT t.time_off_id, t.seq, t.version, t.artist_id, t.status, t.details
    FROM time_off t
    LEFT JOIN artists a ON a.tenant_id = t.tenant_id AND a.artist_id = t.artist_id
    WHERE t.tenant_id = %(tenant_id)s AND t.seq > %(after)s {}
    ORDER BY t.seq
    LIMIT %(most)s
    """
)


class TimeOffOne(Shown):
    """Time off: when, whether it was granted, and what it was in the way of."""

    id: Id
    version: int = Field(description="What `If-Match` takes.")
    status: Status
    artist_id: Id
    periods: list[Time]
    reason: Maybe[str] = None
    blocked_hold_ids: Maybe[list[Id]] = Field(default=None, description="Staff only: what approving it has blocked.")
    requested_at: datetime
    requested_by: Maybe[str] = Field(default=None, description="Staff only, as `decided_by`.")
    decided_at: Maybe[datetime] = None
    decided_by: Maybe[str] = None
    decided_because: Maybe[str] = None


class Crossed(Shown):
    """Time off that a booking lies on."""

    time_off_id: Id
    periods: list[Time] = Field(description="What the two shared when that was found.")
    found_at: datetime


class ConflictOne(Shown):
    """A booking that lies on time off which was approved after it."""

    id: Id = Field(description="The booking's: `POST /v1/conflicts/{id}/resolve` takes it.")
    artist_id: Id
    project_id: Id
    time_off: list[Crossed]


@router.get("/time-off/{id}", operation_id="getTimeOff", response_model=TimeOffOne, responses=refusals(of_one=True))
async def get_time_off(id: UUID, request: Request, tenant: TimesOff) -> Response:
    """One request for time off, and what was decided."""
    only = only_artist(tenant.who)
    async with tenant.connection(about=[f"time_off/{id}"]) as connection:
        row = await connection.row(
            """
            SELECT time_off_id, version, artist_id, status, details
            FROM time_off
            WHERE tenant_id = %(tenant_id)s AND time_off_id = %(time_off_id)s
            """,
            {"tenant_id": tenant.who.tenant_id, "time_off_id": id},
        )
        if row is None or only not in {None, row["artist_id"]}:
            raise NotFound("There is no such time off.")
        connection.vouch_for(f"calendar/{row['artist_id']}")
    return answer(request, _shown(row, staff=only is None), version=row["version"])


@router.get("/time-off", operation_id="listTimeOff", response_model=Page[TimeOffOne], responses=refusals())
async def list_time_off(
    *,
    request: Request,
    tenant: TimesOff,
    within: Annotated[Window, Depends(window)],
    artist_id: UUID | None = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Time off in the order in which it was asked for; with `from` and `until`, what takes some of that time."""
    only = only_artist(tenant.who)
    if only is not None and artist_id is not None and str(artist_id) != only:
        raise NotAllowed("This needs the permission read.", permission=Permission.READ)
    asked = {"artist_id": only or artist_id, "status": status}
    listing = Listing.of(tenant, cursor, limit, "/v1/time-off", *asked.values(), within)
    query = filtered(_LIST, _FILTERS, asked, *within.some_of(_SPANS, zone="a.time_zone"))
    parameters = {**asked, **listing.parameters, **within.parameters(), "tenant_id": tenant.who.tenant_id}
    async with tenant.connection() as connection:
        rows, more = listing.page(await connection.rows(query, parameters))
    items = [_shown(row, staff=only is None) for row in rows]
    return answer(request, Page[TimeOffOne](items=items, next_cursor=more))


@router.get("/conflicts", operation_id="listConflicts", response_model=Page[ConflictOne], responses=refusals())
async def list_conflicts(
    request: Request,
    tenant: Conflicts,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """What is to be resolved, in the order in which it was found."""
    listing = Listing.of(tenant, cursor, limit, "/v1/conflicts")
    async with tenant.connection() as connection:
        rows = await connection.rows(
            """
            SELECT c.booking_id, c.artist_id, b.project_id, min(c.seq) AS seq,
                   json_agg(
                       json_build_object('time_off_id', c.time_off_id, 'spans', c.spans, 'found_at', c.found_at)
                       ORDER BY c.seq
                   ) AS time_off
            FROM conflicts c
            JOIN bookings b ON b.tenant_id = c.tenant_id AND b.booking_id = c.booking_id
            WHERE c.tenant_id = %(tenant_id)s
            GROUP BY c.booking_id, c.artist_id, b.project_id
            HAVING min(c.seq) > %(after)s
            ORDER BY min(c.seq)
            LIMIT %(most)s
            """,
            {**listing.parameters, "tenant_id": tenant.who.tenant_id},
        )
    shown, more = listing.page(rows)
    items = [
        ConflictOne(
            id=row["booking_id"],
            artist_id=row["artist_id"],
            project_id=row["project_id"],
            time_off=[
                Crossed(time_off_id=one["time_off_id"], periods=stored_times(one["spans"]), found_at=one["found_at"])
                for one in row["time_off"]
            ],
        )
        for row in shown
    ]
    return answer(request, Page[ConflictOne](items=items, next_cursor=more))


def _shown(row: Found, *, staff: bool) -> TimeOffOne:
    details = row["details"]
    names = {
        "blocked_hold_ids": details["blocked"] or None,
        "requested_by": details["requested_by"],
        "decided_by": details.get("decided_by"),
    }
    return TimeOffOne(
        id=row["time_off_id"],
        version=row["version"],
        status=row["status"],
        artist_id=row["artist_id"],
        periods=stored_times(details["spans"]),
        reason=details.get("reason"),
        requested_at=details["requested_at"],
        decided_at=details.get("decided_at"),
        decided_because=details.get("decided_because"),
        **(names if staff else {}),
    )
