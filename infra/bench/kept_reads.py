"""Reads that Redis answers, over HTTP: who is free among 2,000 artists with 200 bookings each, and the dashboard.

The log is written as the artists' calendars would have it, with nothing asked of any rule, and projected by the real
projector; how long that takes is a row of its own.
"""

import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from pydantic_core import to_json
from redis import Redis

from domain.artist import ArtistAdded
from domain.calendar import TimeBooked
from domain.claims import held
from domain.event import Event
from domain.ids import tenant_id
from domain.spans import whole_days
from infra.bench.append import Progress
from infra.bench.http import CONNECTIONS
from infra.bench.http_client import Answered, drive, read
from infra.bench.processes import BenchFailed, Served, served
from infra.bench.project import caught_up
from infra.bench.rows import Row, percentiles
from infra.bench.servers import server
from infra.bench.workload import ZONE, new_id
from infra.built_in_issuer import NAME, make_token
from infra.catalogue import KEYED
from infra.decoding import history_for
from infra.embedded_valkey import EmbeddedValkey
from infra.postgres import projector_pool
from infra.redis import open_client
from infra.redis_keys import key_of
from infra.redis_store import RedisStore
from projections.keyed import KeyedProjection

_TENANT: Final = "bench"
_FIRST_DAY: Final = date(2031, 1, 6)
_DAYS: Final = 730
_ROUNDS: Final = 3
_PREPARED: Final = 2_000
_SKILLS: Final = ("comp", "paint", "matte", "lighting")
_RECORDED_AT: Final = datetime(2030, 6, 1, tzinfo=UTC)


def kept_rows(seconds: float, progress: Progress, *, artists: int = 2_000, bookings: int = 200) -> list[Row]:
    """The rows about Redis, each read measured for `seconds` in each of three rounds.

    Raises:
        BenchFailed: a server did not start, or did not answer from Redis.
    """
    with server() as url, tempfile.TemporaryDirectory(prefix="production-tool-bench-") as directory:
        Path(directory).chmod(0o755)
        with EmbeddedValkey(Path(directory)) as redis_url:
            progress(f"reads: writing {artists:,} artists with {bookings} bookings each")
            events = _write(url, artists, bookings)
            rows = []
            for projection in KEYED:
                progress(f"reads: {events:,} events into Redis, {projection.name}")
                rows.append(_catch_up_row(url, redis_url, [projection], events))
            with Redis.from_url(redis_url) as client:
                client.flushall()
            rows.append(_catch_up_row(url, redis_url, KEYED, events))
            with _api(url, redis_url) as (api, data):
                token = make_token(data, tenant=_TENANT, role="viewer")
                paths = _paths(random.Random(1))  # noqa: S311 - the same questions every time
                progress("reads: availability")
                rows.append(
                    _availability_row(api, token, paths, seconds, f"{artists:,} artists with {bookings} bookings")
                )
                progress("reads: dashboard")
                rows.append(_dashboard_row(api, token, seconds))
    return rows


def _catch_up_row(url: str, redis_url: str, projections: Sequence[KeyedProjection], events: int) -> Row:
    wall, cpu = asyncio.run(_caught_up(url, redis_url, projections, events))
    with Redis.from_url(redis_url) as client:
        tenant = tenant_id(NAME, _TENANT)
        reached = [client.hget(key_of(tenant, one.name, "position"), "seq") for one in projections]
    return Row(
        name=f"into Redis, {' and '.join(one.name for one in projections)}, {events:,} events",
        value=round(events / wall),
        unit="events/s",
        must=60_000,
        aim=100_000,
        lost=sum(events - int(seq or 0) for seq in reached),
        more={"CPU s per 1,000 events": round(1000 * cpu / events, 4)},
    )


async def _caught_up(
    url: str, redis_url: str, projections: Sequence[KeyedProjection], events: int
) -> tuple[float, float]:
    async with projector_pool(url) as pool, aclosing(open_client(redis_url, name="bench")) as client:
        store = RedisStore(client=client, pool=pool, projections=projections, failpoint=lambda _: None)
        return await caught_up(store, history_for(pool, projections), pool, events)


def _write(url: str, artists: int, bookings: int) -> int:
    """A tenant's log; returns how many events it has."""
    chance = random.Random(1)  # noqa: S311 - the same log every time
    tenant, project = tenant_id(NAME, _TENANT), new_id()
    ids = [new_id() for _ in range(artists)]
    entries: list[tuple[str, int, Event]] = [
        (
            f"artist/{id}",
            1,
            ArtistAdded(name=f"Artist {n}", time_zone=ZONE, skills=tuple(chance.sample(_SKILLS, 2))),
        )
        for n, id in enumerate(ids)
    ]
    for version in range(1, bookings + 1):
        for id in ids:
            day = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS))
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


@contextmanager
def _api(url: str, redis_url: str) -> Iterator[tuple[Served, Path]]:
    """One API process on both, and the directory of the key that it believes."""
    with tempfile.TemporaryDirectory(prefix="production-tool-bench-") as directory:
        environment = {
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "PRODUCTION_TOOL_DATA": directory,
            "PRODUCTION_TOOL_BUILT_IN_ISSUER": "true",
            "PRODUCTION_TOOL_LOG_LEVEL": "error",
            "PRODUCTION_TOOL_DRAIN_SECONDS": "0",
        }
        with served("the API", "infra.cli", "api", environment=environment) as api:
            yield api, Path(directory)


def _paths(chance: random.Random) -> list[str]:
    """Who is free for one to fourteen days, with or without a skill."""
    paths = []
    for _ in range(_PREPARED):
        start = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS - 30))
        end = start + timedelta(days=chance.randrange(1, 15))
        skill = f"&skill={quote(chance.choice(_SKILLS))}" if chance.random() < 0.5 else ""  # noqa: PLR2004 - half
        paths.append(f"/v1/availability?from={start}&until={end}{skill}")
    return paths


def _availability_row(api: Served, token: str, paths: Sequence[str], seconds: float, size: str) -> Row:
    rounds = _rounds(api, token, paths, seconds, connections=1)
    figures = percentiles([time for one in rounds for time in one.times])
    return Row(
        name=f"find free artists over HTTP, {size}, 1 connection",
        value=figures["p99 ms"],
        unit="ms",
        must=10,
        aim=4,
        at_most=True,
        more={**figures, "answers/s": round(sum(one.rate for one in rounds) / len(rounds))},
    )


def _dashboard_row(api: Served, token: str, seconds: float) -> Row:
    cpu = api.cpu()
    rounds = _rounds(api, token, ["/v1/dashboard"], seconds, connections=CONNECTIONS)
    times = [time for one in rounds for time in one.times]
    return Row(
        name=f"dashboard over HTTP, {CONNECTIONS} connections, one process",
        value=round(sorted(one.rate for one in rounds)[len(rounds) // 2]),
        unit="answers/s",
        must=5_000,
        aim=6_500,
        more={**percentiles(times), "CPU s / 1,000 answers": round(1000 * (api.cpu() - cpu) / len(times), 3)},
    )


def _rounds(api: Served, token: str, paths: Sequence[str], seconds: float, *, connections: int) -> list[Answered]:
    """Three of them, warmed up.

    Raises:
        BenchFailed: something was refused.
    """
    requests = [read(token, path) for path in paths]
    drive(api.port, requests, connections=connections, seconds=seconds / 3)
    rounds = [drive(api.port, requests, connections=connections, seconds=seconds) for _ in range(_ROUNDS)]
    refused = [one.refusal for one in rounds if one.refused]
    if refused:
        raise BenchFailed(f"the API has refused a read:\n{refused[0]}")
    return rounds
