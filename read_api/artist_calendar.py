"""`GET /v1/artists/{id}/calendar`: what stands on an artist's calendar, now or as of any moment of the log."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field

from domain.calendar import Calendar
from domain.claims import BookingClaim, Consent, TimeOffClaim
from domain.errors import NotAllowed, NotFound
from domain.permission import Permission
from domain.queue import worst_rank
from domain.spans import Span, intersect, overlap, plain, union
from domain.stored_claim import calendar_of, claim_from
from read_api.answer import answer
from read_api.door import ARTISTS_TOO, only_artist, reading
from read_api.errors import refusals
from read_api.past import as_of, moment
from read_api.shapes import Deadline, Id, Maybe, Shown, Standing, Time, times
from read_api.standing import standing_at
from read_api.standing_then import calendar_then
from read_api.tenant import Connection, Tenant
from read_api.window import Window, window

router = APIRouter(prefix="/v1/artists", tags=["artists"])

Calendars = Annotated[Tenant, reading("artist_calendar", "directory", may=ARTISTS_TOO)]

C = TypeVar("C", BookingClaim, TimeOffClaim)

_USUAL: Final = timedelta(days=92)
_LONGEST: Final = timedelta(days=3 * 366)


class HeldShown(Shown):
    """A hold, with all of its time that is still held."""

    id: Id
    project_id: Maybe[Id] = Field(default=None, description="Staff only, as `job_id`.")
    job_id: Maybe[Id] = None
    periods: list[Time]
    ranks: list[Standing]
    worst_rank: int | None
    deadline: Deadline
    consent: Consent
    respond_by: Maybe[Deadline] = None


class BookedShown(Shown):
    """A booking, with all of its time."""

    id: Id
    project_id: Maybe[Id] = Field(default=None, description="Staff only, as `job_id`.")
    job_id: Maybe[Id] = None
    periods: list[Time]


class TimeOffShown(Shown):
    """Time off, asked for or approved."""

    id: Id
    approved: bool
    periods: list[Time]


class CalendarShown(Shown):
    """What shares time with the window that was asked for, earliest first."""

    artist_id: Id
    time_zone: str = Field(examples=["Europe/Berlin"])
    as_of: Maybe[datetime] = Field(default=None, description="What `as_of` came to.")
    starts_at: datetime = Field(description="What `from` came to.")
    ends_at: datetime = Field(description="What `until` came to.")
    holds: list[HeldShown] = Field(description="For the artist: those that ask for an answer.")
    bookings: list[BookedShown]
    time_off: list[TimeOffShown]
    taken: Maybe[list[Time]] = Field(default=None, description="For the artist: when anybody holds some time.")


@router.get(
    "/{id}/calendar",
    operation_id="getArtistCalendar",
    response_model=CalendarShown,
    responses=refusals(of_one=True),
)
async def get_artist_calendar(
    id: UUID,
    request: Request,
    tenant: Calendars,
    within: Annotated[Window, Depends(window)],
    said: Annotated[int | datetime | None, Depends(as_of)],
) -> Response:
    """Holds, bookings and time off of one artist: from now, unless `from` is given, and for 92 days, unless `until` is.

    With `as_of`, what stood there then, and from then on. The artist sees when time is taken, and what awaits an
    answer with its own rank, but neither for whom nor for what.
    """
    only = only_artist(tenant.who)
    if only not in {None, str(id)}:
        raise NotAllowed("This needs the permission read.", permission=Permission.READ)
    of = {"tenant_id": tenant.who.tenant_id, "artist_id": id}
    async with tenant.connection(about=[f"calendar/{id}", f"artist/{id}"]) as connection:
        artist = await connection.row(
            "SELECT time_zone FROM artists WHERE tenant_id = %(tenant_id)s AND artist_id = %(artist_id)s", of
        )
        if artist is None:
            raise NotFound("There is no such artist.")
        until = None if said is None else await moment(connection, tenant, said)
        now = connection.now if until is None else until.at
        starts_at, ends_at = _bounds(within, artist["time_zone"], now)
        if until is None:
            calendar = await _standing(connection, {**of, "starts_at": starts_at, "ends_at": ends_at, "now": now})
        else:
            calendar = await calendar_then(connection, tenant, id, until)
    asked_for = (Span(starts_at, ends_at, artist["time_zone"]),)
    head = {
        "artist_id": str(id),
        "time_zone": artist["time_zone"],
        "as_of": None if until is None else until.at,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    shown = _for_staff if only is None else _for_the_artist
    return answer(request, CalendarShown(**head, **shown(calendar, asked_for, now)))


async def _standing(connection: Connection, asked: Mapping[str, Any]) -> Calendar:
    """What shares time with the window, and whatever that shares time with, so that ranks are right all along."""
    rows = await connection.rows(
        """
        WITH asked AS (
            SELECT min(starts_at) AS starts_at, max(ends_at) AS ends_at
            FROM artist_calendar
            WHERE tenant_id = %(tenant_id)s
                AND artist_id = %(artist_id)s
                AND ends_at > %(starts_at)s
                AND starts_at < %(ends_at)s
        )
        SELECT c.claim_id, c.kind, c.claim
        FROM artist_calendar c, asked
        WHERE c.tenant_id = %(tenant_id)s
            AND c.artist_id = %(artist_id)s
            AND c.ends_at > asked.starts_at
            AND c.starts_at < asked.ends_at
            AND (c.ends_by IS NULL OR c.ends_by > %(now)s)
        """,
        asked,
    )
    return calendar_of(claim_from(row["kind"], row["claim_id"], row["claim"]) for row in rows)


def _bounds(within: Window, zone: str, now: datetime) -> tuple[datetime, datetime]:
    starts_at = now.replace(microsecond=0) if within.start is None else within.start.in_zone(zone)
    ends_at = starts_at + _USUAL if within.end is None else within.end.in_zone(zone)
    if not starts_at < ends_at <= starts_at + _LONGEST:
        message = f"must come after `from`, and at most {_LONGEST.days} days later"
        what: dict[str, Any] = {"type": "window", "loc": ("query", "until"), "msg": message, "input": None}
        raise RequestValidationError([what])
    return starts_at, ends_at


def _for_staff(calendar: Calendar, within: tuple[Span, ...], now: datetime) -> dict[str, Any]:
    return {
        "holds": [hold for hold, _ in _holds(calendar, within, now)],
        "bookings": [
            BookedShown(id=b.booking_id, project_id=b.project_id, job_id=b.job_id, periods=times(b.spans))
            for b in _in_order(calendar.bookings.values(), within)
        ],
        "time_off": _time_off(calendar, within),
    }


def _for_the_artist(calendar: Calendar, within: tuple[Span, ...], now: datetime) -> dict[str, Any]:
    holds = _holds(calendar, within, now)
    return {
        "holds": [
            hold.model_copy(update={"project_id": None, "job_id": None})
            for hold, _ in holds
            if hold.consent != "not_needed"
        ],
        "bookings": [
            BookedShown(id=b.booking_id, periods=times(b.spans)) for b in _in_order(calendar.bookings.values(), within)
        ],
        "time_off": _time_off(calendar, within),
        "taken": times(intersect(union(plain([span for _, spans in holds for span in spans])), within)),
    }


def _holds(calendar: Calendar, within: tuple[Span, ...], now: datetime) -> list[tuple[HeldShown, tuple[Span, ...]]]:
    shown = []
    for id, claim in calendar.holds.items():
        at = standing_at(calendar, id, now)
        if not overlap(at.held, within):
            continue
        hold = HeldShown(
            id=id,
            project_id=claim.project_id,
            job_id=claim.job_id,
            periods=times(at.held),
            ranks=[Standing.of(rank) for rank in at.ranks],
            worst_rank=worst_rank(at.ranks),
            deadline=Deadline.of(claim.deadline),
            consent=claim.consent,
            respond_by=None if claim.respond_by is None else Deadline.of(claim.respond_by),
        )
        shown.append((hold, tuple(at.held)))
    return sorted(shown, key=lambda pair: (pair[1][0].starts_at, pair[0].id))


def _time_off(calendar: Calendar, within: tuple[Span, ...]) -> list[TimeOffShown]:
    return [
        TimeOffShown(id=off.time_off_id, approved=off.approved, periods=times(off.spans))
        for off in _in_order(calendar.time_off.values(), within)
    ]


def _in_order(claims: Iterable[C], within: tuple[Span, ...]) -> list[C]:
    return sorted(
        (claim for claim in claims if overlap(claim.spans, within)), key=lambda claim: claim.spans[0].starts_at
    )
