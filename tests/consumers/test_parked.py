"""Parking in Postgres: in one transaction with the position, beside everything that goes on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from consumers.parking import LEAST
from consumers.positions import Fenced
from consumers.postgres_store import PostgresStore
from consumers.projector import Projector, TooManyParked
from consumers.store import Share
from domain.event import Event
from infra.log_feed import LogHistory, Wanted
from projections.projection import Projection
from tests.consumers.nowhere import NoFeed, nowhere
from tests.consumers.recording import record
from tests.consumers.tally import (
    MENDED,
    TALLY,
    Counted,
    Huge,
    Spoilt,
    create_tallies,
    decode,
    pool,
    positions,
    tallies,
)

pytestmark = pytest.mark.anyio

Entries = Sequence[tuple[str, Event]]


@pytest.fixture
def tallied(database: str) -> str:
    create_tallies(database)
    return database


@asynccontextmanager
async def opened(database: str, *projections: Projection) -> AsyncIterator[tuple[Projector, PostgresStore, LogHistory]]:
    async with pool(database) as connections:
        history = LogHistory(connections, decode)
        store = PostgresStore(pool=connections, projections=projections or [TALLY], failpoint=nowhere)
        yield Projector(feed=NoFeed(), history=history, store=store, failpoint=nowhere), store, history


async def project(database: str, tenant: str, after: int, until: int) -> None:
    """By a projector that has just begun."""
    async with opened(database) as (projector, _, history):
        await projector.apply(await history.read([Wanted(tenant, after, until)]))


async def waiting(store: PostgresStore) -> dict[int, str]:
    return {one.seq: one.reason for one in await store.parked("tally")}


async def test_the_position_goes_past_what_is_parked_and_a_later_projector_knows_of_it(tallied: str) -> None:
    tenant, other = str(uuid4()), str(uuid4())
    entries: Entries = [("a", Spoilt()), ("b", Counted(by=2)), ("a", Counted(by=1)), ("b", Counted(by=3))]
    record(tallied, tenant, *entries)
    record(tallied, other, ("a", Counted(by=7)))
    await project(tallied, tenant, 0, 2)
    await project(tallied, tenant, 2, 4)
    await project(tallied, other, 0, 1)
    assert tallies(tallied) == {"a": (7, 1), "b": (5, 2)}
    assert positions(tallied) == {tenant: 4, other: 1}
    async with opened(tallied) as (_, store, _):
        assert await waiting(store) == {1: "ValueError: this is spoilt", 3: "builds upon 1"}


async def test_an_event_that_this_version_does_not_know_is_parked(tallied: str) -> None:
    class Unheard(Event):
        stored_as = "tally.unheard.v1"

    tenant = str(uuid4())
    record(tallied, tenant, ("a", Unheard()), ("b", Counted(by=1)))
    await project(tallied, tenant, 0, 2)
    assert tallies(tallied) == {"b": (1, 1)}
    async with opened(tallied) as (_, store, _):
        assert await waiting(store) == {1: "UnknownEvent: no event is stored as tally.unheard.v1"}


async def test_an_event_whose_row_no_table_takes_is_found_and_parked_alone(tallied: str) -> None:
    tenant = str(uuid4())
    counted: Entries = [(f"s{n}", Counted(by=1)) for n in range(5)]
    record(tallied, tenant, *counted, ("huge", Huge()), *counted)
    await project(tallied, tenant, 0, 11)
    assert tallies(tallied) == {f"s{n}": (2, 2) for n in range(5)}
    assert positions(tallied) == {tenant: 11}
    async with opened(tallied) as (_, store, _):
        assert list(await waiting(store)) == [6]


async def test_retried_with_a_mended_projection_they_are_applied_in_order(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, ("a", Spoilt()), ("b", Counted(by=2)), ("a", Counted(by=1)))
    await project(tallied, tenant, 0, 3)
    async with opened(tallied, MENDED) as (_, store, history):
        events = [*await history.read([Wanted(tenant, 0, 1)]), *await history.read([Wanted(tenant, 2, 3)])]
        assert list(await store.retry(Share(MENDED, events))) == []
        assert await waiting(store) == {}
    assert tallies(tallied) == {"a": (101, 2), "b": (2, 1)}
    assert positions(tallied) == {tenant: 3}


async def test_a_retry_of_anything_but_what_is_parked_by_now_changes_nothing(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, ("a", Spoilt()), ("a", Counted(by=1)))
    await project(tallied, tenant, 0, 2)
    async with opened(tallied, MENDED) as (_, store, history):
        with pytest.raises(Fenced):
            await store.retry(Share(MENDED, await history.read([Wanted(tenant, 0, 1)])))
        assert list(await waiting(store)) == [1, 2]
    assert tallies(tallied) == {}


async def test_a_projection_that_parks_more_than_a_few_stops_and_says_what_to_do(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, *[(f"s{n}", Spoilt()) for n in range(LEAST)], ("b", Counted(by=1)))
    with pytest.raises(TooManyParked, match="production-tool parked retry tally"):
        await project(tallied, tenant, 0, LEAST)
    async with opened(tallied) as (projector, _, _):
        with pytest.raises(TooManyParked, match="20 of the 20 events"):
            await projector.run()
    assert positions(tallied) == {tenant: LEAST}


async def test_the_other_projections_go_on_without_one_that_has_stopped(tallied: str) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, *[(f"s{n}", Spoilt()) for n in range(LEAST)], ("b", Counted(by=1)))
    idle = Projection(name="idle", tables=(), touches=lambda _: [], project=lambda *_: None)
    async with opened(tallied, TALLY, idle) as (projector, store, history):
        await projector.apply(await history.read([Wanted(tenant, 0, LEAST)]))
        assert list(projector.stopped) == ["tally"]
        await projector.apply(await history.read([Wanted(tenant, LEAST, LEAST + 1)]))
        assert await store.positions() == {"tally": {tenant: LEAST}, "idle": {tenant: LEAST + 1}}
