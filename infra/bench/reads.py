"""Reads over HTTP: the queue of a day as of any seq, in a log of a million events."""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import psycopg
import uvloop

from domain.ids import tenant_id
from infra.bench.append import IN_FLIGHT, Progress, work
from infra.bench.clerk import Clerk
from infra.bench.processes import BenchFailed, served
from infra.bench.rows import Row, percentiles
from infra.bench.servers import server
from infra.bench.workload import Tenant, event_log, new_id, open_for_business, some_day, zipf
from infra.built_in_issuer import NAME, make_token
from infra.embedded_guard import until

_ROUNDS: Final = 3
_ARTISTS: Final = 20
_TURN: Final = 2.0
"""Seconds of writing between two looks at how much there is."""
_PATIENCE: Final = 600.0
"""Seconds for a projector to read the whole log."""
_OK: Final = 200


def reads_rows(seconds: float, progress: Progress, *, events: int = 1_000_000, tenants: int = 200) -> list[Row]:
    """The row about the past, measured for `seconds` in each of three rounds.

    Raises:
        BenchFailed: the API did not start, or did not answer.
    """
    among = {name: _tenant(name) for name in (f"bench {new_id()}" for _ in range(tenants))}
    with server() as url:
        longest = uvloop.run(_fill(url, list(among.values()), events, progress))
        progress("the artists' names are brought to the API")
        _bring_names(url)
        with _api(url) as (http, data):
            tokens = {name: make_token(data, tenant=name, role="viewer") for name in among}
            heads = _heads(url)
            times = list[float]()
            for n in range(_ROUNDS):
                progress(f"queues as of a seq: round {n + 1} of {_ROUNDS}")
                times += _ask(http, among, tokens, heads, seconds)
    return [as_of_row(times, events, longest)]


def as_of_row(times: Sequence[float], events: int, longest: int) -> Row:
    """p99 of all rounds together; `longest` is how many events the longest calendar has."""
    figures = percentiles(list(times))
    return Row(
        name=f"queue as of a seq over HTTP, {events:,} events",
        value=figures["p99 ms"],
        unit="ms",
        must=50,
        at_most=True,
        more={**figures, "events of the longest calendar": longest},
    )


def _tenant(name: str) -> Tenant:
    return Tenant(tenant_id(NAME, name), tuple(new_id() for _ in range(_ARTISTS)))


async def _fill(url: str, among: Sequence[Tenant], events: int, progress: Progress) -> int:
    """Write that many events; answers how many of them the longest calendar has."""
    chance = random.Random(1)  # noqa: S311 - the same log every time
    async with event_log(url) as log:
        await open_for_business(log, among)
        everybody = [Clerk(log, zipf(among, chance), chance) for _ in range(IN_FLIGHT)]
        while (done := sum(_heads(url).values())) < events:
            progress(f"{done:,} of {events:,} events are written")
            await work(everybody, _TURN, [])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE events")
        row = connection.execute("SELECT max(version) FROM events WHERE stream LIKE 'calendar/%'").fetchone()
    return int(row[0]) if row else 0


def _bring_names(url: str) -> None:
    """Let a projector bring the artists to where the API reads them.

    Raises:
        BenchFailed: it does not get there.
    """
    command = [sys.executable, "-m", "infra.cli", "project", "directory"]
    with subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url}, stdin=subprocess.DEVNULL) as process:
        until(lambda: process.poll() is not None or _projected(url), _PATIENCE)
        process.terminate()
    if not _projected(url):
        raise BenchFailed("the projector has not brought the artists")


def _projected(url: str) -> bool:
    with psycopg.connect(url) as connection:
        behind = connection.execute(
            """
            SELECT
            FROM heads h
            LEFT JOIN positions p ON p.tenant_id = h.tenant_id AND p.projection = 'directory'
            WHERE p.seq IS DISTINCT FROM h.seq
            LIMIT 1
            """
        )
        return behind.fetchone() is None


def _heads(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT tenant_id::text, seq FROM heads").fetchall())


@contextmanager
def _api(url: str) -> Iterator[tuple[httpx.Client, Path]]:
    """A client of the API on that database, and the directory of the key that it believes."""
    with tempfile.TemporaryDirectory(prefix="production-tool-bench-") as directory:
        environment = {
            "DATABASE_URL": url,
            "PRODUCTION_TOOL_DATA": directory,
            "PRODUCTION_TOOL_BUILT_IN_ISSUER": "true",
            "PRODUCTION_TOOL_LOG_LEVEL": "error",
            "PRODUCTION_TOOL_DRAIN_SECONDS": "0",
        }
        with (
            served("the API", "infra.cli", "api", environment=environment) as api,
            httpx.Client(base_url=f"http://127.0.0.1:{api.port}", trust_env=False) as http,
        ):
            yield http, Path(directory)


def _ask(
    http: httpx.Client, among: Mapping[str, Tenant], tokens: Mapping[str, str], heads: Mapping[str, int], seconds: float
) -> list[float]:
    """The times of answers about any day, as of any seq in the second half of a tenant's log."""
    chance = random.Random(2)  # noqa: S311 - the same questions in every round
    who, times = zipf(list(among), chance), list[float]()
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        tenant = among[name := next(who)]
        seq = chance.randint(heads[tenant.id] // 2, heads[tenant.id])
        answer = http.get(
            f"/v1/artists/{chance.choice(tenant.artists)}/queue",
            params={"day": some_day(chance).isoformat(), "as_of": seq},
            headers={"Authorization": f"Bearer {tokens[name]}"},
        )
        times.append(time.perf_counter() - start)
        if answer.status_code != _OK:
            raise BenchFailed(f"the API has refused a queue:\n{answer.text}")
    return times
