"""`asyncio.wait_for` as Python has it from 3.12 on.

Before, it loses a cancellation that comes in the same turn of the loop as what was waited for. The connections of
psycopg's pool and of redis-py wait so, and a task is told once only: now and then one that was to end went on for ever.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def wait_for(fut: Awaitable[T], timeout: float | None) -> T:  # noqa: ASYNC109 - it is asyncio's
    """See `asyncio.wait_for`."""
    if timeout is not None and timeout <= 0:
        # What is done already counts, however late it is asked for; nothing else is given a turn.
        future = asyncio.ensure_future(fut)
        if not future.done():
            future.cancel()
            await asyncio.wait([future])
            if future.cancelled():
                raise TimeoutError
        return future.result()
    async with asyncio.timeout(timeout):
        return await fut
