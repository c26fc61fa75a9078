"""The log by way of Kafka, as a feed: what projectors follow where Kafka is set.

Projectors of the same read models are one consumer group, and share the topic's partitions. A partition that comes is
read from where the read models are, whatever the group has committed; what Kafka has lost comes from the log.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from consumers.feed import LARGEST_BATCH, Batch, History
from infra.kafka import Kafka, KafkaError, partition_of
from infra.kafka_member import Member
from infra.kafka_start import find_start, incarnations
from infra.log_feed import Decode
from projections.recorded import Recorded

T = TypeVar("T")

_PAUSE: Final = 0.2
"""Seconds before Kafka is tried again."""

_log = structlog.get_logger()


class LogReplaced(ConnectionError):
    """A tenant's log is not the one that it was; whoever follows it begins again from what is stored now."""


class KafkaFeed:
    """`consumers.feed.Feed`. The client blocks, so it has a thread of its own."""

    def __init__(
        self,
        where: Kafka,
        group: str,
        *,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        history: History,
        decode: Decode,
        positions: Callable[[], Awaitable[Mapping[str, int]]],
        passing_over: Collection[str] = (),
        catching_up: int = LARGEST_BATCH,
    ) -> None:
        """`positions` tells where the read models are now, the one furthest behind in each tenant.

        `pool` gives connections in the role `production_tool_projector`. Of events that are stored under the names in
        `passing_over`, nothing is read but where they stand. A batch has up to `catching_up` events, if so many wait.
        """
        self._group = group
        self._pool = pool
        self._history = history
        self._member = partial(Member, where, group, decode, passing_over=passing_over, most=catching_up)
        self._positions = positions
        self._thread = ThreadPoolExecutor(1, "kafka feed")
        self._incarnations: dict[str, str] = {}
        self._due: dict[int, dict[str, int]] = {}
        self._ends: dict[int, int] = {}
        self._applied: dict[Any, int] = {}

    async def follow(self, after: Mapping[str, int]) -> AsyncGenerator[Batch, None]:
        """See `consumers.feed.Feed`. Partitions come and go, so `after` is asked for again whenever one comes."""
        _log.debug("kafka_feed_begins", group=self._group, tenants=len(after))
        member = await self._join()
        reading = asyncio.create_task(self._next(member), name="kafka feed reads")
        try:
            while True:
                batch, reached = await reading
                reading = asyncio.create_task(self._next(member), name="kafka feed reads")
                yield batch
                self._applied |= reached
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await self._in_thread(member.close)
            self._thread.shutdown(wait=False)

    async def _join(self) -> Member:
        while True:
            try:
                return await self._in_thread(self._member)
            except (KafkaError, OSError) as error:
                _log.warning("kafka_unreachable", reason=repr(error))
                await asyncio.sleep(_PAUSE)

    async def _next(self, member: Member) -> tuple[Batch, Mapping[Any, int]]:
        while True:
            try:
                if member.new:
                    await self._begin(member)
                self._forget(member)
                applied, self._applied = self._applied, {}
                found, reached = await self._in_thread(partial(member.poll, applied))
                if found and (batch := await self._of_this_log(found)):
                    self._note(batch)
                    return batch, reached
                if self._due and (missing := await self._missing(member)):
                    return missing, {}
            except KafkaError as error:
                _log.warning("kafka_unreachable", reason=repr(error))
                await asyncio.sleep(_PAUSE)

    async def _begin(self, member: Member) -> None:
        """Say where the partitions begin that have come."""
        new = set(member.new)
        partitions = await self._in_thread(member.partitions)
        # In this order: what is recorded after `find_start` looks lies at these ends or behind them, and what was
        # marked before it lies before the later ones.
        ends = await self._in_thread(lambda: member.ends(new))
        start = await find_start(
            self._pool, await self._positions(), new, lambda tenant_id: partition_of(tenant_id, partitions)
        )
        first = await self._in_thread(lambda: member.first_since(start.since)) if start.since else {}
        self._ends |= await self._in_thread(lambda: member.ends(new))
        self._due |= start.due
        self._incarnations |= start.incarnations
        await self._in_thread(lambda: member.begin({n: min(end, first.get(n, end)) for n, end in ends.items()}))
        _log.info("partitions_came", partitions=sorted(new), tenants_behind=sum(map(len, start.due.values())))

    async def _of_this_log(self, found: Sequence[tuple[str, Recorded]]) -> Batch:
        """Without what comes from a log that is no more."""
        known = self._incarnations
        if strange := {one.tenant_id for incarnation, one in found if known.get(one.tenant_id) != incarnation}:
            now = await incarnations(self._pool, strange)
            for tenant_id in strange & known.keys():
                if known[tenant_id] != now.get(tenant_id):
                    raise LogReplaced(f"the log of {tenant_id} was replaced")
            known |= now
            dropped = sum(known.get(one.tenant_id) != incarnation for incarnation, one in found)
            if dropped:
                _log.warning("events_of_another_log", tenants=sorted(strange), dropped=dropped)
        return [one for incarnation, one in found if known.get(one.tenant_id) == incarnation]

    def _forget(self, member: Member) -> None:
        """What is due in partitions that went to others is theirs to see to."""
        while member.gone:
            n = member.gone.pop()
            self._due.pop(n, None)
            self._ends.pop(n, None)

    def _note(self, batch: Batch) -> None:
        """Who has got what was due is waited for no more."""
        if not self._due:
            return
        reached = {one.tenant_id: one.seq for one in batch}
        for due in self._due.values():
            for tenant_id in [id for id, seq in due.items() if reached.get(id, 0) >= seq]:
                del due[tenant_id]

    async def _missing(self, member: Member) -> Batch:
        """What Kafka has had and has no more, once everything that it has was polled; a batch at a time."""
        passed = await self._in_thread(lambda: member.passed(self._ends))
        for n in passed:
            for tenant_id, seq in self._due.get(n, {}).items():
                after = (await self._positions()).get(tenant_id, 0)
                async for batch in self._history.between(tenant_id, after=after, until=seq):
                    _log.info("kafka_has_lost_events", tenant_id=tenant_id, after=after, until=seq)
                    return batch
                del self._due[n][tenant_id]
                return ()
            self._due.pop(n, None)
            del self._ends[n]
        return ()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
