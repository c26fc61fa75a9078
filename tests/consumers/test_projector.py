import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
import pytest

from consumers.notices import CHANNEL
from consumers.postgres_store import PostgresStore
from consumers.projector import Projector
from infra.log_feed import LogFeed, LogHistory, Wanted
from read_api.freshness import Notice
from tests.consumers.nowhere import NoFeed, nowhere
from tests.consumers.recording import record
from tests.consumers.tally import TALLY, Counted, Forgotten, create_tallies, decode, pool, positions, tallies

pytestmark = pytest.mark.anyio


class Dropped(Exception):
    """What a failpoint raises here."""


@asynccontextmanager
async def projecting(
    database: str, failpoint: Callable[[str], None] = nowhere
) -> AsyncIterator[tuple[Projector, LogHistory]]:
    async with pool(database) as connections:
        history = LogHistory(connections, decode)
        store = PostgresStore(pool=connections, projections=[TALLY], failpoint=failpoint)
        yield Projector(feed=NoFeed(), history=history, store=store, failpoint=failpoint), history


@pytest.fixture
def tallied(database: str) -> str:
    create_tallies(database)
    return database


async def test_events_become_rows_together_with_their_position(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, ("tally/a", Counted(by=2)), ("tally/b", Counted(by=5)), ("tally/a", Counted(by=3)))
    async with projecting(tallied) as (projector, history):
        await projector.apply(await history.read([Wanted(tenant, 0, 3)]))
    assert tallies(tallied) == {"tally/a": (5, 2), "tally/b": (5, 1)}
    assert positions(tallied) == {tenant: 3}


async def test_a_redelivered_event_changes_nothing(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, ("tally/a", Counted(by=2)), ("tally/a", Counted(by=3)))
    async with projecting(tallied) as (projector, history):
        batch = await history.read([Wanted(tenant, 0, 2)])
        await projector.apply(batch)
        await projector.apply(batch)
        await projector.apply([*batch, *batch])
    assert tallies(tallied) == {"tally/a": (5, 2)}


async def test_what_a_feed_left_out_is_fetched_from_the_log(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, *[("tally/a", Counted(by=1))] * 1200)
    async with projecting(tallied) as (projector, history):
        await projector.apply(await history.read([Wanted(tenant, 0, 2)]))
        await projector.apply(await history.read([Wanted(tenant, 1198, 1200)]))
    assert tallies(tallied) == {"tally/a": (1200, 1200)}
    assert positions(tallied) == {tenant: 1200}


async def test_a_row_can_go_and_come_back_within_a_batch(tallied: str) -> None:
    tenant = str(uuid4())
    record(
        tallied,
        tenant,
        ("tally/a", Counted(by=2)),
        ("tally/a", Forgotten()),
        ("tally/b", Counted(by=1)),
        ("tally/b", Forgotten()),
        ("tally/b", Counted(by=7)),
    )
    async with projecting(tallied) as (projector, history):
        await projector.apply(await history.read([Wanted(tenant, 0, 1)]))
        await projector.apply(await history.read([Wanted(tenant, 1, 5)]))
    assert tallies(tallied) == {"tally/b": (7, 1)}


@pytest.mark.parametrize("name", ["projector.mid_batch", "projector.before_commit", "projector.after_commit"])
async def test_killed_between_any_two_side_effects_it_resumes_without_a_trace(tallied: str, name: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, *[("tally/a", Counted(by=1))] * 3)

    def failpoint(reached: str) -> None:
        if reached == name:
            raise Dropped

    async with projecting(tallied, failpoint) as (projector, history):
        with pytest.raises(Dropped):
            await projector.apply(await history.read([Wanted(tenant, 0, 3)]))
    async with projecting(tallied) as (projector, history):
        await projector.apply(await history.read([Wanted(tenant, 0, 3)]))
    assert tallies(tallied) == {"tally/a": (3, 3)}
    assert positions(tallied) == {tenant: 3}


async def test_a_projector_that_slept_while_another_went_on_writes_nothing_twice(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, *[("tally/a", Counted(by=1))] * 4)
    async with projecting(tallied) as (zombie, history), projecting(tallied) as (successor, _):
        await zombie.apply(await history.read([Wanted(tenant, 0, 1)]))
        await successor.apply(await history.read([Wanted(tenant, 0, 3)]))
        await zombie.apply(await history.read([Wanted(tenant, 1, 2)]))
        assert tallies(tallied) == {"tally/a": (3, 3)}
        await zombie.apply(await history.read([Wanted(tenant, 1, 4)]))
    assert tallies(tallied) == {"tally/a": (4, 4)}


async def test_two_projectors_at_once_apply_every_event_once(tallied: str) -> None:
    tenants = [str(uuid4()) for _ in range(5)]
    for tenant in tenants:
        record(tallied, tenant, *[(f"tally/{tenant}", Counted(by=1))] * 40)

    async def walk(step: int) -> None:
        async with projecting(tallied) as (projector, history):
            for end in range(step, 41, step):
                await projector.apply(await history.read([Wanted(tenant, end - step, end) for tenant in tenants]))

    await asyncio.gather(walk(4), walk(5), walk(8))
    assert tallies(tallied) == {f"tally/{tenant}": (40, 40) for tenant in tenants}
    assert positions(tallied) == dict.fromkeys(tenants, 40)


async def test_a_broken_log_stops_the_projector_and_leaves_the_read_model(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, *[("tally/a", Counted(by=1))] * 3)
    with psycopg.connect(tallied) as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER append_only")
        connection.execute("DELETE FROM events WHERE seq = 2")
    async with projecting(tallied) as (_, history):
        with pytest.raises(LookupError, match="gapless"):
            await history.read([Wanted(tenant, 0, 3)])
    assert tallies(tallied) == {}


async def test_waiting_reads_are_told_how_far_each_tenant_has_come(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, ("tally/a", Counted(by=1)), ("tally/a", Counted(by=1)))
    async with await psycopg.AsyncConnection.connect(tallied, autocommit=True) as listener:
        await listener.execute(f"LISTEN {CHANNEL}")
        async with projecting(tallied) as (projector, history):
            await projector.apply(await history.read([Wanted(tenant, 0, 2)]))
        notified = await anext(aiter(listener.notifies(timeout=5)))
    assert Notice.model_validate_json(notified.payload) == Notice(projection="tally", reached={tenant: 2})


async def test_it_follows_the_log_and_resumes_where_it_stopped(tallied: str) -> None:
    tenant = str(uuid4())

    async def quiet() -> AsyncGenerator[str, None]:
        await asyncio.Event().wait()
        yield ""

    async def run_until(seq: int) -> None:
        reached = asyncio.Event()

        def failpoint(name: str) -> None:
            if name == "projector.after_commit" and positions(tallied)[tenant] == seq:
                reached.set()

        async with pool(tallied) as connections:
            history = LogHistory(connections, decode)
            feed = LogFeed(pool=connections, history=history, calls=quiet())
            store = PostgresStore(pool=connections, projections=[TALLY], failpoint=failpoint)
            projector = Projector(feed=feed, history=history, store=store, failpoint=failpoint)
            running = asyncio.create_task(projector.run())
            async with asyncio.timeout(10):
                await asyncio.wait([running, asyncio.create_task(reached.wait())], return_when="FIRST_COMPLETED")
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    record(tallied, tenant, *[("tally/a", Counted(by=1))] * 700)
    await run_until(700)
    record(tallied, tenant, *[("tally/a", Counted(by=1))] * 5)
    await run_until(705)
    assert tallies(tallied) == {"tally/a": (705, 705)}
