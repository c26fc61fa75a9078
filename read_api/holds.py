"""`GET /v1/holds` and `GET /v1/holds/{id}`: holds as they stand at the database's now."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from psycopg.sql import SQL

from domain.errors import NotAllowed, NotFound
from domain.permission import Permission
from domain.stored_claim import Claim, calendar_of, claim_from
from read_api.answer import answer
from read_api.door import ARTISTS_TOO, only_artist, reading
from read_api.errors import refusals
from read_api.hold_shown import HoldShown, Status, hold_shown
from read_api.listing import Limit, Listing, filtered
from read_api.shapes import Page
from read_api.standing import standing_at
from read_api.tenant import Connection, Found, Tenant
from read_api.window import Window, window

router = APIRouter(prefix="/v1/holds", tags=["holds"])

Holds = Annotated[Tenant, reading("holds", "artist_calendar", "directory", may=ARTISTS_TOO)]

_STATUS: Final = SQL("h.status = %(status)s")
_STATUS_NOW: Final = {
    "held": SQL("(h.status = 'held' AND (c.ends_by IS NULL OR c.ends_by > %(now)s))"),
    "lapsed": SQL("(h.status = 'lapsed' OR (h.status = 'held' AND c.ends_by <= %(now)s))"),
}
"""As recorded, save for a lapse, which the clock decides."""

_FILTERS: Final = {
    "artist_id": SQL("h.artist_id = %(artist_id)s"),
    "project_id": SQL("h.project_id = %(project_id)s"),
}
_SPANS: Final = "coalesce(c.claim -> 'spans', h.details -> 'held')"
_LIST: Final = SQL(
    """
    SELECT h.hold_id, h.seq, h.version, h.artist_id, h.project_id, h.status, h.details
    FROM holds h
    LEFT JOIN artist_calendar c ON c.tenant_id = h.tenant_id AND c.claim_id = h.hold_id
    LEFT JOIN artists a ON a.tenant_id = h.tenant_id AND a.artist_id = h.artist_id
    WHERE h.tenant_id = %(tenant_id)s AND h.seq > %(after)s {}
    ORDER BY h.seq
    LIMIT %(most)s
    """
)


@router.get("/{id}", operation_id="getHold", response_model=HoldShown, responses=refusals(of_one=True))
async def get_hold(id: UUID, request: Request, tenant: Holds) -> Response:
    """One hold: its ranks and deadline while it is held, and how it ended.

    A hold past its deadline reads as lapsed, whether or not the lapse has been recorded.
    """
    artist_id = only_artist(tenant.who)
    async with tenant.connection(about=[f"hold/{id}"]) as connection:
        row = await connection.row(
            """
            SELECT hold_id, seq, version, artist_id, project_id, status, details
            FROM holds
            WHERE tenant_id = %(tenant_id)s AND hold_id = %(hold_id)s
            """,
            {"tenant_id": tenant.who.tenant_id, "hold_id": id},
        )
        if row is None or artist_id not in {None, row["artist_id"]}:
            raise NotFound("There is no such hold.")
        connection.vouch_for(f"calendar/{row['artist_id']}")
        (shown,) = await _shown(connection, tenant, [row])
    return answer(request, shown, version=shown.version)


@router.get("", operation_id="listHolds", response_model=Page[HoldShown], responses=refusals())
async def list_holds(
    *,
    request: Request,
    tenant: Holds,
    within: Annotated[Window, Depends(window)],
    artist_id: UUID | None = None,
    project_id: UUID | None = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Holds in the order in which they were placed; with `from` and `until`, those that hold or held some of that time.

    `status` goes by the database's now, as everything that is shown.
    """
    only = only_artist(tenant.who)
    if only is not None and (project_id is not None or (artist_id is not None and str(artist_id) != only)):
        raise NotAllowed("This needs the permission read.", permission=Permission.READ)
    asked = {"artist_id": only or artist_id, "project_id": project_id, "status": status}
    listing = Listing.of(tenant, cursor, limit, "/v1/holds", *asked.values(), within)
    filters = {**_FILTERS, "status": _STATUS_NOW.get(status or "", _STATUS)}
    query = filtered(_LIST, filters, asked, *within.some_of(_SPANS, zone="a.time_zone"))
    parameters = {**asked, **listing.parameters, **within.parameters(), "tenant_id": tenant.who.tenant_id}
    async with tenant.connection() as connection:
        rows, more = listing.page(await connection.rows(query, {**parameters, "now": connection.now}))
        items = await _shown(connection, tenant, rows)
    return answer(request, Page[HoldShown](items=items, next_cursor=more))


async def _shown(connection: Connection, tenant: Tenant, rows: Sequence[Found]) -> list[HoldShown]:
    around = await _around(connection, tenant, [row["hold_id"] for row in rows if row["status"] == "held"])
    shown = list[HoldShown]()
    for row in rows:
        claims = around.get(row["hold_id"])
        at = None if claims is None else standing_at(calendar_of(claims), row["hold_id"], connection.now)
        shown.append(hold_shown(row, at, staff=only_artist(tenant.who) is None))
    return shown


async def _around(connection: Connection, tenant: Tenant, hold_ids: Sequence[str]) -> dict[str, list[Claim]]:
    """For each of these holds that stands on a calendar, its claim and all that may share time with it."""
    if not hold_ids:
        return {}
    pairs = await connection.rows(
        """
        SELECT h.claim_id AS hold_id, o.claim_id, o.kind, o.claim
        FROM artist_calendar h
        JOIN artist_calendar o
            ON o.tenant_id = h.tenant_id
            AND o.artist_id = h.artist_id
            AND o.ends_at > h.starts_at
            AND o.starts_at < h.ends_at
        WHERE h.tenant_id = %(tenant_id)s
            AND h.claim_id = ANY (%(hold_ids)s::uuid[])
            AND (o.ends_by IS NULL OR o.ends_by > %(now)s OR o.claim_id = h.claim_id)
        """,
        {"tenant_id": tenant.who.tenant_id, "hold_ids": list(hold_ids), "now": connection.now},
    )
    claims: dict[str, Claim] = {}
    around: dict[str, list[Claim]] = {}
    for pair in pairs:
        id = pair["claim_id"]
        if id not in claims:
            claims[id] = claim_from(pair["kind"], id, pair["claim"])
        around.setdefault(pair["hold_id"], []).append(claims[id])
    return around
