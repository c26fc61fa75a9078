"""`GET /v1/feeds`, the feeds of a tenant, and `GET /feeds/{secret}.ics`, what one tells whoever has its link."""

import hmac
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import Field

from domain.errors import NotFound
from domain.feed import Named, Shows, hash_of, named_in
from domain.feed_entry import entries_from
from domain.permission import Who
from domain.stored_claim import claim_from
from read_api.answer import answer, answer_bytes
from read_api.door import ARTISTS_TOO, only_artist, reading
from read_api.errors import refusals
from read_api.feed_shown import Told, busy, icalendar, in_detail
from read_api.listing import Limit, Listing
from read_api.shapes import Id, Maybe, Page, Shown
from read_api.tenant import Connection, Found, Tenant

router = APIRouter()

Feeds = Annotated[Tenant, reading("feeds", may=ARTISTS_TOO)]

_PAST: Final = timedelta(days=92)
"""How long what is over is still told."""
_MOST: Final = 5000
"""Claims that a feed tells, the last to end; more is no calendar that a person could look at."""
_NOBODY: Final = hash_of("")
_GONE: Final = "There is no such feed."


class FeedShown(Shown):
    """A feed; its link was answered when it was opened, and is stored nowhere."""

    id: Id
    version: int
    artist_id: Maybe[Id] = None
    project_id: Maybe[Id] = None
    shows: Shows
    name: Maybe[str] = Field(default=None, description="Staff only, as `opened_by`.")
    opened_at: datetime
    opened_by: Maybe[str] = None
    revoked_at: Maybe[datetime] = None


@router.get("/v1/feeds", operation_id="listFeeds", tags=["feeds"], response_model=Page[FeedShown], responses=refusals())
async def list_feeds(request: Request, tenant: Feeds, cursor: str | None = None, limit: Limit = 50) -> Response:
    """Feeds in the order in which they were opened, the revoked ones too; an artist sees those of its own time."""
    only = only_artist(tenant.who)
    listing = Listing.of(tenant, cursor, limit, "/v1/feeds", only)
    async with tenant.connection() as connection:
        rows = await connection.rows(
            """
            SELECT seq, feed_id AS id, version, artist_id, project_id, shows, name, opened_at, opened_by, revoked_at
            FROM feeds
            WHERE tenant_id = %(tenant_id)s
                AND seq > %(after)s
                AND (%(only)s::uuid IS NULL OR artist_id = %(only)s::uuid)
            ORDER BY seq
            LIMIT %(most)s
            """,
            {**listing.parameters, "tenant_id": tenant.who.tenant_id, "only": only},
        )
    shown, more = listing.page(rows)
    hidden = {"seq"} if only is None else {"seq", "name", "opened_by"}
    items = [FeedShown(**{name: value for name, value in row.items() if name not in hidden}) for row in shown]
    return answer(request, Page[FeedShown](items=items, next_cursor=more))


@router.get(
    "/feeds/{secret}.ics",
    operation_id="getFeed",
    tags=["feeds"],
    response_class=Response,
    responses={
        200: {"description": "The calendar (RFC 5545).", "content": {"text/calendar": {"schema": {"type": "string"}}}},
        **{status: refusal for status, refusal in refusals(of_one=True).items() if status in {304, 404, 422, 503}},
    },
    openapi_extra={"security": []},
)
async def get_feed(secret: str, request: Request) -> Response:
    """What is held and booked, for any calendar that can subscribe to a link; the link is all that it takes.

    Holds are `TENTATIVE`, bookings and approved time off `CONFIRMED`; what was let go is `CANCELLED`, under a higher
    `SEQUENCE`. Unless the feed shows details, an event says that time is taken, and neither for whom nor by how many.
    A link that was revoked is like one that never was.
    """
    named = named_in(secret)
    if named is None:
        raise NotFound(_GONE)
    who = Who(tenant_id=named.tenant_id, actor="feed", role=None, permissions=frozenset())
    tenant = Tenant(who=who, reads=request.app.state.reads, projections=frozenset({"feeds"}), seen=None)
    async with tenant.connection() as connection:
        feed = await _feed(connection, named, secret)
        told = await _told(connection, named.tenant_id, feed)
    if feed["shows"] == "details":
        shown = in_detail(told, connection.now)
    else:
        shown = busy(told, connection.now, feed_id=named.feed_id)
    body = icalendar(feed["name"] or feed["of"] or "Production Tool", shown)
    return answer_bytes(request, body, media_type="text/calendar")


async def _feed(connection: Connection, named: Named, secret: str) -> Found:
    """The feed of which this is the secret; whatever is wrong with it takes the same look at the same row.

    Raises:
        NotFound: it is none's, or has been revoked.
    """
    row = await connection.row(
        """
        SELECT f.artist_id, f.project_id, f.shows, f.secret_hash, f.revoked_at, f.name, coalesce(a.name, p.name) AS of
        FROM feeds f
        LEFT JOIN artists a ON a.tenant_id = f.tenant_id AND a.artist_id = f.artist_id
        LEFT JOIN projects p ON p.tenant_id = f.tenant_id AND p.project_id = f.project_id
        WHERE f.tenant_id = %(tenant_id)s AND f.feed_id = %(feed_id)s
        """,
        {"tenant_id": named.tenant_id, "feed_id": named.feed_id},
    )
    right = hmac.compare_digest(_NOBODY if row is None else row["secret_hash"], hash_of(secret))
    if row is None or not right or row["revoked_at"] is not None:
        raise NotFound(_GONE)
    return row


async def _told(connection: Connection, tenant_id: str, feed: Found) -> list[Told]:
    rows = await connection.rows(
        """
        SELECT e.claim_id, e.kind, e.claim, e.entries, a.name AS artist, p.name AS project
        FROM feed_entries e
        LEFT JOIN artists a ON a.tenant_id = e.tenant_id AND a.artist_id = e.artist_id
        LEFT JOIN projects p ON p.tenant_id = e.tenant_id AND p.project_id = e.project_id
        WHERE e.tenant_id = %(tenant_id)s
            AND (e.artist_id = %(artist_id)s::uuid OR e.project_id = %(project_id)s::uuid)
            AND e.ends_at > %(since)s
        ORDER BY e.ends_at DESC, e.claim_id
        LIMIT %(most)s
        """,
        {
            "tenant_id": tenant_id,
            "artist_id": feed["artist_id"],
            "project_id": feed["project_id"],
            "since": connection.now - _PAST,
            "most": _MOST,
        },
    )
    return [_one(row, whom="project" if feed["artist_id"] else "artist") for row in rows]


def _one(row: dict[str, Any], *, whom: str) -> Told:
    return Told(
        kind=row["kind"],
        claim=None if row["claim"] is None else claim_from(row["kind"], row["claim_id"], row["claim"]),
        entries=entries_from(row["entries"]),
        whom=row[whom],
    )
