"""Events a second from the log into read models in Redis, decoding included.

Two logs. That of `project`, on which people have worked by the rules: holds placed and released, on few artists. One of
bookings alone, written as 2,000 artists' calendars would have it, with nothing asked of any rule: every event leaves
something behind in every read model that is about it.
"""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg
import uvloop
from pydantic_core import to_json
from redis import Redis

from domain.artist import ArtistAdded
from domain.calendar import TimeBooked
from domain.claims import held
from domain.event import Event
from domain.ids import tenant_id
from domain.spans import whole_days
from infra.bench.append import Progress
from infra.bench.project import Measured, beside, caught_up, copied, recorded, written
from infra.bench.rows import Row
from infra.bench.servers import server
from infra.bench.workload import ZONE, new_id
from infra.built_in_issuer import NAME
from infra.catalogue import KEYED
from infra.decoding import history_for
from infra.embedded_valkey import EmbeddedValkey
from infra.postgres import projector_pool
from infra.redis import open_client
from infra.redis_keys import POSITION, key_of
from infra.redis_store import RedisStore
from projections.keyed import KeyedProjection

TENANT: Final = "bench"
FIRST_DAY: Final = date(2031, 1, 6)
DAYS: Final = 730
SKILLS: Final = ("comp", "paint", "matte", "lighting")
_RECORDED_AT: Final = datetime(2030, 6, 1, tzinfo=UTC)


def into_redis_rows(
    _: float, progress: Progress, *, events: int = 100_000, artists: int = 2_000, bookings: int = 50
) -> list[Row]:
    """The rows about catching up in Redis: each read model alone and all in one process, on both logs."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="production-tool-bench-") as directory:
        Path(directory).chmod(0o755)
        with EmbeddedValkey(Path(directory)) as redis_url:
            with server() as url:
                progress("redis: writing what is to be read")
                asyncio.run(written(url))
                copied(url, events)
                rows += _rows(url, redis_url, "worked on by the rules", progress, must=60_000, aim=100_000)
            with server() as url:
                progress(f"redis: writing {artists:,} artists with {bookings} bookings each")
                booked(url, artists, bookings)
                rows += _rows(url, redis_url, "bookings alone", progress)
    return rows


def _rows(
    url: str, redis_url: str, log: str, progress: Progress, *, must: float | None = None, aim: float | None = None
) -> list[Row]:
    """`must` and `aim` are those of each read model alone."""
    events, rows = recorded(url), []
    for projections in (*([one] for one in KEYED), KEYED):
        name = projections[0].name if len(projections) == 1 else f"all {len(projections)} in one process"
        progress(f"redis: {name}, {log}")
        with Redis.from_url(redis_url) as client:
            client.flushall()
        measured = uvloop.run(brought(url, redis_url, projections, events))
        alone = len(projections) == 1
        rows.append(
            Row(
                name=f"into Redis, {name}, {events:,} events, {log}",
                value=round(measured.rate),
                unit="events/s",
                must=must if alone else None,
                aim=aim if alone else None,
                lost=_missing(url, redis_url, projections),
                more=beside(measured),
            )
        )
    return rows


def _missing(url: str, redis_url: str, projections: Sequence[KeyedProjection]) -> int:
    """How many events are in none of the positions."""
    with psycopg.connect(url) as connection, Redis.from_url(redis_url) as client:
        heads = connection.execute("SELECT tenant_id::text, seq FROM heads").fetchall()
        return sum(
            seq - int(client.hget(key_of(tenant, projection.name, POSITION), "seq") or 0)
            for tenant, seq in heads
            for projection in projections
        )


async def brought(url: str, redis_url: str, projections: Sequence[KeyedProjection], events: int) -> Measured:
    """Bring these read models to the end of a log of so many events."""
    async with projector_pool(url) as pool, aclosing(open_client(redis_url, name="bench")) as client:
        store = RedisStore(client=client, pool=pool, projections=projections, failpoint=lambda _: None)
        return await caught_up(store, history_for(pool, projections), pool, events)


def booked(url: str, artists: int, bookings: int) -> int:
    """A tenant's log; returns how many events it has."""
    chance = random.Random(1)  # noqa: S311 - the same log every time
    tenant, project = tenant_id(NAME, TENANT), new_id()
    ids = [new_id() for _ in range(artists)]
    entries: list[tuple[str, int, Event]] = [
        (
            f"artist/{id}",
            1,
            ArtistAdded(name=f"Artist {n}", time_zone=ZONE, skills=tuple(chance.sample(SKILLS, 2))),
        )
        for n, id in enumerate(ids)
    ]
    for version in range(1, bookings + 1):
        for id in ids:
            day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
            span = held(whole_days(day, day + timedelta(days=chance.randrange(2)), ZONE), 0)
            entries.append(
                (f"calendar/{id}", version, TimeBooked(booking_id=new_id(), project_id=project, spans=(span,)))
            )
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        copy = """
            COPY events (tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor,
                         correlation_id, hash)
            FROM STDIN
        """
        with cursor.copy(copy) as rows:
            for seq, (stream, version, event) in enumerate(entries, 1):
                data = to_json(event, exclude_none=True).decode()
                rows.write_row(
                    (tenant, seq, stream, version, new_id(), event.stored_as, data, _RECORDED_AT, "bench", "bench", b"")
                )
        cursor.execute(
            "INSERT INTO heads (tenant_id, seq, recorded_at) VALUES (%s, %s, %s)", (tenant, len(entries), _RECORDED_AT)
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE events")
    return len(entries)
