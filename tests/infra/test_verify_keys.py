"""`verify` looks at Redis key by key: whatever is tampered with there is found."""

import os
from collections.abc import AsyncIterator, Callable

import pytest
from redis import Redis

from infra.verify import Verdict, lines, verify
from tests.flow.office import Office, days, open_log
from tests.flow.project_once import caught_up

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tenant(database: str, redis_url: str) -> AsyncIterator[str]:
    """Somebody whose read models are where the log is."""
    async with open_log(database) as log:
        office = Office(log)
        artist, project = await office.artist(skills=["Comp"]), await office.project()
        first = await office.hold(artist, project, days("2031-03-03", "2031-03-05"))
        await office.hold(artist, await office.project("Spot"), days("2031-03-04"))
        await office.hold(artist, project, days("2026-10-01", "2027-01-04"))
        await office.confirm(first)
        await caught_up(database, redis_url)
        yield office.tenant_id


async def verdicts(database: str, redis_url: str) -> list[Verdict]:
    return [one async for one in verify(database, lambda *_: None, redis_url=redis_url) if "Redis" in one.claim]


async def test_what_the_projector_has_made_is_what_a_replay_makes(database: str, redis_url: str, tenant: str) -> None:
    found = await verdicts(database, redis_url)
    assert [(one.name, one.ok) for one in found] == [("V7", True), ("V8", True)], "\n".join(map(str, found))
    assert len(lines(redis_url=redis_url)) == len(lines()) + 2


def _first(client: Redis, pattern: str) -> str:
    return min(os.fsdecode(key) for key in client.scan_iter(pattern))


TAMPERED: list[tuple[str, Callable[[Redis, str], object]]] = [
    ("V7", lambda at, key: at.hincrby(f"{key}:dashboard:counts", "rank:1", 1)),
    ("V7", lambda at, key: at.setbit(_first(at, f"{key}:availability:hard:*[0-9]"), 9, 1)),
    ("V7", lambda at, key: at.setbit(f"{key}:availability:skill:comp", 0, 0)),
    ("V7", lambda at, key: at.delete(_first(at, f"{key}:availability:soft:*:reasons"))),
    ("V7", lambda at, key: at.zadd(f"{key}:deadlines:at", {"hold/none/deadline/1": 1})),
    ("V7", lambda at, key: at.hdel(f"{key}:deadlines:holds", *at.hkeys(f"{key}:deadlines:holds"))),
    ("V7", lambda at, key: at.hincrby(f"{key}:dashboard:position", "seq", -1)),
    ("V8", lambda at, key: at.hincrby(f"{key}:dashboard:position", "seq", 1)),
    ("V8", lambda at, key: at.hset(f"{key}:deadlines:position", "incarnation", "another")),
]


async def test_whatever_is_tampered_with_is_found(database: str, redis_url: str, tenant: str) -> None:
    with Redis.from_url(redis_url) as client:
        whole = {key: client.dump(key) for key in client.scan_iter("pt:*")}
        missed = []
        for number, (name, tamper) in enumerate(TAMPERED):
            tamper(client, f"pt:{{{tenant}}}")
            if name not in [one.name for one in await verdicts(database, redis_url) if not one.ok]:
                missed.append(number)
            client.flushall()
            for key, value in whole.items():
                client.restore(key, 0, value)
    assert missed == []
