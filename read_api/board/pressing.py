"""What presses: the clocks that run out next, and what waits for somebody to decide."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from read_api.dashboard_shown import SOON, DeadlineShown, What
from read_api.shapes import Time, stored_times
from read_api.tenant import Connection, Found, Tenant

_AHEAD: Final = 16
"""Days of which the ends of holds are drawn."""
_LISTED: Final = 10
_DAY: Final = timedelta(days=1)
_WORDS: Final[dict[What, str]] = {
    "deadline": "lapses",
    "no_response": "the artist answers",
    "first_refusal": "first refusal",
    "commitment": "to be booked",
    "challenge": "challenge: answers",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A hold and one of its clocks."""

    hold_id: str
    artist: str
    project: str
    zone: str
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Open:
    """Something to decide: a booking that lies on time off, or time off that was asked for."""

    path: str
    artist: str
    what: str
    periods: list[Time]


async def due_next(connection: Connection, tenant: Tenant, soon: Sequence[DeadlineShown]) -> list[Due]:
    """`soon`, all clocks of the next 24 hours, and behind them when holds end later, if nothing happens before."""
    holds = {one.challenge_id or one.hold_id for one in soon[:_LISTED]}
    named = {row["claim_id"]: row for row in await _named(connection, tenant, holds)}
    known = ((one, named.get(one.challenge_id or one.hold_id or "")) for one in soon[:_LISTED])
    found = [
        Due(row["hold_id"], row["artist"], row["project"], row["time_zone"], one.at, _WORDS[one.what])
        for one, row in known
        if row is not None  # else it has ended between the two looks
    ]
    return [*found, *await _later(connection, tenant, _LISTED - len(found))]


async def _named(connection: Connection, tenant: Tenant, claim_ids: Iterable[str | None]) -> list[Found]:
    """By claim, a hold or a challenge: which hold it is, whose time and for what."""
    return await connection.rows(
        """
        SELECT c.claim_id, coalesce(c.claim ->> 'hold_id', c.claim_id::text) AS hold_id,
               a.name AS artist, a.time_zone, p.name AS project
        FROM artist_calendar c
        JOIN artists a ON a.tenant_id = c.tenant_id AND a.artist_id = c.artist_id
        JOIN projects p ON p.tenant_id = c.tenant_id AND p.project_id = (c.claim ->> 'project_id')::uuid
        WHERE c.tenant_id = %(tenant_id)s AND c.claim_id = ANY (%(claim_ids)s::uuid[])
        """,
        {"tenant_id": tenant.who.tenant_id, "claim_ids": list(claim_ids)},
    )


async def _later(connection: Connection, tenant: Tenant, most: int) -> list[Due]:
    rows = await connection.rows(
        """
        SELECT c.claim_id, c.ends_by, a.name AS artist, a.time_zone, p.name AS project
        FROM artist_calendar c
        JOIN artists a ON a.tenant_id = c.tenant_id AND a.artist_id = c.artist_id
        JOIN projects p ON p.tenant_id = c.tenant_id AND p.project_id = (c.claim ->> 'project_id')::uuid
        WHERE c.tenant_id = %(tenant_id)s AND c.ends_by > %(soon)s
        ORDER BY c.ends_by, c.claim_id
        LIMIT %(most)s
        """,
        {"tenant_id": tenant.who.tenant_id, "soon": connection.now + SOON, "most": most},
    )
    return [
        Due(row["claim_id"], row["artist"], row["project"], row["time_zone"], row["ends_by"], _WORDS["deadline"])
        for row in rows
    ]


async def ends_by_day(connection: Connection, tenant: Tenant) -> list[tuple[date, int]]:
    """How many holds end on each of the next days, in UTC, if nothing happens before."""
    rows = await connection.rows(
        """
        SELECT ends_by::date AS day, count(*) AS holds
        FROM artist_calendar
        WHERE tenant_id = %(tenant_id)s AND ends_by > %(now)s AND ends_by < %(now)s::date + %(days)s
        GROUP BY day
        """,
        {"tenant_id": tenant.who.tenant_id, "now": connection.now, "days": _AHEAD},
    )
    counts = {row["day"]: row["holds"] for row in rows}
    days = (connection.now.date() + n * _DAY for n in range(_AHEAD))
    return [(day, counts.get(day, 0)) for day in days]


async def conflicts(connection: Connection, tenant: Tenant) -> list[Open]:
    """Bookings that lie on time off which was approved after them, in the order in which that was found."""
    rows = await connection.rows(
        """
        SELECT c.booking_id, a.name AS artist, p.name AS project, c.spans
        FROM conflicts c
        JOIN bookings b ON b.tenant_id = c.tenant_id AND b.booking_id = c.booking_id
        JOIN artists a ON a.tenant_id = c.tenant_id AND a.artist_id = c.artist_id
        JOIN projects p ON p.tenant_id = b.tenant_id AND p.project_id = b.project_id
        WHERE c.tenant_id = %(tenant_id)s
        ORDER BY c.seq
        LIMIT 100
        """,
        {"tenant_id": tenant.who.tenant_id},
    )
    return [
        Open(
            f"/board/bookings/{row['booking_id']}",
            row["artist"],
            f"booked for {row['project']} on time off",
            stored_times(row["spans"]),
        )
        for row in rows
    ]


async def requests(connection: Connection, tenant: Tenant) -> list[Open]:
    """Time off that somebody has asked for and nobody has decided, in that order."""
    rows = await connection.rows(
        """
        SELECT t.time_off_id, a.name AS artist, t.details -> 'spans' AS spans
        FROM time_off t
        JOIN artists a ON a.tenant_id = t.tenant_id AND a.artist_id = t.artist_id
        WHERE t.tenant_id = %(tenant_id)s AND t.status = 'requested'
        ORDER BY t.seq
        LIMIT 100
        """,
        {"tenant_id": tenant.who.tenant_id},
    )
    return [
        Open(f"/board/time-off/{row['time_off_id']}", row["artist"], "asks for time off", stored_times(row["spans"]))
        for row in rows
    ]
