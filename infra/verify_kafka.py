"""What Kafka holds is what the log says, as far as the relay has marked it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NamedTuple

from infra.kafka import Kafka, KafkaError, KafkaUnreachable, TopicPartition, close_quietly, consumer
from infra.log_feed import Wanted
from infra.outbox import read_messages
from infra.verify_snapshot import Found, Snapshot

_AT_ONCE: Final = 1_000


class _Mark(NamedTuple):
    incarnation: str
    seq: int


@dataclass(slots=True)
class _Held:
    """The first occurrences of one tenant's events, as far as they were marked."""

    first: int
    next: int
    digest: Any = field(default_factory=sha256)


@dataclass(slots=True)
class _Topic:
    """What was read of it."""

    held: dict[str, _Held] = field(default_factory=dict)
    messages: int = 0
    repeats: int = 0


async def held(at: Snapshot, kafka: Kafka) -> Found:
    """V6: of each tenant the first occurrences are in order of seq, whole up to the mark, and equal to the log.

    Where Kafka has let the beginning of a partition go, a tenant's events begin anywhere.

    Raises:
        KafkaUnreachable: no broker answers.
    """
    found = Found()
    marks = await _marks(at)
    try:
        topic = await asyncio.to_thread(_read, kafka, marks, found, at.tell)
    except (KafkaError, OSError) as error:
        raise KafkaUnreachable(f"Kafka cannot be used at {kafka.bootstrap_servers}: {error!r}") from error
    async for head in at.each_tenant():
        mark = marks.get(head.tenant_id)
        if mark is None or (of_this := topic.held.get(head.tenant_id)) is None:
            continue
        if of_this.next <= mark.seq:
            found.violated(f"{head.tenant_id} is marked up to {mark.seq} and held up to {of_this.next - 1}")
        elif await _digest(at, head.tenant_id, of_this.first - 1, mark.seq) != of_this.digest.digest():
            found.violated(f"the events of {head.tenant_id} are not what was recorded")
    found.looked_at = at.said(f"{topic.messages:,} messages, {topic.repeats:,} of them repeats")
    return found


async def _marks(at: Snapshot) -> Mapping[str, _Mark]:
    cursor = await at.connection.execute(
        """
        SELECT tenant_id::text, incarnation::text, m.seq
        FROM relay_marks m
        JOIN heads h USING (tenant_id, incarnation)
        """
    )
    return {tenant_id: _Mark(incarnation, seq) for tenant_id, incarnation, seq in await cursor.fetchall()}


async def _digest(at: Snapshot, tenant_id: str, after: int, until: int) -> bytes:
    """Of the log's own messages."""
    digest = sha256()
    for start in range(after, until, _AT_ONCE):
        for message in await read_messages(at.connection, [Wanted(tenant_id, start, min(start + _AT_ONCE, until))]):
            digest.update(message.value)
    return digest.digest()


def _read(kafka: Kafka, marks: Mapping[str, _Mark], found: Found, tell: Callable[[int, int], None]) -> _Topic:
    """The whole topic as it is now, partition by partition in order."""
    topic = _Topic()
    client = consumer(kafka, max_partition_fetch_bytes=4 * 1024 * 1024)
    try:
        partitions = [TopicPartition(kafka.topic, n) for n in client.partitions_for_topic(kafka.topic) or ()]
        begins, ends = client.beginning_offsets(partitions), client.end_offsets(partitions)
        client.assign(partitions)
        for one, begin in begins.items():
            client.seek(one, begin)
        total = sum(ends.values()) - sum(begins.values())
        while any(client.position(one) < end for one, end in ends.items()):
            for partition, messages in client.poll(500, max_records=2_000).items():
                for message in messages:
                    _take(topic, message, marks, found, whole=begins[partition] == 0)
                tell(min(topic.messages, total), total)
    finally:
        close_quietly(client.close)
    if not any(begins.values()):
        for tenant_id in marks.keys() - topic.held.keys():
            found.violated(f"{tenant_id} is marked up to {marks[tenant_id].seq} and Kafka holds nothing of it")
    return topic


def _take(topic: _Topic, message: Any, marks: Mapping[str, _Mark], found: Found, *, whole: bool) -> None:  # noqa: ANN401
    """Compare one message; `whole`: its partition has lost nothing yet."""
    topic.messages += 1
    headers = dict(message.headers)
    if "tenant" not in headers:
        return  # somebody else's
    tenant_id, seq = headers["tenant"].decode(), int(headers["seq"])
    mark = marks.get(tenant_id)
    if mark is None or headers["incarnation"].decode() != mark.incarnation:
        return
    held = topic.held.get(tenant_id)
    if held is None:
        first = 1 if whole else seq
        held = topic.held[tenant_id] = _Held(first, first)
    if seq < held.next:
        topic.repeats += 1
        return
    if seq > held.next:
        found.violated(f"{tenant_id} goes from {held.next - 1} to {seq}")
    held.next = seq + 1
    if seq <= mark.seq:
        held.digest.update(message.value)
