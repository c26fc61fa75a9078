"""Events a second from the log into read models in Postgres, decoding included: live, and in a rebuild.

The log is one tenant's that people have worked on by the rules, copied to as many tenants as it takes. Whatever is
measured begins with empty read models and ends when every position is at its head. The clock runs from when it is known
what there is to do: how long connecting took until then is said beside.
"""

import asyncio
import gc
import os
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from statistics import median
from typing import Any, Final, Protocol

import psycopg
import uvloop
from psycopg.sql import SQL, Identifier

from consumers.feed import CATCHING_UP, Feed, History
from consumers.parking import Parked
from consumers.postgres_store import PostgresStore
from consumers.projector import Projector
from consumers.store import Share, Store, Work, steps_of
from infra.bench.append import Progress
from infra.bench.rows import Row
from infra.bench.servers import server
from infra.bench.stock_projection import stock_projection
from infra.bench.workload import Person, event_log, open_for_business, tenants, zipf
from infra.catalogue import PROJECTIONS
from infra.decoding import history_for
from infra.garbage import collect_seldom
from infra.log_feed import LogFeed, LogHistory
from infra.postgres import Pool, projector_pool
from infra.rebuilding_together import rebuild_together
from projections import artist_calendar, holds
from projections.projection import Projection

SIZES: Final = (10_000, 100_000, 1_000_000)
A_TENANT: Final = 5_000
"""Events of one tenant."""
_ROUNDS: Final = {1_000_000: 1, 100_000: 5, 0: 11}
"""By how many events at least: the longest log takes long enough for one round, the shortest is over in a moment."""
_HAS_A_RATE: Final = 100_000
"""Events that a rebuild takes longer over than over its first plans and its last locks."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What it took to bring a log into read models."""

    rate: float
    """Events a second."""
    cpu: float
    """CPU seconds of this process, and of those that it has started, for 1,000 of them."""
    lost: int
    """Events that are not in the positions afterwards, and rows that a rebuild found otherwise."""
    start: float = 0.0
    """Seconds before, in which it connected and saw what there is to do."""


def project_rows(seconds: float, progress: Progress, sizes: Sequence[int] = SIZES) -> list[Row]:
    """The rows about read models in Postgres, for logs of these sizes; `seconds` is for the stock library alone."""
    rows, everything = [], f"all {len(PROJECTIONS)} read models in one process"
    with server() as url:
        progress("project: writing what is to be read")
        asyncio.run(written(url))
        stock = stock_projection(url, seconds)
        for size in sizes:
            copied(url, size)
            for one in (holds.PROJECTION, artist_calendar.PROJECTION):
                name = f"{one.name}, {size:,} events"
                progress(f"project: live, {name}")
                live = rounds(size, partial(_live, url, [one]))
                rows.append(_row(f"live, {name}", live, stock, must=60_000, aim=100_000))
                progress(f"project: rebuild, {name}")
                anew = rounds(size, partial(_anew, url, one))
                must = 120_000 if size >= _HAS_A_RATE else 60_000
                rows.append(_row(f"rebuild, {name}", anew, stock, must=must, aim=200_000))
            progress(f"project: live, {everything}, {size:,} events")
            every = rounds(size, partial(_live, url, PROJECTIONS))
            rows.append(_row(f"live, {everything}, {size:,} events", every, stock))
    return rows


def rounds(size: int, measure: Callable[[], Measured]) -> Measured:
    """The median of the rounds that a log of so many events wants; what any has lost is lost."""
    found = [measure() for _ in range(next(number for least, number in _ROUNDS.items() if size >= least))]
    return Measured(
        rate=median(one.rate for one in found),
        cpu=median(one.cpu for one in found),
        lost=sum(one.lost for one in found),
        start=median(one.start for one in found),
    )


def _row(name: str, measured: Measured, stock: float, *, must: float | None = None, aim: float | None = None) -> Row:
    return Row(
        name=name,
        value=round(measured.rate),
        unit="events/s",
        stock=round(stock),
        must=must,
        aim=aim,
        lost=measured.lost,
        more=beside(measured),
    )


def beside(measured: Measured) -> dict[str, float]:
    """What is said of it below the table."""
    return {"CPU s per 1,000 events": round(measured.cpu, 4), "connecting s": round(measured.start, 3)}


async def written(url: str) -> None:
    """Write one tenant's log, by the rules."""
    (tenant,) = tenants(1, 20)
    async with event_log(url) as log:
        await open_for_business(log, [tenant])
        person = Person(log, zipf([tenant], Random(1)), Random(1))  # noqa: S311 - the same work every time
        while recorded(url) < A_TENANT:
            for _ in range(100):
                await person.command()


def recorded(url: str) -> int:
    """How many events there are."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT coalesce(sum(seq), 0)::bigint FROM heads").fetchone()
    return int(found[0]) if found else 0


def copied(url: str, events: int) -> None:
    """As many more tenants with the same log as make it so many events."""
    with psycopg.connect(url, autocommit=True) as connection:
        there = connection.execute("SELECT count(*) FROM heads").fetchone()
        for _ in range(events // A_TENANT - (there[0] if there else 0)):
            connection.execute(
                """
                WITH one AS (SELECT tenant_id FROM heads LIMIT 1), new AS (SELECT gen_random_uuid() AS tenant_id),
                head AS (
                    INSERT INTO heads (tenant_id, seq, hash, recorded_at)
                    SELECT new.tenant_id, seq, hash, recorded_at FROM heads JOIN one USING (tenant_id), new
                )
                INSERT INTO events (tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor,
                                    correlation_id, causation_id, hash)
                SELECT new.tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor,
                       correlation_id, causation_id, hash
                FROM events JOIN one USING (tenant_id), new
                """
            )
        connection.execute("VACUUM ANALYZE events")


def emptied(url: str, projections: Sequence[Projection]) -> None:
    """Throw these read models away."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM positions WHERE projection = ANY (%s)", [[one.name for one in projections]])
        for table in (table for projection in projections for table in projection.tables):
            connection.execute(SQL("TRUNCATE {}").format(Identifier(table.name)))


@dataclass
class Counted:
    """A store that says when it has been given so many `events`, and when it had said where to begin."""

    store: Store
    events: int
    given: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    began: tuple[float, float] = (0.0, 0.0)
    """Wall and CPU seconds."""

    @property
    def projections(self) -> Sequence[Projection]:
        """See `consumers.store.Store`, as for all of these."""
        return self.store.projections

    async def positions(self) -> dict[str, dict[str, int]]:
        """As the store does. A feed asks once more when it has got its partitions."""
        found = await self.store.positions()
        if not self.given:
            self.began = time.perf_counter(), time.process_time()
        return found

    async def apply(self, work: Work, *, refused: str = "") -> Sequence[Parked]:
        """As the store does."""
        parked = await self.store.apply(work, refused=refused)
        self.given += sum(step.seq - step.was for step in steps_of(work))
        if self.given >= self.events:
            self.done.set()
        return parked

    async def parked(self, projection: str) -> list[Parked]:
        """As the store does."""
        return await self.store.parked(projection)

    async def retry(self, share: Share) -> Sequence[Parked]:
        """As the store does."""
        return await self.store.retry(share)


def _live(url: str, projections: Sequence[Projection]) -> Measured:
    """A projector that begins at nothing."""
    emptied(url, projections)
    events = recorded(url)
    measured = uvloop.run(_caught_up(url, projections, events))
    return replace(measured, lost=missing(url, projections, events))


async def _caught_up(url: str, projections: Sequence[Projection], events: int) -> Measured:
    async with projector_pool(url) as pool:
        store = PostgresStore(pool=pool, projections=projections, failpoint=lambda _: None)
        return await caught_up(store, history_for(pool, projections), pool, events)


async def caught_up(store: Store, history: LogHistory, pool: Pool, events: int) -> Measured:
    """Bring the read models of `store` from nothing to the end of a log of so many events."""
    counted = Counted(store, events * len(store.projections))
    feed = LogFeed(pool=pool, history=history, calls=nobody(), catching_up=CATCHING_UP)
    return await until_done(counted, feed, history, events)


async def until_done(counted: Counted, feed: Feed, history: History, events: int) -> Measured:
    """Project `feed`, which brings so many events, until `counted` has all of them."""
    projector = Projector(feed=feed, history=history, store=counted, failpoint=lambda _: None)
    return await timed(projector.run(), counted, events)


class Clock(Protocol):
    """Says when so many events began, in wall and CPU seconds, and when they are done."""

    began: tuple[float, float]
    done: asyncio.Event


async def timed(work: Coroutine[Any, Any, None], clock: Clock, events: int) -> Measured:
    """Let `work`, which has no end, deal with so many events."""
    gc.collect()
    collect_seldom()
    start = time.perf_counter()
    running = asyncio.create_task(work)
    done = asyncio.create_task(clock.done.wait())
    await asyncio.wait({running, done}, return_when=asyncio.FIRST_COMPLETED)
    began, cpu = clock.began
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    gc.unfreeze()
    if running.done():
        running.result()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return Measured(events / wall, 1000 * cpu / events, lost=0, start=began - start)


async def nobody() -> AsyncGenerator[str, None]:
    """Never calls."""
    await asyncio.Event().wait()
    yield ""


def _anew(url: str, projection: Projection) -> Measured:
    """A rebuild beside a live read model that is right: filled, compared, switched, cleared."""
    events, began = recorded(url), list[float]()
    start, cpu = time.perf_counter(), sum(os.times()[:4])
    compared = rebuild_together(url, projection, None, lambda *_: began.append(time.perf_counter()))
    wall, cpu = time.perf_counter() - began[0], sum(os.times()[:4]) - cpu
    lost = compared.differences + missing(url, [projection], events)
    return Measured(events / wall, 1000 * cpu / events, lost, began[0] - start)


def missing(url: str, projections: Sequence[Projection], events: int) -> int:
    """How many of so many events are in none of these read models."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT coalesce(sum(seq), 0)::bigint FROM positions WHERE projection = ANY (%s)",
            [[projection.name for projection in projections]],
        ).fetchone()
    return events * len(projections) - (int(found[0]) if found else 0)
