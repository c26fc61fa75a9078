"""The event log: commands in, verdicts out, and everything accepted in Postgres before anyone hears of it.

    decide ─▶ writer ─┬─▶ decide_ahead ─┬─▶ batch ─▶ append ─▶ pipeline ─▶ Postgres
                      └─▶ lock_first  ──┘

Commands that arrive while a commit is in flight are written together, each with a verdict of its own. What is warm is
decided ahead of the commits in flight; all else locks first.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from commands.context import Context
from commands.log import CommandInFlight, Decision, Outcome
from domain.decider import Stream
from infra.batch import Command
from infra.failpoint import cut_connections, failpoint
from infra.mapper import Mapper
from infra.nudge import Nudge
from infra.state_cache import StateCache
from infra.stream_reader import StreamReader
from infra.writer import Waiting, Writer

S = TypeVar("S")

_CACHED_STREAMS: Final = 200_000


class EventLog:
    """`commands.log.Log` on Postgres, one per process; create it in the event loop that uses it."""

    def __init__(
        self, url: str, mapper: Mapper, *, ahead: bool = True, failpoint: Callable[[str], None] = failpoint
    ) -> None:
        """Connects to `url` when there is something to do; without `ahead` every batch locks first."""
        self._cache = StateCache(streams=_CACHED_STREAMS)
        self._reader = StreamReader(url, mapper)
        self._nudge = Nudge(url)
        self._writer = Writer(url, mapper, self._cache, committed=self._nudge, failpoint=failpoint, ahead=ahead)
        cut_connections.append(self._writer.cut)

    async def decide(
        self, context: Context, subject: Stream[Any], reads: Sequence[Stream[Any]], decision: Decision
    ) -> Outcome:
        """See `commands.log.Log`."""
        key = (context.tenant_id, context.key)
        if self._writer.busy_with(key):
            raise CommandInFlight
        command = Command(context, subject, tuple(reads), decision)
        return await self._writer.put(Waiting(command, key, asyncio.get_running_loop().create_future()))

    async def state(self, tenant_id: str, stream: Stream[S]) -> S:
        """See `commands.log.Log`."""
        folded = self._cache.stream(tenant_id, stream.name)
        if folded is not None and folded[0] > 0:
            state: S = folded[1]
            return state
        return await self._reader.read(tenant_id, stream)

    async def close(self) -> None:
        """Answer nothing more, and disconnect."""
        await self._writer.close()
        await self._nudge.close()
        self._reader.close()
