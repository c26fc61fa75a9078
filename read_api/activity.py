"""`GET /v1/activity`: who did what, the latest first."""

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Request, Response
from psycopg.sql import SQL
from pydantic import Field

from read_api.answer import answer
from read_api.directory import Words
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.listing import Limit, Listing, filtered
from read_api.shapes import Id, Page, Shown
from read_api.tenant import Tenant

router = APIRouter(prefix="/v1/activity", tags=["history"])

Activities = Annotated[Tenant, reading("activity", may=STAFF)]

Category = Literal["artist", "booking", "challenge", "feed", "hold", "job", "project", "tenant", "time_off"]

_LIST: Final = SQL(
    """
    SELECT seq, recorded_at, actor, what, category, subject_id
    FROM activity
    WHERE tenant_id = %(tenant_id)s {}
    ORDER BY seq DESC
    LIMIT %(most)s
    """
)
_FILTERS: Final = {
    "actor": SQL("actor = %(actor)s"),
    "category": SQL("category = %(category)s"),
    "before": SQL("seq < %(before)s"),
}


class Done(Shown):
    """Something that somebody did, or that a clock did for nobody."""

    seq: int
    recorded_at: datetime
    actor: str
    what: str = Field(description="The stored name of the event.", examples=["hold.placed.v1"])
    category: Category
    subject_id: Id = Field(description="What it was done to; `GET /v1/history/{category}/{id}` has the rest.")


@router.get("", operation_id="listActivity", response_model=Page[Done], responses=refusals())
async def list_activity(
    *,
    request: Request,
    tenant: Activities,
    actor: Words | None = None,
    category: Category | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """What was done in the tenant, the latest first; what is done meanwhile is not in the pages that follow."""
    listing = Listing.of(tenant, cursor, limit, "/v1/activity", actor, category)
    asked = {"actor": actor, "category": category, "before": listing.after or None}
    async with tenant.connection() as connection:
        rows = await connection.rows(
            filtered(_LIST, _FILTERS, asked), {**asked, **listing.parameters, "tenant_id": tenant.who.tenant_id}
        )
    shown, more = listing.page(rows)
    return answer(request, Page[Done](items=[Done(**row) for row in shown], next_cursor=more))
