"""The event log: commands in, verdicts out, and everything accepted in Postgres before anyone hears of it.

    decide ─▶ writer ─┬─▶ decide_ahead ─┬─▶ batch ─▶ append ─▶ pipeline ─▶ Postgres
                      └─▶ lock_first  ──┘

Commands that arrive while a commit is in flight are written together, each with a verdict of its own. What is warm is
decided ahead of the commits in flight; all else locks first.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from commands.context import Context
from commands.log import CommandInFlight, Decision, LogUnavailable, Outcome
from domain.decider import Stream
from infra.command import Command
from infra.failpoint import cut_connections, failpoint
from infra.mapper import Mapper
from infra.nudge import Nudge
from infra.state_cache import Folded, StateCache
from infra.stream_reader import StreamReader
from infra.writer import Writer

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
        if cold := self._cache.missing(context.tenant_id, reads):
            await self._warm(context.tenant_id, cold)
        command = Command(context, subject, tuple(reads), decision)
        if self._writer.busy_with(command.key):
            raise CommandInFlight
        self._writer.put(command)
        return await command.answer

    async def state(self, tenant_id: str, stream: Stream[S]) -> S:
        """See `commands.log.Log`."""
        folded = self._cache.stream(tenant_id, stream.name)
        if folded is None or folded[0] == 0:
            folded = (await self._read(tenant_id, [stream])).get(stream.name)
        state: S = stream.decider.initial if folded is None else folded[1]
        return state

    async def _warm(self, tenant_id: str, streams: Sequence[Stream[Any]]) -> None:
        """Read streams into the cache before a command queues, so that it need not lock first for them."""
        with suppress(LogUnavailable):  # locking first will say so, after more tries
            await self._read(tenant_id, streams)

    async def _read(self, tenant_id: str, streams: Sequence[Stream[Any]]) -> Mapping[str, Folded]:
        mark = self._cache.mark()
        snapshot = await self._reader.read(tenant_id, streams)
        if snapshot is None:
            return {}
        self._cache.warm(tenant_id, snapshot, mark=mark)
        return snapshot.streams

    async def close(self) -> None:
        """Answer nothing more, and disconnect."""
        await self._writer.close()
        await self._nudge.close()
        self._reader.close()
