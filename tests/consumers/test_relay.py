"""The relay on a real log, in front of a Kafka that the test can spoil."""

import asyncio
from uuid import uuid4

import psycopg
import pytest
from pydantic_core import from_json

from consumers.relay_leases import LeaseLost, Leases, shard_of
from consumers.relay_marks import Mark, Marks
from infra import outbox
from tests.consumers.post import SHARDS, Post, marks, relay_on, relaying, until
from tests.consumers.recording import record
from tests.consumers.tally import Counted, pool

pytestmark = pytest.mark.anyio

ONE, OTHER = str(uuid4()), str(uuid4())
EVENT = ("tally/a", Counted(by=1))


async def test_every_event_of_every_tenant_arrives_in_order_and_is_marked(database: str) -> None:
    tenants = [str(uuid4()) for _ in range(6)]
    for tenant in tenants:
        record(database, tenant, *[EVENT] * 700)
    post = Post()
    async with relaying(database, post, ONE) as relay:
        await until(lambda: marks(database) == dict.fromkeys(tenants, 700), relay)
        record(database, tenants[0], EVENT)
        await until(lambda: marks(database)[tenants[0]] == 701, relay)
    assert post.first_occurrences(tenants[0]) == list(range(1, 702))
    assert len(post.arrived) == 6 * 700 + 1


async def test_a_message_is_a_cloud_event_around_the_data_as_it_is_stored(database: str) -> None:
    tenant = str(uuid4())
    record(database, tenant, ("tally/a", Counted(by=7)))
    post = Post()
    async with relaying(database, post, ONE) as relay:
        await until(lambda: bool(post.arrived), relay)
    (message,) = post.arrived
    envelope = from_json(message.value)
    assert message.value.endswith(b',"data":{"by":7}}')
    assert (envelope["specversion"], envelope["type"], envelope["subject"]) == ("1.0", "tally.counted.v1", "tally/a")
    assert (envelope["tenant"], envelope["seq"], envelope["incarnation"]) == (tenant, 1, message.incarnation)
    assert envelope["traceparent"] == message.traceparent
    assert message.traceparent.split("-")[0] == "00"
    assert [len(part) for part in message.traceparent.split("-")] == [2, 32, 16, 2]


async def test_what_nobody_acknowledged_is_not_marked(database: str) -> None:
    tenant = str(uuid4())
    record(database, tenant, *[EVENT] * 3)
    post = Post(lambda _: None)
    async with relaying(database, post, ONE) as relay:
        await until(lambda: post.seqs == [1, 2, 3], relay)
        record(database, tenant, EVENT)
        await until(lambda: post.seqs == [1, 2, 3, 4], relay)
        assert marks(database) == {}


async def test_after_a_failure_the_producer_is_thrown_away_and_the_next_begins_behind_the_last_acknowledged(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "CATCHING_UP", 500)
    tenant = str(uuid4())
    record(database, tenant, *[EVENT] * 1200)
    answers = iter([500, 200])
    post = Post(lambda messages: min(next(answers, len(messages)), len(messages)))
    async with relaying(database, post, ONE) as relay:
        await until(lambda: marks(database) == {tenant: 1200}, relay)
    assert post.first_occurrences(tenant) == list(range(1, 1201))
    assert (post.opened, post.closed) == (2, 2)


async def test_a_failure_in_which_nothing_arrives_loses_nothing(database: str) -> None:
    tenant = str(uuid4())
    record(database, tenant, *[EVENT] * 10)
    answers = iter([0, 0, 3])
    post = Post(lambda messages: min(next(answers, len(messages)), len(messages)))
    async with relaying(database, post, ONE) as relay:
        await until(lambda: marks(database) == {tenant: 10}, relay)
    assert post.seqs == list(range(1, 11))


@pytest.mark.parametrize(
    "name", ["relay.after_read", "relay.after_send", "relay.after_ack", "relay.before_mark", "relay.after_mark"]
)
async def test_dropped_between_any_two_side_effects_it_leaves_nothing_out(database: str, name: str) -> None:
    tenant = str(uuid4())
    record(database, tenant, *[EVENT] * 600)

    def failpoint(reached: str) -> None:
        if reached == name:
            raise ConnectionError

    post = Post()
    async with relaying(database, post, ONE, failpoint) as relay:
        async with asyncio.timeout(20):
            await asyncio.wait({relay})
        assert isinstance(relay.exception(), ConnectionError)
    async with relaying(database, post, ONE) as relay:
        await until(lambda: marks(database) == {tenant: 600}, relay)
    assert post.first_occurrences(tenant) == list(range(1, 601))


async def test_relays_share_the_tenants_and_each_event_is_sent_by_one(database: str) -> None:
    tenants = [str(uuid4()) for _ in range(12)]
    ours, theirs = Post(), Post()
    async with relaying(database, ours, ONE) as first, relaying(database, theirs, OTHER) as second:
        await until(lambda: shards_of(database) == {ONE: SHARDS // 2, OTHER: SHARDS // 2}, first)
        for tenant in tenants:
            record(database, tenant, *[EVENT] * 5)
        await until(lambda: marks(database) == dict.fromkeys(tenants, 5), second)
    assert len(ours.arrived) + len(theirs.arrived) == 12 * 5
    assert {one.tenant_id for one in ours.arrived}.isdisjoint(one.tenant_id for one in theirs.arrived)


async def test_the_shards_of_a_relay_that_fell_silent_are_taken_over_under_a_new_epoch(database: str) -> None:
    async with pool(database) as connections:
        silent, next_one = (
            Leases(connections, relay=ONE, shards=SHARDS),
            Leases(connections, relay=OTHER, shards=SHARDS),
        )
        before = await silent.renew()
        assert not (await next_one.renew()).epochs
        falls_silent(database, ONE)
        after = await next_one.renew()
    assert before.epochs == dict.fromkeys(range(SHARDS), 1)
    assert after.epochs == dict.fromkeys(range(SHARDS), 2)


async def test_whoever_leaves_is_not_waited_for(database: str) -> None:
    async with pool(database) as connections:
        first, second = (Leases(connections, relay=id, shards=SHARDS) for id in (ONE, OTHER))
        await first.renew()
        await first.leave()
        assert len((await second.renew()).epochs) == SHARDS


async def test_a_relay_that_was_thought_dead_moves_no_mark(database: str) -> None:
    tenant = str(uuid4())
    record(database, tenant, *[EVENT] * 9)
    shard = shard_of(tenant, SHARDS)
    async with pool(database) as connections:
        incarnation = incarnation_of(database, tenant)
        zombie, successor = (Leases(connections, relay=id, shards=SHARDS) for id in (ONE, OTHER))
        old = await zombie.renew()
        falls_silent(database, ONE)
        new = await successor.renew()
        await Marks(connections).write([Mark(tenant, incarnation, 9)], new, {shard})
        with pytest.raises(LeaseLost, match="1 of 1 shards"):
            await Marks(connections).write([Mark(tenant, incarnation, 4)], old, {shard})
    assert marks(database) == {tenant: 9}


async def test_a_relay_that_lost_its_lease_lets_others_send(database: str) -> None:
    tenants = [str(uuid4()) for _ in range(12)]
    ours, theirs, lost = Post(), Post(), list[str]()
    async with relaying(database, ours, ONE, lost.append) as first:
        await until(lambda: shards_of(database) == {ONE: SHARDS}, first)
        async with pool(database) as connections:
            falls_silent(database, ONE)
            await Leases(connections, relay=OTHER, shards=SHARDS).renew()
        await until(lambda: "relay.lease_lost" in lost, first)
        async with relaying(database, theirs, OTHER) as second:
            for tenant in tenants:
                record(database, tenant, EVENT)
            await until(lambda: marks(database) == dict.fromkeys(tenants, 1), second)
    assert sorted(one.tenant_id for one in ours.arrived + theirs.arrived) == sorted(tenants)


async def test_a_relay_whose_time_has_run_out_sends_nothing(database: str) -> None:
    record(database, str(uuid4()), EVENT)
    reached, post = list[str](), Post()
    async with pool(database) as connections:
        relay = relay_on(database, connections, post, ONE, reached.append)

        def failpoint(name: str) -> None:
            reached.append(name)
            if name == "relay.after_read" and not post.arrived:
                # This process was paused here, for longer than its lease lasts.
                relay._until = 0.0
            if name == "relay.lease_lost":
                raise ConnectionError

        relay._failpoint = failpoint
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(20):
                await relay.run()
    assert reached == ["relay.after_read", "relay.lease_lost"]
    assert post.arrived == []


async def test_a_log_that_was_replaced_is_sent_again_from_its_beginning(database: str) -> None:
    tenant = str(uuid4())
    record(database, tenant, *[EVENT] * 4)
    post = Post()
    async with relaying(database, post, ONE) as relay:
        await until(lambda: marks(database) == {tenant: 4}, relay)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE heads SET incarnation = gen_random_uuid()")
    async with relaying(database, post, ONE) as relay:
        await until(lambda: post.seqs == [1, 2, 3, 4] * 2, relay)
    assert len({one.incarnation for one in post.arrived}) == 2


def shards_of(url: str) -> dict[str, int]:
    """Relay to the number of its shards."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT relay::text, count(*) FROM relay_shards WHERE relay IS NOT NULL GROUP BY relay"
        ).fetchall()
    return dict(rows)


def falls_silent(url: str, relay: str) -> None:
    """Its time is over."""
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE relays SET alive_until = clock_timestamp() WHERE relay = %s", [relay])


def incarnation_of(url: str, tenant_id: str) -> str:
    with psycopg.connect(url) as connection:
        ((incarnation,),) = connection.execute(
            "SELECT incarnation::text FROM heads WHERE tenant_id = %s", [tenant_id]
        ).fetchall()
    return str(incarnation)
