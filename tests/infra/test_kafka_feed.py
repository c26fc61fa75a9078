"""Read models that follow the log by way of a real Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from consumers.positions import furthest_behind
from consumers.postgres_store import PostgresStore
from consumers.projector import Projector
from infra.kafka import Kafka, producer
from infra.kafka_feed import KafkaFeed, LogReplaced
from infra.log_feed import LogHistory
from projections.projection import Projection, names
from tests.consumers.post import until
from tests.consumers.recording import record
from tests.consumers.tally import TALLY, Counted, Forgotten, create_tallies, decode, pool, positions, tallies
from tests.infra.sending import relaying, running, send
from tests.infra.topics import emptied, fresh

pytestmark = pytest.mark.anyio

EVENT = ("tally/a", Counted(by=1))


@pytest.fixture
def tallied(database: str) -> str:
    create_tallies(database)
    return database


@pytest.fixture
def topic(kafka: str) -> Kafka:
    return fresh(kafka)


@asynccontextmanager
async def following(
    database: str, topic: Kafka, projection: Projection = TALLY, *, passing_over: Sequence[str] = ()
) -> AsyncIterator[asyncio.Task[None]]:
    """A projector of the tally behind Kafka, until the block ends."""
    async with pool(database) as connections:
        history = LogHistory(connections, decode)
        store = PostgresStore(pool=connections, projections=[projection], failpoint=lambda _: None)

        async def reached() -> dict[str, int]:
            return furthest_behind(await store.positions())

        feed = KafkaFeed(
            topic,
            f"{topic.topic}.tally",
            pool=connections,
            history=history,
            decode=decode,
            positions=reached,
            passing_over=passing_over,
        )
        projector = Projector(feed=feed, history=history, store=store, failpoint=lambda _: None)
        async with running(projector.run()) as task:
            yield task


async def test_what_is_recorded_becomes_rows_by_way_of_kafka(tallied: str, topic: Kafka) -> None:
    tenants = [str(uuid4()) for _ in range(5)]
    async with relaying(tallied, topic) as relay, following(tallied, topic) as projecting:
        for tenant in tenants:
            record(tallied, tenant, *[(f"tally/{tenant}", Counted(by=2))] * 600)
        await until(lambda: positions(tallied) == dict.fromkeys(tenants, 600), projecting)
        record(tallied, tenants[0], (f"tally/{tenants[0]}", Counted(by=1)))
        await until(lambda: positions(tallied)[tenants[0]] == 601, relay)
    assert tallies(tallied) == {f"tally/{one}": (1201, 601) if one == tenants[0] else (1200, 600) for one in tenants}


async def test_what_a_read_model_is_not_about_is_passed_over_by_its_headers(tallied: str, topic: Kafka) -> None:
    about_counting = replace(TALLY, about=names(Counted))
    tenant = str(uuid4())
    record(tallied, tenant, EVENT, ("tally/a", Forgotten()), ("tally/b", Forgotten()), EVENT, ("tally/a", Forgotten()))
    await send(tallied, topic)
    async with following(tallied, topic, about_counting, passing_over=[Forgotten.stored_as]) as projecting:
        await until(lambda: positions(tallied) == {tenant: 5}, projecting)
    assert tallies(tallied) == {"tally/a": (2, 2)}


async def test_it_begins_where_the_read_model_is_whatever_the_group_has_committed(tallied: str, topic: Kafka) -> None:
    tenant, quiet = str(uuid4()), str(uuid4())
    record(tallied, tenant, *[EVENT] * 30)
    record(tallied, quiet, ("tally/b", Counted(by=1)))
    await send(tallied, topic)
    async with following(tallied, topic) as projecting:
        await until(lambda: positions(tallied) == {tenant: 30, quiet: 1}, projecting)
    # An older copy of the read model is put in its place.
    with psycopg.connect(tallied) as connection:
        connection.execute("UPDATE positions SET seq = 0")
        connection.execute("DELETE FROM tallies")
    async with following(tallied, topic) as projecting:
        await until(lambda: positions(tallied) == {tenant: 30, quiet: 1}, projecting)
    assert tallies(tallied) == {"tally/a": (30, 30), "tally/b": (1, 1)}


async def test_what_kafka_holds_no_more_comes_from_the_log(tallied: str, topic: Kafka) -> None:
    tenant, quiet = str(uuid4()), str(uuid4())
    record(tallied, tenant, *[EVENT] * 700)
    record(tallied, quiet, ("tally/b", Counted(by=1)))
    await send(tallied, topic)
    await asyncio.to_thread(emptied, topic)
    record(tallied, tenant, EVENT)
    await send(tallied, topic)
    async with following(tallied, topic) as projecting:
        await until(lambda: positions(tallied) == {tenant: 701, quiet: 1}, projecting)
    assert tallies(tallied) == {"tally/a": (701, 701), "tally/b": (1, 1)}


async def test_projectors_of_one_group_share_the_work_and_take_it_over(tallied: str, topic: Kafka) -> None:
    tenants = [str(uuid4()) for _ in range(12)]
    async with relaying(tallied, topic), following(tallied, topic) as survivor:
        async with following(tallied, topic) as other:
            for tenant in tenants:
                record(tallied, tenant, *[(f"tally/{tenant}", Counted(by=1))] * 3)
            await until(lambda: positions(tallied) == dict.fromkeys(tenants, 3), other, seconds=90)
        for tenant in tenants:
            record(tallied, tenant, *[(f"tally/{tenant}", Counted(by=1))] * 3)
        await until(lambda: positions(tallied) == dict.fromkeys(tenants, 6), survivor, seconds=90)
    assert tallies(tallied) == {f"tally/{tenant}": (6, 6) for tenant in tenants}


async def test_events_of_a_log_that_is_no_more_are_left_out(tallied: str, topic: Kafka) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, *[EVENT] * 5)
    await send(tallied, topic)
    with psycopg.connect(tallied) as connection:
        connection.execute("UPDATE heads SET incarnation = gen_random_uuid()")
    record(tallied, tenant, ("tally/b", Counted(by=1)))
    await send(tallied, topic)
    async with following(tallied, topic) as projecting:
        await until(lambda: positions(tallied) == {tenant: 6}, projecting)
    assert tallies(tallied) == {"tally/a": (5, 5), "tally/b": (1, 1)}


async def test_a_log_that_is_replaced_under_it_ends_it_in_order_to_begin_anew(tallied: str, topic: Kafka) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, *[EVENT] * 5)
    await send(tallied, topic)
    async with following(tallied, topic) as projecting:
        await until(lambda: positions(tallied) == {tenant: 5}, projecting)
        with psycopg.connect(tallied) as connection:
            connection.execute("UPDATE heads SET incarnation = gen_random_uuid()")
        record(tallied, tenant, EVENT)
        await send(tallied, topic)
        with pytest.raises(LogReplaced, match=tenant):
            await until(lambda: False, projecting)


async def test_messages_of_others_are_left_out(tallied: str, topic: Kafka) -> None:
    tenant = str(uuid4())
    record(tallied, tenant, *[EVENT] * 2)
    await send(tallied, topic)
    client = await asyncio.to_thread(producer, topic)
    for value in (b"hello", b'{"type":"x","data":1}', b'{"seq":1,"data":{}}'):
        client.send(topic.topic, value=value, key=tenant.encode())
    await asyncio.to_thread(client.close)
    record(tallied, tenant, EVENT)
    await send(tallied, topic)
    async with following(tallied, topic) as projecting:
        await until(lambda: positions(tallied) == {tenant: 3}, projecting)
    assert tallies(tallied) == {"tally/a": (3, 3)}
