"""`GET /v1/activity`: who did what, the latest first."""

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from psycopg.sql import SQL
from pydantic import Field

from read_api.answer import answer
from read_api.cursor import cursor_after, seq_in
from read_api.directory import Words
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.shapes import Id, Page, Shown
from read_api.tenant import Tenant

router = APIRouter(prefix="/v1/activity", tags=["history"])

Activities = Annotated[Tenant, reading("activity", may=STAFF)]

Category = Literal["artist", "booking", "challenge", "feed", "hold", "job", "project", "tenant", "time_off"]

_LIST: Final = SQL(
    """
    SELECT seq, recorded_at, actor, what, category, subject_id
    FROM activity
    WHERE {}
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
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """What was done in the tenant, the latest first; what is done meanwhile is not in the pages that follow."""
    listed = ("/v1/activity", tenant.who.tenant_id, actor, category)
    asked = {"actor": actor, "category": category, "before": seq_in(cursor, *listed) or None}
    conditions = [SQL("tenant_id = %(tenant_id)s"), *(_FILTERS[name] for name in asked if asked[name] is not None)]
    async with tenant.connection() as connection:
        rows = await connection.rows(
            _LIST.format(SQL(" AND ").join(conditions)),
            {**asked, "tenant_id": tenant.who.tenant_id, "most": limit + 1},
        )
    more = cursor_after(rows[limit - 1]["seq"], *listed) if len(rows) > limit else None
    return answer(request, Page[Done](items=[Done(**row) for row in rows[:limit]], next_cursor=more))
