"""One answer for all who have asked the same since the last time that it was looked up."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Together:
    """While a question is under way, those who ask it again wait for the next time, which is asked once for all.

    So everybody's answer was looked up after they had asked.
    """

    def __init__(self) -> None:
        """Nothing is under way."""
        self._under_way: dict[Hashable, asyncio.Task[Any]] = {}
        self._next: dict[Hashable, asyncio.Task[Any]] = {}

    async def ask(self, question: Hashable, look: Callable[[], Awaitable[T]]) -> T:
        """What `look` finds; whose `look` it is does not matter, as long as the question is the same."""
        task = self._next.get(question)
        if task is None:
            task = asyncio.create_task(self._look(question, look))
            task.add_done_callback(_seen)
            self._next[question] = task
        return cast("T", await asyncio.shield(task))

    async def _look(self, question: Hashable, look: Callable[[], Awaitable[T]]) -> T:
        before = self._under_way.get(question)
        if before is not None:
            await asyncio.wait({before})
        mine = self._next.pop(question)
        self._under_way[question] = mine
        try:
            return await look()
        finally:
            if self._under_way.get(question) is mine:
                del self._under_way[question]


def _seen(task: asyncio.Task[T]) -> None:
    """Whoever asked may have gone; that the look failed is then nobody's business."""
    if not task.cancelled():
        task.exception()
