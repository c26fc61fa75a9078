"""Tell the consumers that there is something new, after the commit and never inside it.

NOTIFY in the append's transaction would make every commit of the database wait for the one before.
"""

import asyncio
from typing import Final

import psycopg

from infra.pipeline import Line

CHANNEL: Final = "production_tool_events"
_PAUSE: Final = 0.005
"""Seconds between two nudges: whoever listens reads everything that has come since."""


class Nudge:
    """At most one notification in flight; one that fails is made up for by the next, and by polling."""

    def __init__(self, url: str) -> None:
        """Connects to `url` when there is something to tell."""
        self._line = Line(url, role="production_tool_log_writer", settings={}, prepared={b"nudge": f"NOTIFY {CHANNEL}"})
        self._wanted = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name="nudge")

    def __call__(self) -> None:
        """Something was committed."""
        self._wanted.set()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await (await self._line.pipeline()).send((b"nudge", ()))
            except (psycopg.OperationalError, ConnectionError):
                self._wanted.set()
            await asyncio.sleep(_PAUSE)

    async def close(self) -> None:
        """Stop telling."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._line.close()
