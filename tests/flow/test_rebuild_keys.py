"""A read model in Redis is made anew while it is read and written: right at the switch, and never seen half built."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, suppress

import pytest
from redis import Redis

from infra.catalogue import KEYED
from infra.decoding import history_for
from infra.embedded_guard import until
from infra.postgres import projector_pool
from infra.projecting import project
from infra.rebuilding_keys import rebuild
from infra.redis import open_client
from infra.redis_copy import NotSwitched, RedisCopy
from infra.redis_reads import RedisKeys
from infra.verify import verify
from projections import dashboard
from projections.keyed import KeyedProjection
from read_api.dashboard_in_redis import QUESTION
from tests.flow.office import Office, days, open_log
from tests.flow.project_once import caught_up
from tests.infra.command_line import run

pytestmark = pytest.mark.anyio

TAMPER: dict[str, Callable[[Redis, str], object]] = {
    "dashboard": lambda at, key: at.hincrby(f"{key}:counts", "rank:1", 5),
    "availability": lambda at, key: at.setbit(f"{key}:everybody", 7, 1),
    "deadlines": lambda at, key: at.zadd(f"{key}:at", {"hold/none/deadline/1": 1}),
}


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


async def work(office: Office, *, holds: int = 6) -> tuple[str, str]:
    """A third of the holds stand."""
    artist, project_id = await office.artist(), await office.project()
    for n in range(holds):
        hold = await office.hold(artist, project_id, days(f"2031-03-{1 + n % 28:02}"))
        if n % 3:
            await office.release(hold)
    return artist, project_id


async def broken(database: str, redis_url: str) -> list[str]:
    return [str(one) async for one in verify(database, lambda *_: None, redis_url=redis_url) if not one.ok]


def tamper(redis_url: str, tenant_id: str, projection: str = "dashboard") -> None:
    with Redis.from_url(redis_url) as client:
        edition = os.fsdecode(client.hget(f"pt:{{{tenant_id}}}:{projection}:position", "edition") or b"")
        TAMPER[projection](client, f"pt:{{{tenant_id}}}:{projection}{edition and ':' + edition}")


def reached(redis_url: str, tenant_id: str) -> set[int]:
    """How far the read models are."""
    with Redis.from_url(redis_url) as client:
        return {int(client.hget(f"pt:{{{tenant_id}}}:{one.name}:position", "seq") or 0) for one in KEYED}


def left_behind(redis_url: str) -> list[str]:
    """Keys of editions that nobody reads, positions of copies, and runs."""
    with Redis.from_url(redis_url) as client:
        names = {os.fsdecode(name) for name in client.scan_iter("pt:{*")}
        places = {name for name in names if re.fullmatch(r"pt:\{[^}]+\}:\w+:position", name)}
        assert places
        expected = set(places)
        for place in places:
            edition = os.fsdecode(client.hget(place, "edition") or b"")
            registry = place.removesuffix("position") + (f"{edition}:keys" if edition else "keys")
            expected |= {registry, *map(os.fsdecode, client.smembers(registry))}
        return sorted(names - expected) + [os.fsdecode(name) for name in client.scan_iter("pt:rebuilding:*")]


@pytest.mark.parametrize("projection", KEYED, ids=lambda projection: projection.name)
async def test_whatever_was_wrong_is_right_afterwards_and_counted(
    office: Office, database: str, redis_url: str, projection: KeyedProjection
) -> None:
    for one in (office, Office(office.log, "other")):
        await work(one)
    await caught_up(database, redis_url)
    for _ in range(2):
        tamper(redis_url, office.tenant_id, projection.name)
        assert await broken(database, redis_url)
        compared = await rebuild(database, redis_url, projection, None, lambda *_: None)
        assert compared.differences == 1, compared.examples
        assert compared.rows
        assert await broken(database, redis_url) == []
        assert left_behind(redis_url) == []
    assert (await rebuild(database, redis_url, projection, None, lambda *_: None)).differences == 0


async def test_of_one_tenant_only_that_one_is_made_anew(office: Office, database: str, redis_url: str) -> None:
    other = Office(office.log, "other")
    await work(office)
    await work(other)
    await caught_up(database, redis_url)
    for one in (office, other):
        tamper(redis_url, one.tenant_id)
    compared = await rebuild(database, redis_url, dashboard.PROJECTION, other.tenant_id, lambda *_: None)
    assert compared.differences == 1
    assert len(await broken(database, redis_url)) == 1
    assert (await rebuild(database, redis_url, dashboard.PROJECTION, None, lambda *_: None)).differences == 1
    assert left_behind(redis_url) == []


async def test_while_it_is_written_and_read_no_read_sees_less_than_before(
    office: Office, database: str, redis_url: str
) -> None:
    artist, project_id = await work(office, holds=30)
    await caught_up(database, redis_url)
    keys, stop, seen = RedisKeys(redis_url), asyncio.Event(), set[tuple[bytes, bytes]]()
    projecting = asyncio.create_task(project(database, KEYED, redis_url=redis_url))
    last = (await office.release(await office.hold(artist, project_id, days("2032-06-01")))).seq
    assert await asyncio.to_thread(until, lambda: reached(redis_url, office.tenant_id) == {last}, 60)

    async def write() -> int:
        written = 0
        while not stop.is_set():
            await office.release(await office.hold(artist, project_id, days(f"2032-05-{1 + written % 28:02}")))
            written += 1
        return written

    async def read() -> None:
        while not stop.is_set():
            counts, *_ = (await keys.ask(office.tenant_id, QUESTION, (0, 0, 0))).answer
            kept = dict(zip(counts[::2], counts[1::2], strict=True))
            seen.add((kept[b"artists"], kept[b"rank:1"]))

    writing, reading = asyncio.create_task(write()), asyncio.create_task(read())
    for _ in range(3):
        for projection in KEYED:
            assert (await rebuild(database, redis_url, projection, None, lambda *_: None)).differences == 0
    stop.set()
    assert await writing
    await reading
    await keys.aclose()
    assert seen <= {(b"1", b"10"), (b"1", b"11")}
    projecting.cancel()
    with suppress(asyncio.CancelledError):
        await projecting
    assert await broken(database, redis_url) == []
    assert left_behind(redis_url) == []


@pytest.mark.parametrize(
    "place", ["redis.before_script", "redis.after_script", "rebuild.before_switch", "rebuild.after_switch"]
)
async def test_killed_anywhere_the_next_run_goes_on(office: Office, database: str, redis_url: str, place: str) -> None:
    for one in (office, Office(office.log, "other")):
        await work(one)
    await caught_up(database, redis_url)
    tamper(redis_url, office.tenant_id)
    killed = run("rebuild", "dashboard", DATABASE_URL=database, REDIS_URL=redis_url, FAILPOINTS=f"{place}=kill")
    assert killed.returncode == -signal.SIGKILL
    again = run("rebuild", "dashboard", DATABASE_URL=database, REDIS_URL=redis_url)
    wrong = 0 if place == "rebuild.after_switch" else 1
    assert again.stdout.splitlines()[-1].endswith(f"keys, of the old ones {wrong} were wrong")
    assert await broken(database, redis_url) == []
    assert left_behind(redis_url) == []


async def test_what_other_code_has_begun_is_not_gone_on_with(office: Office, database: str, redis_url: str) -> None:
    await work(office)
    await caught_up(database, redis_url)
    where = {"DATABASE_URL": database, "REDIS_URL": redis_url}
    assert run("rebuild", "dashboard", FAILPOINTS="rebuild.before_switch=kill", **where).returncode
    with Redis.from_url(redis_url) as client:
        edition = os.fsdecode(client.hget("pt:rebuilding:dashboard", "edition") or b"")
        assert client.hset("pt:rebuilding:dashboard", "code", "of yesterday") == 0
        client.hincrby(f"pt:{{{office.tenant_id}}}:dashboard:{edition}:counts", "rank:1", 1)
    assert (await rebuild(database, redis_url, dashboard.PROJECTION, None, lambda *_: None)).differences == 0
    assert await broken(database, redis_url) == []
    assert left_behind(redis_url) == []


async def test_what_is_not_where_its_copy_is_is_not_switched(office: Office, database: str, redis_url: str) -> None:
    await work(office)
    await caught_up(database, redis_url)
    client = open_client(redis_url, name="test")
    async with aclosing(client), projector_pool(database) as pool:
        copy = RedisCopy(
            projection=dashboard.PROJECTION,
            client=client,
            pool=pool,
            history=history_for(pool, [dashboard.PROJECTION]),
            only=None,
            code="this",
            failpoint=lambda _: None,
        )
        await copy.begin(None)
        with pytest.raises(NotSwitched):
            await copy.switch(office.tenant_id)
    assert await broken(database, redis_url) == []
