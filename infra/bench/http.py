"""Holds placed over HTTP a second: the real API process, beside FastAPI over the stock library and a bare insert.

    client ─┬─▶ production-tool api ─┐
            ├─▶ stock_app            ├─▶ one Postgres
            └─▶ floor_app            ┘

The three take turns under the same client, while the other two have nothing to do.
"""

import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import psycopg
import uvloop
from pydantic_core import to_json

from domain.ids import tenant_id
from infra.bench.append import Progress
from infra.bench.http_client import Answered, Request, drive, request
from infra.bench.processes import BenchFailed, Served, served
from infra.bench.rows import Row, percentiles
from infra.bench.servers import commit_milliseconds, server
from infra.bench.workload import Tenant, event_log, new_id, open_for_business, some_day, zipf
from infra.built_in_issuer import NAME, make_token

CONNECTIONS: Final = 32
_ROUNDS: Final = 3
_PREPARED: Final = 8192
"""Requests that are made beforehand, and sent over and over under new ids."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The three, on one database, and the directory of the key that the API believes."""

    url: str
    data: Path
    ours: Served
    stock: Served
    floor: Served


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of each; `cpu` is that of the API process in seconds, `lost` what it acknowledged and did not keep."""

    ours: Answered
    stock: Answered
    floor: Answered
    cpu: float
    lost: int


def http_rows(seconds: float, progress: Progress) -> list[Row]:
    """The rows about HTTP, each measured for `seconds` in each of three rounds.

    Raises:
        BenchFailed: a server did not start, or did not go on answering.
    """
    rows = []
    with server() as url:
        commit = f"{commit_milliseconds(url)} ms commit"
        rounds = _rounds(url, seconds, lambda said: progress(f"holds over HTTP, {commit}: {said}"))
        rows += [throughput_row(commit, rounds, must=3000, aim=5000), latency_row(commit, rounds, must=25, aim=15)]
    with server(slow=True) as url:
        commit = f"{commit_milliseconds(url)} ms commit"
        rounds = _rounds(url, seconds, lambda said: progress(f"holds over HTTP, {commit}: {said}"))
        rows.append(throughput_row(commit, rounds, must=2500, aim=4000))
    return rows


def _rounds(url: str, seconds: float, progress: Progress) -> list[Round]:
    rounds = []
    with running(url) as servers:
        for n in range(_ROUNDS):
            progress(f"round {n + 1} of {_ROUNDS}")
            rounds.append(one_round(servers, CONNECTIONS, seconds))
    return rounds


def throughput_row(commit: str, rounds: Sequence[Round], *, must: float, aim: float) -> Row:
    """Commands a second: the median of the rounds."""
    times = [time for one in rounds for time in one.ours.times]
    return Row(
        name=f"place a hold over HTTP, {CONNECTIONS} connections, {commit}",
        value=round(median(one.ours.rate for one in rounds)),
        unit="commands/s",
        stock=round(median(one.stock.rate for one in rounds)),
        floor=round(median(one.floor.rate for one in rounds)),
        must=must,
        aim=aim,
        lost=sum(one.lost for one in rounds),
        more={
            **percentiles(times),
            "CPU s / 1,000 commands": round(1000 * sum(one.cpu for one in rounds) / len(times), 3),
        },
    )


def latency_row(commit: str, rounds: Sequence[Round], *, must: float, aim: float) -> Row:
    """p99 of all rounds together, in ms."""
    ours, stock, floor = (
        percentiles([time for answered in each for time in answered.times])["p99 ms"]
        for each in zip(*((one.ours, one.stock, one.floor) for one in rounds), strict=True)
    )
    name = f"the same, p99, {commit}"
    return Row(name=name, value=ours, unit="ms", stock=stock, floor=floor, must=must, aim=aim, at_most=True)


@contextmanager
def running(url: str) -> Iterator[Servers]:
    """The three servers on the database at `url`, which is migrated.

    Raises:
        BenchFailed: one of them does not start.
    """
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="production-tool-bench-")))
        environment = {
            "DATABASE_URL": url,
            "PRODUCTION_TOOL_DATA": str(data),
            "PRODUCTION_TOOL_BUILT_IN_ISSUER": "true",
            "PRODUCTION_TOOL_LOG_LEVEL": "error",
            "PRODUCTION_TOOL_DRAIN_SECONDS": "0",
        }
        ours = stack.enter_context(served("the API", "infra.cli", "api", environment=environment))
        stock, floor = (
            stack.enter_context(served(name, "uvicorn", *_uvicorn(app), environment=environment))
            for name, app in (("the stock library", "infra.bench.stock_app"), ("the floor", "infra.bench.floor_app"))
        )
        yield Servers(url, data, ours, stock, floor)


def _uvicorn(app: str) -> Sequence[str]:
    """As fast as uvicorn is, and as quiet."""
    options = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error")
    return (f"{app}:create_app", "--factory", *options)


def one_round(servers: Servers, connections: int, seconds: float, *, tenants: int = 200, artists: int = 20) -> Round:
    """A turn of each, warmed up, on tenants that are new: calendars grow within a round, not from round to round.

    Raises:
        BenchFailed: one of them hung up, or refused a hold.
    """
    requests = _requests(servers, tenants, artists)

    def drive_one(of: Served, share: float) -> Answered:
        answered = drive(of.port, requests, connections=connections, seconds=share * seconds)
        return all_accepted(of.name, answered)

    warm = drive_one(servers.ours, 1 / 3)
    cpu = servers.ours.cpu()
    ours = drive_one(servers.ours, 1)
    cpu = servers.ours.cpu() - cpu
    drive_one(servers.stock, 1 / 6)
    stock = drive_one(servers.stock, 1 / 2)
    drive_one(servers.floor, 1 / 6)
    floor = drive_one(servers.floor, 1 / 2)
    return Round(ours, stock, floor, cpu, lost=lost(servers.url, warm.acknowledged + ours.acknowledged))


def all_accepted(name: str, answered: Answered) -> Answered:
    """The same again: nothing here is to be refused, and refusing is quicker than placing a hold.

    Raises:
        BenchFailed: something was refused.
    """
    if answered.refused:
        raise BenchFailed(f"{name} has refused {answered.refused:,} holds, the last one so:\n{answered.refusal}")
    return answered


def _requests(servers: Servers, tenants: int, artists: int) -> list[Request]:
    among = {name: _tenant(name, artists) for name in (f"bench {new_id()}" for _ in range(tenants))}
    uvloop.run(_open(servers.url, list(among.values())))
    tokens = {name: make_token(servers.data, tenant=name, role="producer") for name in among}
    chance = random.Random(1)  # noqa: S311 - the same work in every round
    pick = zipf(list(among), chance)
    who = {name: zipf(tenant.artists, chance) for name, tenant in among.items()}
    return [
        request(tokens[name], _members(next(who[name]), among[name].project, chance))
        for name in (next(pick) for _ in range(_PREPARED))
    ]


def _tenant(name: str, artists: int) -> Tenant:
    return Tenant(tenant_id(NAME, name), tuple(new_id() for _ in range(artists)))


async def _open(url: str, among: Sequence[Tenant]) -> None:
    async with event_log(url) as log:
        await open_for_business(log, among)


def _members(artist: str, project: str, chance: random.Random) -> bytes:
    """A hold of one day, without the brace that opens it."""
    day = some_day(chance)
    hold: dict[str, Any] = {
        "artist_id": artist,
        "project_id": project,
        "periods": [{"first_day": day, "last_day": day}],
    }
    return to_json(hold)[1:]


def lost(url: str, acknowledged: Sequence[str]) -> int:
    """How many of these holds are not in the log."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            """
            SELECT count(*)
            FROM unnest(%s::text[]) AS acknowledged (stream)
            WHERE NOT EXISTS (
                SELECT FROM events
                WHERE events.stream = acknowledged.stream AND event_type = 'hold.placed.v1'
            )
            """,
            ([f"hold/{id}" for id in acknowledged],),
        ).fetchone()
    return int(found[0]) if found else 0
