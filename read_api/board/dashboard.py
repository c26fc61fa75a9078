"""`/board/dashboard`: how busy everybody is, and what presses, to be looked at rather than read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request, Response

from domain.calendar import Calendar
from domain.queue import worst_rank
from domain.stored_claim import calendar_of, claim_from
from read_api.board.page import PageRoute, page
from read_api.board.reached import reached
from read_api.door import STAFF, reading
from read_api.standing import standing_at
from read_api.tenant import Connection, Found, Tenant

router = APIRouter(prefix="/board", include_in_schema=False, route_class=PageRoute)

Board = Annotated[Tenant, reading("artist_calendar", "directory", "holds", may=STAFF)]

_WEEKS: Final = 12
_WORKING_DAYS: Final = 5
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_SOON: Final = timedelta(hours=24)
_AHEAD: Final = 16
"""Days of which the deadlines are drawn."""
_LISTED: Final = 14
_MOST_ARTISTS: Final = 60
"""Rows of the heat map, the busiest first."""


@dataclass(frozen=True, slots=True)
class Week:
    """Shares of all artists' working days, from 0 to 1: booked, else away, else held."""

    monday: date
    booked: float
    away: float
    held: float


@dataclass(frozen=True, slots=True)
class Due:
    """A hold and the first of its clocks."""

    hold: Found
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What holds come to at an instant."""

    by_rank: Counter[int]
    due: list[Due]
    challenges: int
    conflicts: int


@router.get("/dashboard")
async def get_dashboard(request: Request, tenant: Board) -> Response:
    """Twelve weeks from this one, and deadlines as the database's now has them."""
    async with tenant.connection() as connection:
        now = connection.now
        monday = now.date() - now.weekday() * _DAY
        artists = await _artists(connection, tenant)
        busy = await _busy(connection, tenant, monday)
        figures = await _figures(connection, tenant)
        seq = await reached(connection, tenant)
    weeks = _weeks(busy, len(artists), monday)
    days = [now.date() + n * _DAY for n in range(_AHEAD)]
    deadlines = Counter(due.at.date() for due in figures.due)
    return page(
        request,
        "dashboard.html",
        weeks=weeks,
        heat=_heat(busy, artists, monday),
        mondays=[monday + n * _WEEK for n in range(_WEEKS)],
        figures=figures,
        soon=[due for due in figures.due if due.at <= now + _SOON],
        next_due=figures.due[:_LISTED],
        deadlines=[(day, deadlines[day]) for day in days],
        most_deadlines=max([*deadlines.values(), 4]),
        artists=len(artists),
        seq=seq,
    )


async def _artists(connection: Connection, tenant: Tenant) -> dict[str, str]:
    rows = await connection.rows(
        "SELECT artist_id, name FROM artists WHERE tenant_id = %(tenant_id)s ORDER BY seq",
        {"tenant_id": tenant.who.tenant_id},
    )
    return {row["artist_id"]: row["name"] for row in rows}


async def _busy(connection: Connection, tenant: Tenant, monday: date) -> list[Found]:
    """By artist and week the working days on which anything is booked, else away, else held: days of the artist's."""
    return await connection.rows(
        """
        WITH spans AS (
            SELECT c.artist_id, c.kind, a.time_zone,
                   (span ->> 'starts_at')::timestamptz AS starts_at,
                   (span ->> 'ends_at')::timestamptz AS ends_at
            FROM artist_calendar c
            JOIN artists a ON a.tenant_id = c.tenant_id AND a.artist_id = c.artist_id
            CROSS JOIN json_array_elements(c.claim -> 'spans') AS span
            WHERE c.tenant_id = %(tenant_id)s
                AND c.ends_at > %(monday)s::date - 1
                AND c.starts_at < %(monday)s::date + 7 * %(weeks)s + 1
                AND (c.ends_by IS NULL OR c.ends_by > %(now)s)
                AND c.kind <> 'challenge'
                AND (c.kind <> 'time_off' OR (c.claim ->> 'approved')::boolean)
        ),
        days AS (
            SELECT s.artist_id, day::date AS day,
                   bool_or(s.kind = 'booking') AS booked,
                   bool_or(s.kind = 'time_off') AS away
            FROM spans s
            CROSS JOIN generate_series(
                greatest((s.starts_at AT TIME ZONE s.time_zone)::date, %(monday)s::date),
                least(
                    ((s.ends_at - interval '1 microsecond') AT TIME ZONE s.time_zone)::date,
                    %(monday)s::date + 7 * %(weeks)s - 1
                ),
                interval '1 day'
            ) AS day
            WHERE extract(isodow FROM day) <= %(working_days)s
            GROUP BY s.artist_id, day
        )
        SELECT artist_id, (day - %(monday)s::date) / 7 AS week,
               count(*) FILTER (WHERE booked) AS booked,
               count(*) FILTER (WHERE away AND NOT booked) AS away,
               count(*) FILTER (WHERE NOT booked AND NOT away) AS held
        FROM days
        GROUP BY artist_id, week
        """,
        {
            "tenant_id": tenant.who.tenant_id,
            "monday": monday,
            "weeks": _WEEKS,
            "working_days": _WORKING_DAYS,
            "now": connection.now,
        },
    )


async def _figures(connection: Connection, tenant: Tenant) -> Figures:
    rows = await connection.rows(
        """
        SELECT c.artist_id, c.claim_id, c.kind, c.claim, a.name AS artist, a.time_zone, p.name AS project
        FROM artist_calendar c
        JOIN artists a ON a.tenant_id = c.tenant_id AND a.artist_id = c.artist_id
        LEFT JOIN holds h ON h.tenant_id = c.tenant_id AND h.hold_id = c.claim_id
        LEFT JOIN projects p ON p.tenant_id = h.tenant_id AND p.project_id = h.project_id
        WHERE c.tenant_id = %(tenant_id)s
            AND c.ends_at > %(now)s
            AND (c.ends_by IS NULL OR c.ends_by > %(now)s)
        """,
        {"tenant_id": tenant.who.tenant_id, "now": connection.now},
    )
    by_artist: dict[str, list[Found]] = {}
    for row in rows:
        by_artist.setdefault(row["artist_id"], []).append(row)
    by_rank, due, challenges, conflicts = Counter[int](), list[Due](), 0, 0
    for claims in by_artist.values():
        calendar = calendar_of(claim_from(row["kind"], row["claim_id"], row["claim"]) for row in claims)
        challenges += len(calendar.challenges)
        conflicts += _conflicts(calendar)
        for row in claims:
            if row["kind"] == "hold":
                by_rank.update(_rank(calendar, row, connection.now))
                due += _due(calendar, row, connection.now)
    return Figures(by_rank, sorted(due, key=lambda one: one.at), challenges, conflicts)


def _rank(calendar: Calendar, row: Found, now: datetime) -> Iterable[int]:
    rank = worst_rank(standing_at(calendar, row["claim_id"], now).ranks)
    return () if rank is None else (rank,)


def _due(calendar: Calendar, row: Found, now: datetime) -> Iterable[Due]:
    at = standing_at(calendar, row["claim_id"], now)
    if not at.held:
        return
    clocks = [(at.claim.deadline.at, "lapses")]
    if at.claim.respond_by is not None:
        clocks.append((at.claim.respond_by.at, "the artist answers"))
    clocks += [(rank.span.first_refusal.at, "first refusal") for rank in at.ranks if rank.span.first_refusal]
    clocks += [(rank.span.commitment.at, "to be booked") for rank in at.ranks if rank.span.commitment]
    if at.challenge is not None and at.challenge.hold_id != row["claim_id"]:
        clocks.append((at.challenge.answer_by.at, "challenged"))
    instant, what = min(clocks)
    yield Due(row, instant, what)


def _conflicts(calendar: Calendar) -> int:
    """Bookings that lie on approved time off."""
    off = [span for claim in calendar.time_off.values() if claim.approved for span in claim.spans]
    return sum(
        any(one.starts_at < other.ends_at and other.starts_at < one.ends_at for one in booking.spans for other in off)
        for booking in calendar.bookings.values()
    )


def _weeks(busy: Sequence[Found], artists: int, monday: date) -> list[Week]:
    whole = max(artists * _WORKING_DAYS, 1)
    sums = {kind: Counter[int]() for kind in ("booked", "away", "held")}
    for row in busy:
        for kind, by_week in sums.items():
            by_week[row["week"]] += row[kind]
    return [Week(monday + n * _WEEK, *(sums[kind][n] / whole for kind in sums)) for n in range(_WEEKS)]


def _heat(busy: Sequence[Found], artists: dict[str, str], monday: date) -> list[tuple[str, list[Week]]]:
    """By artist, the busiest first."""
    found = {(row["artist_id"], row["week"]): row for row in busy}
    work = Counter[str]()
    for row in busy:
        work[row["artist_id"]] += row["booked"] * 100 + row["held"]
    none = {"booked": 0, "away": 0, "held": 0}
    return [
        (
            artists[artist_id],
            [
                Week(
                    monday + n * _WEEK,
                    *(found.get((artist_id, n), none)[kind] / _WORKING_DAYS for kind in ("booked", "away", "held")),
                )
                for n in range(_WEEKS)
            ],
        )
        for artist_id in sorted(artists, key=lambda one: -work[one])[:_MOST_ARTISTS]
    ]
