"""Tell the consumers that there is something new, after the commit and never inside it.

NOTIFY in the append's transaction would make every commit of the database wait for the one before.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import psycopg
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from infra.pipeline import Line

CHANNEL: Final = "production_tool_events"
_PAUSE: Final = 0.005
"""Seconds between two nudges: whoever listens reads everything that has come since."""
_AWAY: Final = 0.2
"""Seconds before a Postgres that could not be told anything is tried again."""
_MOST: Final = 100
"""Postgres carries less than 8,000 bytes in one notification, and a tenant takes about 60."""
_HEADS: Final = TypeAdapter(dict[str, int])


def heads_in(said: str) -> Mapping[str, int] | None:
    """Tenant to the seq that its log has reached at least; None: whoever has heard it looks for itself."""
    try:
        return _HEADS.validate_json(said)
    except ValidationError:
        return None


class Nudge:
    """At most one notification in flight; one that fails is made up for by the next, and by polling."""

    def __init__(self, url: str) -> None:
        """Connects to `url` when there is something to tell."""
        nudge = {b"nudge": f"SELECT pg_notify('{CHANNEL}', $1)"}
        self._line = Line(url, role="production_tool_log_writer", settings={}, prepared=nudge)
        self._wanted = asyncio.Event()
        self._heads: dict[str, int] = {}
        self._task = asyncio.create_task(self._run(), name="nudge")

    def __call__(self, heads: Mapping[str, int]) -> None:
        """Something was committed: the log of each of these tenants has reached this seq."""
        self._heads |= heads
        self._wanted.set()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            heads, self._heads = self._heads, {}
            said = to_json(heads) if len(heads) <= _MOST else b""
            try:
                await (await self._line.pipeline()).send((b"nudge", (said,)))
            except (psycopg.OperationalError, ConnectionError):
                self._heads = heads | self._heads
                self._wanted.set()
                await asyncio.sleep(_AWAY)
            await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        """Stop telling."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._line.close()
