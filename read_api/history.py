"""`GET /v1/history/{category}/{id}`: all that happened to one thing, by whom, when, and what that changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from pydantic_core import from_json, to_jsonable_python

from domain.artist import ARTIST
from domain.booking import BOOKING
from domain.calendar import CALENDAR
from domain.challenge import CHALLENGE
from domain.decider import Decider
from domain.errors import NotFound
from domain.feed import FEED
from domain.hold import HOLD
from domain.job import JOB
from domain.project import PROJECT
from domain.tenant import TENANT
from domain.time_off import TIME_OFF
from read_api.answer import answer
from read_api.cursor import cursor_after, seq_in
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.past import Past, past, stream
from read_api.shapes import Page, Shown
from read_api.tenant import Connection, Tenant

router = APIRouter(prefix="/v1/history", tags=["history"])

History = Annotated[Tenant, reading(may=STAFF)]

Category = Literal["artist", "booking", "calendar", "challenge", "feed", "hold", "job", "project", "tenant", "time_off"]

_DECIDERS: Final[Mapping[str, Decider[Any]]] = {
    decider.category: decider for decider in (ARTIST, BOOKING, CHALLENGE, FEED, HOLD, JOB, PROJECT, TENANT, TIME_OFF)
}
"""What can be folded to tell what changed. A calendar's events carry what their claims come to."""


class Change(Shown):
    """A member of the thing's state, before and after."""

    member: str = Field(examples=["status"])
    before: Any
    after: Any


class Happened(Shown):
    """An event of the thing, or one of its artist's calendar that names it."""

    seq: int
    stream: str = Field(examples=["hold/018f4e0e-7c1f-7000-8000-000000000001"])
    version: int = Field(description="Its place in the stream, from 1.")
    type: str = Field(examples=["hold.placed.v1"])
    recorded_at: datetime
    actor: str
    correlation_id: str = Field(description="The `X-Request-ID` that it came with.")
    changes: list[Change] = Field(description="Beside what the event says for the first time.")
    data: dict[str, Any]


@router.get(
    "/{category}/{id}", operation_id="getHistory", response_model=Page[Happened], responses=refusals(of_one=True)
)
async def get_history(
    *,
    category: Category,
    id: UUID,
    request: Request,
    tenant: History,
    calendar: Annotated[
        bool, Query(description="Also the events of the artist's calendar that name it: lapses, promotions, moves.")
    ] = False,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Every event of one thing, the oldest first, with what it changed.

    `calendar` is for holds, bookings, challenges and time off, which an artist's calendar knows; others have no more.
    """
    name = f"{category}/{id}"
    listed = ("/v1/history", tenant.who.tenant_id, name, calendar)
    after = seq_in(cursor, *listed)
    page = _Page(after, limit + 1)
    async with tenant.connection() as connection:
        if category == CALENDAR.category:
            shown = await _happened(connection, tenant, name, page)
            artist_id = None
        else:
            events = [one async for one in stream(connection, tenant, name)]
            shown = [_shown(name, one, changes) for one, changes in _with_changes(category, events)]
            artist_id = getattr(events[0].event, "artist_id", None) if events else None
        if not shown and after == 0:
            raise NotFound("Nothing has happened to such a thing.")
        if calendar and artist_id is not None:
            shown += await _happened(connection, tenant, CALENDAR.stream(artist_id).name, page, naming=str(id))
    left = sorted((one for one in shown if one.seq > after), key=lambda one: one.seq)
    more = cursor_after(left[limit - 1].seq, *listed) if len(left) > limit else None
    return answer(request, Page[Happened](items=left[:limit], next_cursor=more))


class _Page(NamedTuple):
    """Behind a seq, so many."""

    after: int
    most: int


async def _happened(
    connection: Connection, tenant: Tenant, name: str, page: _Page, *, naming: str | None = None
) -> list[Happened]:
    """A page of a stream, of which nothing is folded; only events in which that id stands, if one is given."""
    rows = await connection.rows(
        """
        SELECT seq, version, event_type, data::text AS data, recorded_at, actor, correlation_id
        FROM events
        WHERE tenant_id = %(tenant_id)s
            AND stream = %(stream)s
            AND version > 0
            AND seq > %(after)s
            AND (%(naming)s::text IS NULL OR strpos(data::text, %(naming)s::text) > 0)
        ORDER BY version
        LIMIT %(most)s
        """,
        {"tenant_id": tenant.who.tenant_id, "stream": name, "naming": naming, **page._asdict()},
    )
    return [_shown(name, past(tenant, row), []) for row in rows]


def _shown(name: str, one: Past, changes: list[Change]) -> Happened:
    return Happened(
        seq=one.seq,
        stream=name,
        version=one.version,
        type=one.type,
        recorded_at=one.recorded_at,
        actor=one.actor,
        correlation_id=one.correlation_id,
        changes=changes,
        data=from_json(one.data),
    )


def _with_changes(category: Category, events: Sequence[Past]) -> Iterator[tuple[Past, list[Change]]]:
    decider = _DECIDERS[category]
    state = decider.initial
    for one in events:
        following = decider.evolve(state, one.event)
        before, after = (dict(_members(some, one)) for some in (state, following))
        members = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        yield one, [Change(member=name, before=before.get(name), after=after.get(name)) for name in members]
        state = following


def _members(state: Any, one: Past) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any aggregate's
    """The members of a state by their paths, without the event itself, which is shown whole."""
    for field in fields(state):
        value = getattr(state, field.name)
        if value is not one.event:
            yield from _leaves(field.name, to_jsonable_python(value))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - what JSON can say
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves(f"{path}.{name}", member)
    else:
        yield path, value
