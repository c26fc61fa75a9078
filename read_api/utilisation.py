"""`GET /v1/utilisation`: how much of which artist is booked and held, day by day or week by week."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field

from domain.claims import HoldClaim
from domain.instants import Day
from domain.stored_claim import claim_from
from domain.worked import Run, runs
from read_api.answer import answer
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.listing import Limit, Listing
from read_api.shapes import Id, Shown
from read_api.tenant import Connection, Tenant

router = APIRouter(prefix="/v1/utilisation", tags=["artists"])

Utilisation = Annotated[Tenant, reading("utilisation", "artist_calendar", "directory", may=STAFF)]

_ONE_DAY: Final = timedelta(days=1)
_STEPS: Final = {"day": 1, "week": 7}
_USUAL: Final = timedelta(weeks=12)
_LONGEST: Final = timedelta(days=366)


class ArtistUse(Shown):
    """One artist's hours, one number a step; a whole day is 8."""

    artist_id: Id
    name: str
    booked: list[float]
    held: list[float] = Field(description="What nobody's clock has ended; several may hold one hour.")


class UtilisationShown(Shown):
    """A page of artists over the same steps."""

    step: Literal["day", "week"]
    steps: list[date] = Field(description="The first day of each step.")
    items: list[ArtistUse]
    next_cursor: str | None = Field(description="Give it as `cursor` to go on; null at the end of the list.")


@router.get("", operation_id="getUtilisation", response_model=UtilisationShown, responses=refusals())
async def get_utilisation(
    *,
    request: Request,
    tenant: Utilisation,
    first: Annotated[Day | None, Query(alias="from", description="This Monday, if it is not given.")] = None,
    end: Annotated[Day | None, Query(alias="until", description="Not included; 12 weeks, if it is not given.")] = None,
    step: Literal["day", "week"] = "week",
    artist_id: UUID | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Hours of work by artist and step, as days were said; artists in the order in which they were added."""
    listing = Listing.of(tenant, cursor, limit, "/v1/utilisation", first, end, step, artist_id)
    async with tenant.connection() as connection:
        starts = first or _monday(connection.now)
        ends = end or starts + _USUAL
        if not starts < ends <= starts + _LONGEST:
            raise _refused()
        artists = await connection.rows(
            """
            SELECT artist_id, seq, name
            FROM artists
            WHERE tenant_id = %(tenant_id)s
                AND seq > %(after)s
                AND (%(artist_id)s::uuid IS NULL OR artist_id = %(artist_id)s::uuid)
            ORDER BY seq
            LIMIT %(most)s
            """,
            {**listing.parameters, "tenant_id": tenant.who.tenant_id, "artist_id": artist_id},
        )
        shown, more = listing.page(artists)
        of = {"tenant_id": tenant.who.tenant_id, "artist_ids": [row["artist_id"] for row in shown]}
        booked = await _booked(connection, {**of, "first_day": starts, "end": ends})
        held = await _held(connection, {**of, "first_day": starts, "end": ends, "now": connection.now})
    firsts = [starts + timedelta(days=n) for n in range(0, (ends - starts).days, _STEPS[step])]
    items = [
        ArtistUse(
            artist_id=row["artist_id"],
            name=row["name"],
            booked=_hours(booked.get(row["artist_id"], ()), firsts, ends, _STEPS[step]),
            held=_hours(held.get(row["artist_id"], ()), firsts, ends, _STEPS[step]),
        )
        for row in shown
    ]
    return answer(request, UtilisationShown(step=step, steps=firsts, items=items, next_cursor=more))


async def _booked(connection: Connection, asked: dict[str, Any]) -> dict[str, list[Run]]:
    rows = await connection.rows(
        """
        SELECT artist_id, work
        FROM utilisation
        WHERE tenant_id = %(tenant_id)s
            AND artist_id = ANY (%(artist_ids)s::uuid[])
            AND last_day >= %(first_day)s
            AND first_day < %(end)s
        """,
        asked,
    )
    found: dict[str, list[Run]] = {}
    for row in rows:
        work = (Run(date.fromisoformat(start), date.fromisoformat(last), count) for start, last, count in row["work"])
        found.setdefault(row["artist_id"], []).extend(work)
    return found


async def _held(connection: Connection, asked: dict[str, Any]) -> dict[str, list[Run]]:
    # A local day is within a day of the same one in UTC.
    rows = await connection.rows(
        """
        SELECT artist_id, claim_id, claim
        FROM artist_calendar
        WHERE tenant_id = %(tenant_id)s
            AND artist_id = ANY (%(artist_ids)s::uuid[])
            AND kind = 'hold'
            AND ends_at > %(first_day)s::date - 1
            AND starts_at < %(end)s::date + 1
            AND ends_by > %(now)s
        """,
        asked,
    )
    found: dict[str, list[Run]] = {}
    for row in rows:
        claim = claim_from("hold", row["claim_id"], row["claim"])
        if isinstance(claim, HoldClaim):
            found.setdefault(row["artist_id"], []).extend(runs(claim.alive_spans(asked["now"])))
    return found


def _hours(work: Iterable[Run], firsts: list[date], end: date, days: int) -> list[float]:
    """For each step of so many days, the hours of work in it."""
    sums = [0] * len(firsts)
    for run in work:
        day, until = max(run.first_day, firsts[0]), min(run.last_day + _ONE_DAY, end)
        while day < until:
            n = (day - firsts[0]).days // days
            following = min(firsts[n] + timedelta(days=days), until)
            sums[n] += (following - day).days * run.minutes
            day = following
    return [minutes / 60 for minutes in sums]


def _monday(now: datetime) -> date:
    today = now.date()
    return today - timedelta(days=today.weekday())


def _refused() -> RequestValidationError:
    message = f"must come after `from`, and at most {_LONGEST.days} days later"
    return RequestValidationError([{"type": "window", "loc": ("query", "until"), "msg": message, "input": None}])
