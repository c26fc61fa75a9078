"""`GET /v1/artists/{id}/queue`: who is 1st, 2nd, … on a day, and by which events."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from domain.calendar import Calendar
from domain.errors import NotFound
from domain.instants import Day
from domain.queue import Entry, stretches
from domain.queue import Standing as State
from domain.spans import Span, whole_days
from domain.stored_claim import calendar_of, claim_from
from read_api.answer import answer
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.explained import Cause, causes
from read_api.past import Past, as_of, calendar_events, folded, moment
from read_api.shapes import Deadline, Id, Maybe, Shown
from read_api.standing_then import calendar_then
from read_api.tenant import Connection, Tenant

router = APIRouter(prefix="/v1/artists", tags=["artists"])

Queues = Annotated[Tenant, reading("artist_calendar", "directory", may=STAFF)]


class CauseShown(Shown):
    """A fact that moved a hold, and where that left it."""

    seq: int | None = Field(description="Null for a deadline that has passed and is not recorded yet.")
    type: str = Field(examples=["calendar.time_held.v1"])
    at: datetime
    actor: str
    hold_id: Maybe[Id] = Field(default=None, description="Whose fact it is, if it is a hold's.")
    reason: Maybe[str] = None
    rank: int = Field(description="The worst that the hold had on this stretch, after the fact.")
    state: State


class EntryShown(Shown):
    """A hold in its place."""

    rank: int = Field(ge=1, description="1 is first.")
    state: State
    hold_id: Id
    project_id: Id
    job_id: Maybe[Id] = None
    deadline: Deadline
    first_refusal_until: Maybe[datetime] = None
    book_by: Maybe[datetime] = None
    because: Maybe[list[CauseShown]] = Field(default=None, description="With `explain`: what brought it there.")


class StretchShown(Shown):
    """A part of the day on which nothing changes."""

    starts_at: datetime
    ends_at: datetime
    entries: list[EntryShown]
    booking_ids: list[Id] = Field(description="What takes the time, so that everybody stands by.")
    time_off_ids: list[Id] = Field(description="Approved time off, which blocks everybody.")


class QueueShown(Shown):
    """The queue of one artist on one day; time that nobody holds is left out."""

    artist_id: Id
    day: date
    time_zone: str = Field(examples=["Europe/Berlin"])
    as_of: Maybe[datetime] = Field(default=None, description="What `as_of` came to.")
    stretches: list[StretchShown]


@router.get("/{id}/queue", operation_id="getQueue", response_model=QueueShown, responses=refusals(of_one=True))
async def get_queue(
    *,
    id: UUID,
    request: Request,
    tenant: Queues,
    day: Annotated[Day, Query(description="A day in the artist's time zone.", examples=["2027-03-01"])],
    said: Annotated[int | datetime | None, Depends(as_of)],
    explain: Annotated[bool, Query(description="Say by which events each stands where it stands.")] = False,
) -> Response:
    """Who stands in which place on each part of a day, now or as of any moment of the log."""
    async with tenant.connection(about=[f"calendar/{id}", f"artist/{id}"]) as connection:
        artist = await connection.row(
            "SELECT time_zone FROM artists WHERE tenant_id = %(tenant_id)s AND artist_id = %(artist_id)s",
            {"tenant_id": tenant.who.tenant_id, "artist_id": id},
        )
        if artist is None:
            raise NotFound("There is no such artist.")
        span = whole_days(day, day, artist["time_zone"])
        until = None if said is None else await moment(connection, tenant, said)
        events: Sequence[Past] = ()
        if explain:
            events = await calendar_events(connection, tenant, id, until)
            calendar = folded(events)
        elif until is not None:
            calendar = await calendar_then(connection, tenant, id, until)
        else:
            calendar = await _standing(connection, tenant, id, span)
    now = connection.now if until is None else until.at
    queue = stretches(calendar, now, (span,))
    because = causes(events, queue, span, now) if explain else None
    shown = QueueShown(
        artist_id=str(id),
        day=day,
        time_zone=artist["time_zone"],
        as_of=None if until is None else until.at,
        stretches=[
            StretchShown(
                starts_at=stretch.starts_at,
                ends_at=stretch.ends_at,
                entries=[_entry(calendar, entry, n, because) for entry in stretch.entries],
                booking_ids=list(stretch.booking_ids),
                time_off_ids=list(stretch.time_off_ids),
            )
            for n, stretch in enumerate(queue)
        ],
    )
    return answer(request, shown)


async def _standing(connection: Connection, tenant: Tenant, artist_id: UUID, day: Span) -> Calendar:
    """What stands on that day now."""
    rows = await connection.rows(
        """
        SELECT claim_id, kind, claim
        FROM artist_calendar
        WHERE tenant_id = %(tenant_id)s
            AND artist_id = %(artist_id)s
            AND ends_at > %(starts_at)s
            AND starts_at < %(ends_at)s
            AND (ends_by IS NULL OR ends_by > %(now)s)
        """,
        {
            "tenant_id": tenant.who.tenant_id,
            "artist_id": artist_id,
            "starts_at": day.starts_at,
            "ends_at": day.ends_at,
            "now": connection.now,
        },
    )
    return calendar_of(claim_from(row["kind"], row["claim_id"], row["claim"]) for row in rows)


def _entry(
    calendar: Calendar, entry: Entry, stretch: int, because: Mapping[tuple[int, str], list[Cause]] | None
) -> EntryShown:
    claim, span = calendar.holds[entry.hold_id], entry.span
    why: list[dict[str, Any]] | None = None
    if because is not None:
        why = [cause._asdict() for cause in because.get((stretch, entry.hold_id), ())]
    return EntryShown(
        rank=entry.rank,
        state=entry.state,
        hold_id=entry.hold_id,
        project_id=claim.project_id,
        job_id=claim.job_id,
        deadline=Deadline.of(claim.deadline),
        first_refusal_until=None if span.first_refusal is None else span.first_refusal.at,
        book_by=None if span.commitment is None else span.commitment.at,
        because=None if why is None else [CauseShown(**cause) for cause in why],
    )
