"""Read models in Redis: what a batch does there is done once and whole, whoever else writes and whatever Redis was."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import psycopg
import pytest
from redis import Redis

from consumers.feed import Batch
from consumers.positions import Fenced, Step
from consumers.projector import Projector
from consumers.store import Share
from infra.catalogue import EVENTS, KEYED
from infra.log_feed import LogHistory, Wanted
from infra.mapper import Mapper
from infra.postgres import projector_pool
from infra.redis import RedisUnusable, check_redis, open_client
from infra.redis_store import RedisStore
from projections import availability, dashboard
from projections.keyed import KeyedProjection
from projections.recorded import Recorded
from projections.rows import Rows
from tests.flow.office import Office, days, open_log
from tests.infra.keys import Value, all_keys

pytestmark = pytest.mark.anyio


class Dropped(Exception):
    """What a failpoint raises here."""


class NoFeed:
    """The tests hand the batches over themselves."""

    async def follow(self, _: Mapping[str, int]) -> AsyncGenerator[Batch, None]:
        return
        yield []


def _nowhere(_: str) -> None:
    pass


@dataclass
class Setting:
    """A log with something in it, and a store that has read none of it."""

    projector: Projector
    store: RedisStore
    history: LogHistory

    async def read(self, tenant_id: str, after: int, until: int) -> Batch:
        return await self.history.read([Wanted(tenant_id, after, until)])


@asynccontextmanager
async def setting(
    database: str,
    redis_url: str,
    failpoint: Callable[[str], None] = _nowhere,
    projections: Sequence[KeyedProjection] = KEYED,
) -> AsyncIterator[Setting]:
    client = open_client(redis_url, name="test")
    async with aclosing(client), projector_pool(database) as pool:
        history = LogHistory(pool, Mapper(EVENTS).decode)
        store = RedisStore(client=client, pool=pool, projections=projections, failpoint=failpoint)
        projector = Projector(feed=NoFeed(), history=history, store=store, failpoint=_nowhere)
        await projector.run()
        yield Setting(projector, store, history)


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


async def _busy(office: Office, holds: int = 6) -> int:
    """Artists, holds in each other's way, a challenge, bookings; returns the last seq."""
    artist, project = await office.artist(skills=["Comp"]), await office.project()
    other = await office.artist("Bo", time_zone="America/New_York")
    placed = [await office.hold(artist, project, days(f"2031-03-0{n % 7 + 1}", "2031-03-09")) for n in range(2)]
    for n in range(holds):
        await office.hold(other, project, days(f"2031-04-0{n % 8 + 1}"))
    await office.confirm(placed[0])
    await office.book(other, project, days("2031-06-02", "2031-06-05"))
    return (await office.release(placed[1])).seq


def _everything(redis_url: str, tenant_id: str) -> dict[str, dict[str, Value]]:
    return {projection.name: all_keys(redis_url, tenant_id, projection.name) for projection in KEYED}


def _less_position(keys: Mapping[str, Value]) -> dict[str, Value]:
    """Which also says how often parked events were tried again, and where the log was at the beginning."""
    return {name: value for name, value in keys.items() if name != ":position"}


async def test_events_become_keys_together_with_their_position(database: str, redis_url: str, office: Office) -> None:
    last = await _busy(office)
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
        positions = await at.store.positions()
    assert positions == {projection.name: {office.tenant_id: last} for projection in KEYED}
    counts = all_keys(redis_url, office.tenant_id, "dashboard")[":counts"]
    assert isinstance(counts, dict)
    assert counts["artists"] == "2"
    assert {name: n for name, n in counts.items() if name.startswith("rank")} == {"rank:1": "6"}


async def test_whatever_the_batches_the_keys_are_those_of_a_replay(
    database: str, redis_url: str, office: Office
) -> None:
    last = await _busy(office)
    found = []
    for size in (last, 1, 7):
        with Redis.from_url(redis_url) as client:
            client.flushall()
        async with setting(database, redis_url) as at:
            for after in range(0, last, size):
                await at.projector.apply(await at.read(office.tenant_id, after, min(after + size, last)))
        found.append(_everything(redis_url, office.tenant_id))
    assert found[0] == found[1] == found[2]


async def test_a_redelivered_event_changes_nothing(database: str, redis_url: str, office: Office) -> None:
    last = await _busy(office)
    async with setting(database, redis_url) as at:
        batch = await at.read(office.tenant_id, 0, last)
        await at.projector.apply(batch)
        once = _everything(redis_url, office.tenant_id)
        await at.projector.apply(batch)
        await at.projector.apply([*batch, *batch])
    assert _everything(redis_url, office.tenant_id) == once


async def test_a_script_that_is_sent_twice_writes_once(database: str, redis_url: str, office: Office) -> None:
    last = await _busy(office)
    async with setting(database, redis_url) as at:
        batch = await at.read(office.tenant_id, 0, last)
        work = [Share(dashboard.PROJECTION, batch, [Step(office.tenant_id, "dashboard", 0, last)])]
        await at.store.apply(work)
        once = _everything(redis_url, office.tenant_id)
        async with setting(database, redis_url) as other:
            with pytest.raises(Fenced):
                await other.store.apply(work)
        with pytest.raises(Fenced):
            await at.store.apply(work)
    assert _everything(redis_url, office.tenant_id) == once


async def test_a_batch_that_fails_before_its_script_leaves_no_trace_and_after_it_is_whole(
    database: str, redis_url: str, office: Office
) -> None:
    last = await _busy(office)

    def drop(name: str) -> None:
        if name == failing:
            raise Dropped

    for failing in ("redis.before_script", "redis.after_script"):
        async with setting(database, redis_url, drop) as at:
            with pytest.raises(Dropped):
                await at.projector.apply(await at.read(office.tenant_id, 0, last))
        reached = {} if failing == "redis.before_script" else {office.tenant_id: last}
        async with setting(database, redis_url) as at:
            assert (await at.store.positions())["dashboard"] == reached


async def test_a_projector_that_was_overtaken_writes_nothing_and_goes_on_from_there(
    database: str, redis_url: str, office: Office
) -> None:
    last = await _busy(office)
    async with setting(database, redis_url) as slow, setting(database, redis_url) as quick:
        await slow.projector.apply(await slow.read(office.tenant_id, 0, 3))
        await quick.projector.apply(await quick.read(office.tenant_id, 0, last - 1))
        there = _everything(redis_url, office.tenant_id)
        await slow.projector.apply(await slow.read(office.tenant_id, 3, 5))
        assert _everything(redis_url, office.tenant_id) == there
        await slow.projector.apply(await slow.read(office.tenant_id, 5, last))
        assert (await quick.store.positions())["dashboard"] == {office.tenant_id: last}


async def test_two_at_once_leave_what_one_would(database: str, redis_url: str, office: Office) -> None:
    last = await _busy(office, holds=20)
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
    alone = _everything(redis_url, office.tenant_id)
    with Redis.from_url(redis_url) as client:
        client.flushall()

    async def work(at: Setting, sizes: Sequence[int]) -> None:
        after = 0
        for n in range(1000):
            if after == last:
                return
            until = min(after + sizes[n % len(sizes)], last)
            await at.projector.apply(await at.read(office.tenant_id, after, until))
            after = until

    async with setting(database, redis_url) as one, setting(database, redis_url) as other:
        await asyncio.gather(work(one, (1, 2)), work(other, (2, 1, 3)))
    assert _everything(redis_url, office.tenant_id) == alone


async def test_one_tenant_is_not_in_the_keys_of_another(database: str, redis_url: str, office: Office) -> None:
    other = Office(office.log, "other")
    last, its_last = await _busy(office), await _busy(other, holds=2)
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
        alone = _everything(redis_url, office.tenant_id)
        await at.projector.apply(await at.read(other.tenant_id, 0, its_last))
    assert _everything(redis_url, office.tenant_id) == alone
    assert _everything(redis_url, other.tenant_id) != alone


async def test_a_redis_that_was_emptied_is_whole_again(database: str, redis_url: str, office: Office) -> None:
    last = await _busy(office)
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
        whole = _everything(redis_url, office.tenant_id)
        with Redis.from_url(redis_url) as client:
            client.flushall()
        new = (await office.placed(await office.artist(), await office.project(), days("2031-09-01"))).seq
        # All that it is given is the end of the log; the rest it fetches.
        await at.projector.apply(await at.read(office.tenant_id, new - 1, new))
        again = _everything(redis_url, office.tenant_id)
    assert again["availability"] != whole["availability"]
    async with setting(database, redis_url) as at:
        assert (await at.store.positions())["availability"] == {office.tenant_id: new}


async def test_an_old_copy_of_redis_catches_up(database: str, redis_url: str, office: Office) -> None:
    last = await _busy(office)
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, 5))
        with Redis.from_url(redis_url) as client:
            old = {key: client.dump(key) for key in client.scan_iter("pt:*")}
            await at.projector.apply(await at.read(office.tenant_id, 5, last))
            whole = _everything(redis_url, office.tenant_id)
            client.flushall()
            for key, value in old.items():
                client.restore(key, 0, value)
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, last - 1, last))
    assert _everything(redis_url, office.tenant_id) == whole


@pytest.mark.parametrize("wrong", [{"incarnation": str(uuid4())}, {"seq": "1000000"}])
async def test_what_is_of_another_life_of_the_log_or_ahead_of_it_begins_anew(
    database: str, redis_url: str, office: Office, wrong: dict[str, str]
) -> None:
    last = await _busy(office)
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
    whole = _everything(redis_url, office.tenant_id)
    with Redis.from_url(redis_url) as client:
        for projection in KEYED:
            client.hset(f"pt:{{{office.tenant_id}}}:{projection.name}:position", mapping=wrong)
        client.hset(f"pt:{{{office.tenant_id}}}:dashboard:counts", "rank:1", "77")
    async with setting(database, redis_url) as at:
        assert (await at.store.positions())["dashboard"] == {}
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
    assert _everything(redis_url, office.tenant_id) == whole


async def test_what_is_a_little_ahead_of_the_log_begins_anew_though_the_log_grows(
    database: str, redis_url: str, office: Office
) -> None:
    last = await _busy(office)
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
    with Redis.from_url(redis_url) as client:
        for projection in KEYED:
            client.hset(f"pt:{{{office.tenant_id}}}:{projection.name}:position", "seq", last + 2)
    async with setting(database, redis_url) as at:
        last = await _busy(office)
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
    found = _everything(redis_url, office.tenant_id)
    with Redis.from_url(redis_url) as client:
        client.flushall()
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
    again = _everything(redis_url, office.tenant_id)
    assert {name: _less_position(keys) for name, keys in again.items()} == {
        name: _less_position(keys) for name, keys in found.items()
    }


async def test_what_somebody_keeps_where_it_is_is_written_once_it_is_let_go(
    database: str, redis_url: str, office: Office
) -> None:
    last = await _busy(office)
    place = f"pt:{{{office.tenant_id}}}:dashboard:position"
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last - 1))
        with Redis.from_url(redis_url) as client:
            client.hset(place, "held_until", 2**40)
            writing = asyncio.create_task(at.projector.apply(await at.read(office.tenant_id, last - 1, last)))
            _, waiting = await asyncio.wait({writing}, timeout=0.5)
            assert waiting
            assert client.hget(place, "seq") == str(last - 1).encode()
            client.hdel(place, "held_until")
        await writing
        assert (await at.store.positions())["dashboard"] == {office.tenant_id: last}


async def test_a_redis_that_may_forget_keys_is_refused(redis_url: str) -> None:
    client = open_client(redis_url, name="test")
    await client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(RedisUnusable, match="noeviction"):
            await check_redis(client)
    finally:
        await client.config_set("maxmemory-policy", "noeviction")
        await client.aclose()


async def test_what_can_never_be_applied_waits_with_what_builds_upon_it_and_is_applied_after_all(
    database: str, redis_url: str, office: Office
) -> None:
    last = await _busy(office)
    async with setting(database, redis_url) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
    whole = _everything(redis_url, office.tenant_id)
    with Redis.from_url(redis_url) as client:
        client.flushall()
    poison = next(one.seq for one in await _log(database, office, last) if one.type == "calendar.time_booked.v1")
    hurting = _hurt_by(poison)
    async with setting(database, redis_url, projections=[hurting]) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
        parked = await at.store.parked("availability")
        assert parked[0].seq == poison
        assert all(one.stream.startswith("calendar/") for one in parked)
        assert (await at.store.positions())["availability"] == {office.tenant_id: last}
    async with setting(database, redis_url, projections=[availability.PROJECTION]) as at:
        events = [(await at.read(office.tenant_id, one.seq - 1, one.seq))[0] for one in parked]
        share = Share(availability.PROJECTION, events)
        assert await at.store.retry(share) == []
        with pytest.raises(Fenced):
            await at.store.retry(share)
    assert _less_position(all_keys(redis_url, office.tenant_id, "availability")) == _less_position(
        whole["availability"]
    )


async def test_what_was_applied_after_all_is_not_written_over_by_a_projector_that_knew_it_before(
    database: str, redis_url: str, office: Office
) -> None:
    last = await _busy(office)
    poison = next(one.seq for one in await _log(database, office, last) if one.type == "calendar.time_booked.v1")
    hurting = _hurt_by(poison)
    async with (
        setting(database, redis_url, projections=[hurting]) as at,
        setting(database, redis_url, projections=[availability.PROJECTION]) as mending,
    ):
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
        parked = await at.store.parked("availability")
        events = [(await at.read(office.tenant_id, one.seq - 1, one.seq))[0] for one in parked]
        assert await mending.store.retry(Share(availability.PROJECTION, events)) == []
        new = await _busy(office)
        await at.projector.apply(await at.read(office.tenant_id, last, new))
        assert await at.store.parked("availability") == []
    found = all_keys(redis_url, office.tenant_id, "availability")
    with Redis.from_url(redis_url) as client:
        client.flushall()
    async with setting(database, redis_url, projections=[availability.PROJECTION]) as at:
        await at.projector.apply(await at.read(office.tenant_id, 0, new))
    again = all_keys(redis_url, office.tenant_id, "availability")
    assert _less_position(again) == _less_position(found)


def _hurt_by(poison: int) -> KeyedProjection:
    """`availability`, but for one event that it cannot apply."""

    def project(recorded: Recorded, rows: Rows) -> None:
        if recorded.seq == poison:
            raise LookupError("no such thing")
        availability.PROJECTION.project(recorded, rows)

    return dataclasses.replace(availability.PROJECTION, project=project)


async def _log(database: str, office: Office, last: int) -> Batch:
    async with projector_pool(database) as pool:
        return await LogHistory(pool, Mapper(EVENTS).decode).read([Wanted(office.tenant_id, 0, last)])


async def test_reads_are_told_by_the_one_way_there_is(database: str, redis_url: str, office: Office) -> None:
    last = await _busy(office)
    async with (
        setting(database, redis_url) as at,
        await psycopg.AsyncConnection.connect(database, autocommit=True) as connection,
    ):
        await connection.execute("LISTEN production_tool_positions")
        await at.projector.apply(await at.read(office.tenant_id, 0, last))
        told = [notice.payload async for notice in connection.notifies(timeout=5, stop_after=len(KEYED))]
    assert {one.split('"')[3] for one in told} == {projection.name for projection in KEYED}
