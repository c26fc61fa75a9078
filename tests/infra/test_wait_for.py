"""`infra/wait_for.py`: who is told to end just when what it waits for comes, ends."""

import asyncio
from contextlib import aclosing

import pytest

import infra  # noqa: F401 - whatever is imported from there makes `asyncio.wait_for` the one that is tested
from infra.postgres import reader_pool
from infra.redis import open_client

pytestmark = pytest.mark.anyio


async def answered(with_: object) -> object:
    return with_


async def refused() -> object:
    raise LookupError


async def never() -> object:
    return await asyncio.Event().wait()


@pytest.mark.parametrize("seconds", [None, 60])
async def test_what_comes_in_time_is_given(seconds: float | None) -> None:
    assert await asyncio.wait_for(answered(1), seconds) == 1
    with pytest.raises(LookupError):
        await asyncio.wait_for(refused(), seconds)


@pytest.mark.parametrize("seconds", [-1, 0, 0.001])
async def test_what_does_not_come_in_time_is_cancelled(seconds: float) -> None:
    waiting = asyncio.ensure_future(never())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting, seconds)
    assert waiting.cancelled()


async def test_what_is_there_is_given_however_late() -> None:
    there = asyncio.get_running_loop().create_future()
    there.set_result(1)
    assert await asyncio.wait_for(there, 0) == 1


async def test_a_cancellation_is_not_lost_to_what_comes_with_it() -> None:
    come = asyncio.get_running_loop().create_future()
    waiting = asyncio.ensure_future(asyncio.wait_for(come, 60))
    await asyncio.sleep(0)
    come.set_result(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_nor_to_a_connection_of_a_pool_which_is_given_back(database: str) -> None:
    async with reader_pool(database, max_size=1) as pool:
        first = await pool.getconn()
        waiting = asyncio.ensure_future(pool.getconn())
        await asyncio.sleep(0.05)
        await pool.putconn(first)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with pool.connection() as again:
            assert again is first


async def test_nor_to_anything_that_a_client_of_redis_waits_for(redis_url: str) -> None:
    async with aclosing(open_client(redis_url, name="test")) as client:
        for turns in range(40):
            await client.ping()
            asking = asyncio.ensure_future(client.ping())
            for _ in range(turns):
                await asyncio.sleep(0)
            if asking.cancel():
                await asyncio.wait([asking])
                assert asking.cancelled()
