"""Notices that Redis is not the one it was: started again, emptied, or an old copy put in its place.

A projector that has nothing to write would not know before the next event.
"""

import asyncio
from typing import Final
from uuid import uuid4

from redis.exceptions import ConnectionError as RedisConnectionError

from infra.redis import Client

_KEY: Final = "pt:life"
"""Whatever empties Redis takes it away. It says nothing about anybody."""
_PAUSE: Final = 1.0
"""Seconds between two looks."""


class RedisReplaced(RedisConnectionError):
    """What was known of its keys may not be so any more."""


async def watch(client: Client) -> None:
    """Look once a second, until it is another; never returns.

    Raises:
        RedisReplaced: it is another.
        RedisError, OSError: it is away.
    """
    await client.set(_KEY, uuid4().hex, nx=True)
    first = await _life(client)
    while True:
        await asyncio.sleep(_PAUSE)
        if await _life(client) != first:
            raise RedisReplaced("Redis was emptied, or started again")


async def _life(client: Client) -> tuple[object, object]:
    return await client.get(_KEY), (await client.info("server"))["run_id"]
