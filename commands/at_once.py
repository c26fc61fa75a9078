"""The same work on many things, some of them at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

T = TypeVar("T")

AT_ONCE: Final = 256
"""Commands in flight: enough for the log to write many in one transaction."""


async def each(work: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """Do `work` on all of `items`, begun in their order, `AT_ONCE` of them at a time.

    Raises:
        Exception: the first that any of it raised; what had begun is abandoned.
    """
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            await work(item)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(AT_ONCE):
                workers.create_task(worker())
    except ExceptionGroup as group:
        raise group.exceptions[0] from group
