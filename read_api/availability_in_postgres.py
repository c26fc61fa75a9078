"""Who is free, from the rows: the claims of one artist after another, until a page is full."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from domain.claims import BookingClaim, HoldClaim, TimeOffClaim
from domain.spans import Span
from domain.stored_claim import Claim, claim_from
from read_api.availability_in_redis import Found
from read_api.availability_shown import ArtistFree, Asked, Interval, artist_free
from read_api.tenant import Connection, Tenant
from read_api.tenant import Found as Row

_AT_ONCE: Final = 200
"""Artists whose claims are read together."""


async def availability(tenant: Tenant, asked: Asked) -> Found:
    """See `read_api.availability`.

    Raises:
        RequestValidationError: the time makes no sense.
        ForeignToken, ReadModelBehind, StreamParked: see `Tenant.connection`.
    """
    free = list[ArtistFree]()
    async with tenant.connection() as connection:
        able = iter(await _able(connection, tenant, asked))
        while some := list(islice(able, _AT_ONCE)):
            claims = await _claims(connection, tenant, asked, [row["artist_id"] for row in some])
            for row in some:
                artist = _artist(row, claims.get(row["artist_id"], []), asked, connection.now)
                if artist is None or (artist.standing == "held" and not asked.held_too):
                    continue
                if len(free) == asked.limit:
                    return Found(free, row["number"], "postgres")
                free.append(artist)
    return Found(free, None, "postgres")


async def _able(connection: Connection, tenant: Tenant, asked: Asked) -> list[Row]:
    rows = await connection.rows(
        """
        SELECT artist_id, name, time_zone, skills, number
        FROM (
            SELECT artist_id, name, time_zone, skills, row_number() OVER (ORDER BY seq) - 1 AS number
            FROM artists
            WHERE tenant_id = %(tenant_id)s
        ) AS numbered
        WHERE number >= %(after)s
        ORDER BY number
        """,
        {"tenant_id": tenant.who.tenant_id, "after": asked.after},
    )
    return [row for row in rows if {skill.casefold() for skill in row["skills"]} >= set(asked.skills)]


async def _claims(
    connection: Connection, tenant: Tenant, asked: Asked, artist_ids: Sequence[str]
) -> dict[str, list[Claim]]:
    start, end = asked.times(connection.now)
    rows = await connection.rows(
        """
        SELECT artist_id, claim_id, kind, claim
        FROM artist_calendar
        WHERE tenant_id = %(tenant_id)s
            AND artist_id = ANY (%(artist_ids)s::uuid[])
            AND ends_at > %(starts_at)s
            AND starts_at < %(ends_at)s
            AND (ends_by IS NULL OR ends_by > %(now)s)
        """,
        {
            "tenant_id": tenant.who.tenant_id,
            "artist_ids": list(artist_ids),
            "starts_at": start.in_zone("Pacific/Kiritimati"),
            "ends_at": end.in_zone("Etc/GMT+12"),
            "now": connection.now,
        },
    )
    claims: dict[str, list[Claim]] = {}
    for row in rows:
        claims.setdefault(row["artist_id"], []).append(claim_from(row["kind"], row["claim_id"], row["claim"]))
    return claims


def _artist(row: Row, claims: Sequence[Claim], asked: Asked, now: datetime) -> ArtistFree | None:
    start, end = asked.times(now)
    hard, soft = list[Interval](), list[Interval]()
    for claim in claims:
        match claim:
            case HoldClaim():
                soft += _intervals(claim.alive_spans(now))
            case BookingClaim() | TimeOffClaim(approved=True):
                hard += _intervals(claim.spans)
            case _:
                pass
    zone = row["time_zone"]
    return artist_free(row, (start.in_zone(zone), end.in_zone(zone)), hard=hard, soft=soft)


def _intervals(spans: Sequence[Span]) -> list[Interval]:
    return [(span.starts_at, span.ends_at) for span in spans]
