"""How busy everybody is, by week: working days that are booked, away, held."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from read_api.tenant import Connection, Found, Tenant

WEEKS: Final = 12
_WORKING_DAYS: Final = 5
_WEEK: Final = timedelta(days=7)
_MOST_ARTISTS: Final = 60
"""Rows of the heat map, the busiest first."""


@dataclass(frozen=True, slots=True)
class Week:
    """Shares of working days, from 0 to 1: booked, else away, else held."""

    monday: date
    booked: float
    away: float
    held: float


@dataclass(frozen=True, slots=True)
class Busy:
    """Everybody added up, and the busiest one by one."""

    weeks: list[Week]
    heat: list[tuple[str, list[Week]]]


async def busy_from(connection: Connection, tenant: Tenant, monday: date) -> Busy:
    """Twelve weeks from that Monday."""
    artists = await _artists(connection, tenant)
    busy = await _busy(connection, tenant, monday)
    return Busy(_weeks(busy, len(artists), monday), _heat(busy, artists, monday))


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
            "weeks": WEEKS,
            "working_days": _WORKING_DAYS,
            "now": connection.now,
        },
    )


def _weeks(busy: Sequence[Found], artists: int, monday: date) -> list[Week]:
    whole = max(artists * _WORKING_DAYS, 1)
    sums = {kind: Counter[int]() for kind in ("booked", "away", "held")}
    for row in busy:
        for kind, by_week in sums.items():
            by_week[row["week"]] += row[kind]
    return [Week(monday + n * _WEEK, *(sums[kind][n] / whole for kind in sums)) for n in range(WEEKS)]


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
                for n in range(WEEKS)
            ],
        )
        for artist_id in sorted(artists, key=lambda one: -work[one])[:_MOST_ARTISTS]
    ]
