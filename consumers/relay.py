"""The relay: brings every event of the log to Kafka, at least once and in the order of each tenant's seq.

    outbox ─▶ send ─▶ (in flight, bounded) ─▶ acknowledged ─▶ mark

A tenant's mark moves over what was acknowledged without a break and never further, under the epoch of its shard's
lease. Whatever goes wrong, the next attempt begins behind the marks, so an event may be sent again and none is left
out; and because every attempt sends a tenant's events in order from a place that is known to be in Kafka, the first
occurrences are in order, too.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple, Protocol

import structlog

from consumers.relay_leases import Lease, LeaseLost, Leases, shard_of
from consumers.relay_marks import Mark, Marks

_IN_FLIGHT: Final = 2
"""Batches that were sent and not acknowledged: what is bounded, so that an outage fills no memory."""
_RENEW: Final = 1.0
"""Seconds between two looks at the leases."""

_log = structlog.get_logger()


class Message(NamedTuple):
    """An event as Kafka gets it."""

    tenant_id: str
    seq: int
    type: str
    incarnation: str
    traceparent: str
    recorded_at: int
    """In milliseconds since 1970."""
    value: bytes
    """A CloudEvent, structured JSON."""


class Outbox(Protocol):
    """The log, as what is to be sent."""

    def follow(self, after: Mapping[str, int], mine: Callable[[str], bool]) -> AsyncGenerator[Sequence[Message], None]:
        """Every event of the tenants that are `mine` behind these seqs, in batches, for as long as it is iterated."""

    @property
    def behind(self) -> int:
        """How many events are recorded and were not given out."""


class Producer(Protocol):
    """A connection to Kafka that sends in order. After its first failure it is of no use."""

    async def send(self, messages: Sequence[Message]) -> asyncio.Future[int]:
        """Hand them over; the future tells how many of them, from the first on, were acknowledged.

        Fewer than all of them: something failed, or nothing was heard for too long.
        """

    async def close(self) -> None:
        """Give it up, with whatever it has not sent."""


class Meter(Protocol):
    """Is told how it goes."""

    def relayed(self, events: int) -> None:
        """So many more are marked."""

    def lags(self, events: int) -> None:
        """So many are recorded and not marked."""

    def holds(self, shards: int) -> None:
        """So many shards are this relay's."""

    def connected(self) -> None:
        """Kafka answers: there is a producer."""

    def gave_up(self) -> None:
        """The producer was thrown away."""


class _Unacknowledged(Exception):
    """The producer is of no use any more."""


_Sent = tuple[Sequence[Message], asyncio.Future[int]]


class Relay:
    """One process's part of the relaying. `failpoint` is called between any two side effects with a name of its own."""

    def __init__(
        self,
        *,
        leases: Leases,
        shards: int,
        marks: Marks,
        outbox: Outbox,
        producer: Callable[[], Awaitable[Producer]],
        meter: Meter,
        failpoint: Callable[[str], None],
    ) -> None:
        """`producer` makes one as soon as Kafka answers, however long that takes."""
        self._leases = leases
        self._shards = shards
        self._marks = marks
        self._outbox = outbox
        self._make_producer = producer
        self._meter = meter
        self._failpoint = failpoint
        self._producer: Producer | None = None
        self._until = 0.0
        self._in_flight = 0

    async def run(self) -> None:
        """Relay until cancelled. Raises what it cannot deal with; a new run resumes behind the marks."""
        try:
            lease = await self._leases.renew()
            while True:
                lease = await self._serve(lease)
        finally:
            await self._give_up_producer()

    async def _serve(self, lease: Lease) -> Lease:
        """Relay under `lease` until there is a reason to begin anew; returns the lease to do that under."""
        self._until, self._in_flight = lease.until, 0
        self._meter.holds(len(lease.epochs))
        sent = asyncio.Queue[_Sent](_IN_FLIGHT)
        watching = asyncio.create_task(self._watch(lease), name="relay watches its lease")
        sending = asyncio.create_task(self._send(lease, sent), name="relay sends")
        marking = asyncio.create_task(self._mark(lease, sent), name="relay marks")
        try:
            await asyncio.wait({watching, sending, marking}, return_when=asyncio.FIRST_COMPLETED)
            for work in (sending, marking):
                if work.done():
                    work.result()
            changed = watching.result()
            sending.cancel()
            await _settled(sent, marking)
            if changed.too_many:
                await self._leases.give_back(changed.too_many)
        except LeaseLost as lost:
            _log.warning("lease_lost", reason=str(lost))
            self._failpoint("relay.lease_lost")
        except _Unacknowledged as failed:
            _log.warning("producer_discarded", reason=str(failed))
            self._meter.gave_up()
            await self._give_up_producer()
        finally:
            for task in (watching, sending, marking):
                task.cancel()
            await asyncio.gather(watching, sending, marking, return_exceptions=True)
        return await self._leases.renew()

    async def _watch(self, lease: Lease) -> Lease:
        """Renew the lease until it is another; raises `LeaseLost` when part of it is gone."""
        while True:
            await asyncio.sleep(_RENEW)
            self._meter.lags(self._outbox.behind + self._in_flight)
            renewed = await self._leases.renew()
            if lost := lease.epochs.items() - renewed.epochs.items():
                raise LeaseLost(f"{len(lost)} of {len(lease.epochs)} shards have changed hands")
            if renewed.too_many or renewed.epochs != lease.epochs:
                return renewed
            self._until = renewed.until

    async def _send(self, lease: Lease, sent: asyncio.Queue[_Sent]) -> None:
        def mine(tenant_id: str) -> bool:
            return shard_of(tenant_id, self._shards) in lease.epochs

        if self._producer is None:
            self._producer = await self._make_producer()
            self._meter.connected()
        async with aclosing(self._outbox.follow(await self._marks.read(mine), mine)) as batches:
            async for batch in batches:
                self._failpoint("relay.after_read")
                if time.monotonic() >= self._until:
                    # This process was paused, or its database was away: somebody else may have begun.
                    raise LeaseLost("it was not renewed in time")
                self._in_flight += len(batch)
                acknowledged = await self._producer.send(batch)
                self._failpoint("relay.after_send")
                await sent.put((batch, acknowledged))

    async def _mark(self, lease: Lease, sent: asyncio.Queue[_Sent]) -> None:
        while True:
            batch, answer = await sent.get()
            acknowledged = await answer
            self._failpoint("relay.after_ack")
            if acknowledged:
                marks = {one.tenant_id: Mark(one.tenant_id, one.incarnation, one.seq) for one in batch[:acknowledged]}
                self._failpoint("relay.before_mark")
                await self._marks.write(
                    marks.values(), lease, {shard_of(tenant_id, self._shards) for tenant_id in marks}
                )
                self._failpoint("relay.after_mark")
                self._in_flight -= acknowledged
                self._meter.relayed(acknowledged)
            if acknowledged < len(batch):
                raise _Unacknowledged(f"{len(batch) - acknowledged} of {len(batch)} events were not acknowledged")
            sent.task_done()

    async def _give_up_producer(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await producer.close()


async def _settled(sent: asyncio.Queue[_Sent], marking: asyncio.Task[None]) -> None:
    """Wait until everything that was sent is marked; raises why it cannot be."""
    everything = asyncio.create_task(sent.join())
    try:
        await asyncio.wait({everything, marking}, return_when=asyncio.FIRST_COMPLETED)
        if marking.done():
            marking.result()
    finally:
        everything.cancel()
