"""Events appended a second, beside the stock recorder and a bare insert.

The rows with a must are about the log: what is written is what holds come to, and no rule is asked, just as the stock
recorder and the bare insert ask none. What the rules cost stands beside them, in rows of its own.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import psycopg
import uvloop

from commands.log import Log
from infra.bench.clerk import Clerk
from infra.bench.floor import bare_inserts
from infra.bench.rows import Row, percentiles
from infra.bench.servers import commit_milliseconds, server
from infra.bench.stock import stock_recorder
from infra.bench.workload import Person, Tenant, event_log, look_at_every_calendar, open_for_business, tenants, zipf
from infra.garbage import EVERY, Garbage

IN_FLIGHT: Final = 64
_EVENTS_A_COMMAND: Final = 2
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """One round: commands a second, their times in seconds, CPU seconds of this process, what was lost."""

    rate: float
    times: list[float]
    cpu: float
    lost: int


Progress = Callable[[str], None]


def append_rows(seconds: float, progress: Progress) -> list[Row]:
    """The rows about the log, each measured for `seconds` in each of three rounds."""
    rows = []
    with server() as url:
        many = tenants(200, 20)
        name = f"append, 200 tenants (Zipf), {commit_milliseconds(url)} ms commit"
        rows.append(_row(name, url, many, seconds, progress, must=25_000, aim=45_000))
        rows.append(_by_the_rules(url, many, seconds, progress))
    with server(slow=True) as url:
        commit = commit_milliseconds(url)
        name = f"append, 200 tenants (Zipf), {commit} ms commit"
        rows.append(_row(name, url, many, seconds, progress, must=18_000, aim=30_000))
        name = f"append, one tenant, {commit} ms commit"
        rows.append(_row(name, url, tenants(1, 1000), seconds, progress, must=20_000, aim=30_000))
        name = f"append, one hot calendar, {commit} ms commit"
        rows.append(_row(name, url, tenants(1, 1), seconds, progress, must=20_000, aim=30_000))
        rows.append(_hot_against_spread(url, seconds, progress))
    return rows


def _row(
    name: str, url: str, among: Sequence[Tenant], seconds: float, progress: Progress, *, must: float, aim: float
) -> Row:
    ours, stock, floor = list[Measured](), list[float](), list[float]()
    for n in range(_ROUNDS):
        progress(f"{name}: round {n + 1} of {_ROUNDS}")
        ours.append(measure(url, among, Clerk, IN_FLIGHT, seconds))
        stock.append(stock_recorder(url, IN_FLIGHT, seconds / 2))
        floor.append(uvloop.run(bare_inserts(url, seconds / 2)))
    return replace(_figures(name, ours), stock=round(median(stock)), floor=round(median(floor)), must=must, aim=aim)


def _figures(name: str, ours: Sequence[Measured]) -> Row:
    times = [time for one in ours for time in one.times]
    return Row(
        name=name,
        value=round(_EVENTS_A_COMMAND * median(one.rate for one in ours)),
        unit="events/s",
        lost=sum(one.lost for one in ours),
        more={
            "commands/s": round(median(one.rate for one in ours)),
            **percentiles(times),
            "CPU s / 1,000 commands": round(1000 * sum(one.cpu for one in ours) / len(times), 3),
        },
    )


def _by_the_rules(url: str, among: Sequence[Tenant], seconds: float, progress: Progress) -> Row:
    """The same with every rule of holding asked, and the whole answer worked out: what a command costs beside HTTP."""
    rounds = []
    for n in range(_ROUNDS):
        progress(f"the same by the rules: round {n + 1} of {_ROUNDS}")
        rounds.append(measure(url, among, Person, IN_FLIGHT, seconds))
    return _figures("the same, decided by the rules", rounds)


def _hot_against_spread(url: str, seconds: float, progress: Progress) -> Row:
    """200 people after one calendar, as a share of what 200 people reach on 200 calendars."""
    one, many, shares = tenants(1, 1), tenants(1, 200), []
    for n in range(_ROUNDS):
        progress(f"200 people, one calendar: round {n + 1} of {_ROUNDS}")
        hot, spread = (measure(url, among, Person, 200, seconds).rate for among in (one, many))
        shares.append(hot / spread)
    return Row(
        name="by the rules, 200 people on one calendar / on 200", value=round(median(shares), 2), unit="ratio", must=0.5
    )


Worker = Callable[[Log, Iterator[Tenant], random.Random], Clerk | Person]


def measure(url: str, among: Sequence[Tenant], worker: Worker, people: int, seconds: float) -> Measured:
    """Let that many of `worker` work on the log at once for `seconds`, after a while of the same for warmth."""
    return uvloop.run(_measure(url, among, worker, people, seconds))


async def _measure(url: str, among: Sequence[Tenant], worker: Worker, people: int, seconds: float) -> Measured:
    chance = random.Random(1)  # noqa: S311 - the same work in every round
    of: Iterator[Tenant] = zipf(among, chance)
    async with event_log(url) as log:
        await open_for_business(log, among)
        await look_at_every_calendar(log, among)
        everybody = [worker(log, of, chance) for _ in range(people)]
        await work(everybody, seconds / 3, [])
        sweeping = asyncio.create_task(_sweep())
        before, times = await _commands_in_the_log(url), list[float]()
        start, cpu = time.perf_counter(), time.process_time()
        await work(everybody, seconds, times)
        rate, cpu = len(times) / (time.perf_counter() - start), time.process_time() - cpu
        sweeping.cancel()
    lost = len(times) - (await _commands_in_the_log(url) - before)
    return Measured(rate, times, cpu, lost)


async def _sweep() -> None:
    """As a server does."""
    garbage = Garbage()
    try:
        while True:
            await asyncio.sleep(EVERY)
            garbage.sweep()
    finally:
        garbage.leave()


async def work(everybody: Sequence[Clerk | Person], seconds: float, times: list[float]) -> None:
    """Let everybody work for so long; each command adds to `times`."""
    end = time.perf_counter() + seconds

    async def go_on(person: Clerk | Person) -> None:
        while (start := time.perf_counter()) < end:
            await person.command()
            times.append(time.perf_counter() - start)

    await asyncio.gather(*map(go_on, everybody))


async def _commands_in_the_log(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = await connection.execute(
            "SELECT count(*) FROM events WHERE event_type IN ('hold.placed.v1', 'hold.released.v1')"
        )
        row = await found.fetchone()
        return int(row[0]) if row else 0
