import asyncio
from collections.abc import AsyncGenerator

import pytest

from read_api.freshness import Freshness, Notice

pytestmark = pytest.mark.anyio


async def heard(*notices: str) -> AsyncGenerator[str, None]:
    for notice in notices:
        yield notice


def notice(projection: str, **reached: int) -> str:
    return Notice(projection=projection, reached=reached).model_dump_json()


async def test_a_read_wakes_when_all_of_its_read_models_have_come_that_far() -> None:
    freshness = Freshness()
    with freshness.waiting("acme", {"holds", "directory"}, 7) as woken:
        await freshness.listen(heard(notice("holds", acme=7), notice("directory", acme=6)))
        assert not woken.is_set()
        await freshness.listen(heard(notice("directory", acme=9)))
        assert woken.is_set()


async def test_other_tenants_and_other_read_models_wake_nobody() -> None:
    freshness = Freshness()
    with freshness.waiting("acme", {"holds"}, 7) as woken:
        await freshness.listen(heard(notice("holds", other=9), notice("artist_calendar", acme=9)))
        assert not woken.is_set()


async def test_whoever_may_have_missed_something_looks_again() -> None:
    freshness = Freshness()
    with freshness.waiting("acme", {"holds"}, 7) as woken, freshness.waiting("other", {"holds"}, 1) as also:
        await freshness.listen(heard(""))
        assert woken.is_set()
        assert also.is_set()


async def test_read_models_are_known_to_be_behind_as_long_as_nothing_else_was_heard() -> None:
    freshness = Freshness()
    assert not freshness.is_behind("acme", {"holds"}, 7)
    await freshness.listen(heard(notice("holds", acme=6), notice("directory", acme=9)))
    assert freshness.is_behind("acme", {"holds", "directory"}, 7)
    assert not freshness.is_behind("acme", {"directory"}, 7)
    assert not freshness.is_behind("other", {"holds"}, 7)
    await freshness.listen(heard(notice("holds", acme=7)))
    assert not freshness.is_behind("acme", {"holds"}, 7)
    await freshness.listen(heard(notice("holds", acme=8), ""))
    assert not freshness.is_behind("acme", {"holds"}, 9)


async def test_nothing_is_kept_of_those_who_have_gone() -> None:
    freshness = Freshness()
    with freshness.waiting("acme", {"holds"}, 7), freshness.waiting("acme", {"holds"}, 8):
        await asyncio.sleep(0)
    assert freshness._waiting == {}
