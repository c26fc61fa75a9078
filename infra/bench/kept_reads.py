"""Reads that Redis answers, over HTTP: who is free among 2,000 artists with 200 bookings each, and the dashboard.

The log is that of bookings alone of `into_redis`, projected by the real projector.
"""

import asyncio
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from infra.bench.append import Progress
from infra.bench.http import CONNECTIONS
from infra.bench.http_client import Answered, drive, read
from infra.bench.into_redis import DAYS, FIRST_DAY, SKILLS, TENANT, booked, brought
from infra.bench.processes import BenchFailed, Served, served
from infra.bench.rows import Row, percentiles
from infra.bench.servers import server
from infra.built_in_issuer import make_token
from infra.catalogue import KEYED
from infra.embedded_valkey import EmbeddedValkey

_ROUNDS: Final = 3
_PREPARED: Final = 2_000


def kept_rows(seconds: float, progress: Progress, *, artists: int = 2_000, bookings: int = 200) -> list[Row]:
    """The rows about Redis, each read measured for `seconds` in each of three rounds.

    Raises:
        BenchFailed: a server did not start, or did not answer from Redis.
    """
    with server() as url, tempfile.TemporaryDirectory(prefix="production-tool-bench-") as directory:
        Path(directory).chmod(0o755)
        with EmbeddedValkey(Path(directory)) as redis_url:
            progress(f"reads: writing {artists:,} artists with {bookings} bookings each")
            events = booked(url, artists, bookings)
            progress(f"reads: {events:,} events are brought into Redis")
            asyncio.run(brought(url, redis_url, KEYED, events))
            rows = []
            with _api(url, redis_url) as (api, data):
                token = make_token(data, tenant=TENANT, role="viewer")
                paths = _paths(random.Random(1))  # noqa: S311 - the same questions every time
                progress("reads: availability")
                rows.append(
                    _availability_row(api, token, paths, seconds, f"{artists:,} artists with {bookings} bookings")
                )
                progress("reads: dashboard")
                rows.append(_dashboard_row(api, token, seconds))
    return rows


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
        start = FIRST_DAY + timedelta(days=chance.randrange(DAYS - 30))
        end = start + timedelta(days=chance.randrange(1, 15))
        skill = f"&skill={quote(chance.choice(SKILLS))}" if chance.random() < 0.5 else ""  # noqa: PLR2004 - half
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
