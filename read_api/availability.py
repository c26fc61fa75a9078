"""`GET /v1/availability`: who is free for all of some time; from Redis, or from Postgres when Redis has no answer."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from read_api import availability_in_postgres, availability_in_redis
from read_api.answer import answer
from read_api.availability_shown import Asked, AvailabilityShown
from read_api.cursor import cursor_after, seq_in
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.keys import KeysUnavailable
from read_api.tenant import Tenant
from read_api.window import Window, window

router = APIRouter(prefix="/v1/availability", tags=["artists"])

Calendars = Annotated[Tenant, reading("artist_calendar", "directory", may=STAFF)]


@router.get("", operation_id="listAvailability", response_model=AvailabilityShown, responses=refusals())
async def list_availability(
    *,
    request: Request,
    tenant: Calendars,
    within: Annotated[Window, Depends(window)],
    skill: Annotated[
        list[str] | None, Query(max_length=20, description="Only artists with this skill; several: with all of them.")
    ] = None,
    held_too: Annotated[bool, Query(description="Artists on whose time only holds stand, too.")] = True,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Artists who are free for all of the time, and those on whose time only holds stand, at the database's now.

    From today and for 28 days, unless `from` and `until` say otherwise. Days are each artist's own local days.
    """
    skills = tuple(sorted({one.casefold() for one in skill or ()}))
    listed = ("/v1/availability", tenant.who.tenant_id, within, skills, held_too)
    asked = Asked(within, skills, held_too, seq_in(cursor, *listed), limit)
    found, following, by = await availability(tenant, asked)
    more = None if following is None else cursor_after(following, *listed)
    return answer(request, AvailabilityShown(items=found, next_cursor=more, answered_by=by))


async def availability(tenant: Tenant, asked: Asked) -> availability_in_redis.Found:
    """Who is free; the number of the artist to go on with, or None; and who has answered.

    Raises:
        RequestValidationError: the time makes no sense.
        ForeignToken, ReadModelBehind, StreamParked: see `Tenant.connection`.
    """
    try:
        return await availability_in_redis.availability(tenant, asked)
    except KeysUnavailable:
        return await availability_in_postgres.availability(tenant, asked)
