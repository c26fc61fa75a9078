"""A member of a consumer group, for one thread: what it is given it pauses, until somebody says where to begin."""

import time
from collections.abc import Collection, Mapping
from typing import Any, Final

import structlog

from consumers.feed import LARGEST_BATCH
from infra import kafka
from infra.cloud_event import named_only, opened
from infra.kafka import ConsumerRebalanceListener, Kafka, OffsetAndMetadata, TopicPartition
from infra.log_feed import Decode
from projections.recorded import Recorded

SESSION: Final = 10.0
"""Seconds of silence after which the others of the group take over."""
_WAIT_MS: Final = 200
_COMMIT_EVERY: Final = 5.0
"""Seconds."""

_log = structlog.get_logger()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Runs in the client's own thread; does nothing that could block."""

    def __init__(self, member: "Member") -> None:
        self._member = member

    def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
        self._member.client.pause(*assigned)
        self._member.new |= {one.partition for one in assigned}

    def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        self._member.new -= {one.partition for one in revoked}
        self._member.gone |= {one.partition for one in revoked}


class Member:
    """One by one: every call blocks, and they all belong to one thread."""

    def __init__(
        self, where: Kafka, group: str, decode: Decode, *, passing_over: Collection[str] = (), most: int = LARGEST_BATCH
    ) -> None:
        """Of events that are stored under the names in `passing_over`, nothing is read but where they stand.

        `most`: events that one poll answers at once.

        Raises:
            KafkaError: no broker answers.
        """
        self.client = kafka.member(where, group, session_timeout_ms=int(SESSION * 1000))
        self.new = set[int]()
        """Partitions that came and do not know yet where to begin."""
        self.gone = set[int]()
        """Partitions that went to others, until whoever uses this has taken note."""
        self._topic = where.topic
        self._decode = decode
        self._passing_over = frozenset(name.encode() for name in passing_over)
        self._most = most
        self._applied: dict[Any, int] = {}
        self._committed = time.monotonic()
        self.client.subscribe([where.topic], listener=_Listener(self))

    def partitions(self) -> int:
        """How many the topic has."""
        return len(self.client.partitions_for_topic(self._topic))

    def ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        """Partition to the offset of what will come next."""
        found = self.client.end_offsets([TopicPartition(self._topic, n) for n in partitions])
        return {one.partition: offset for one, offset in found.items()}

    def first_since(self, instants: Mapping[int, int]) -> Mapping[int, int]:
        """Partition to the offset of its first message from that millisecond on; none where there is none."""
        found = self.client.offsets_for_times({TopicPartition(self._topic, n): at for n, at in instants.items()})
        return {one.partition: at.offset for one, at in found.items() if at is not None}

    def begin(self, offsets: Mapping[int, int]) -> None:
        """Go on from there, in those of these partitions that are still this member's."""
        mine = self.client.assignment()
        for n, offset in offsets.items():
            if (partition := TopicPartition(self._topic, n)) in mine:
                self.client.seek(partition, offset)
                self.client.resume(partition)
        self.new -= offsets.keys()

    def poll(self, applied: Mapping[Any, int]) -> tuple[list[tuple[str, Recorded]], Mapping[Any, int]]:
        """What has come, each event with the incarnation of its log, and how far that goes; waits a moment.

        `applied` is how far it went that read models have: the group's offsets say so, for whoever looks at its lag.
        """
        self._applied.update(applied)
        if time.monotonic() - self._committed >= _COMMIT_EVERY:
            self._commit()
        self._stay_with_a_rejoin()
        found = list[tuple[str, Recorded]]()
        reached = dict[Any, int]()
        for partition, messages in self.client.poll(_WAIT_MS, max_records=self._most).items():
            if partition.partition in self.new:
                continue  # from wherever the group was: it begins where the read models are
            for one in messages:
                try:
                    found.append(named_only(one.headers, self._passing_over) or opened(one.value, self._decode))
                except (ValueError, KeyError, TypeError) as error:
                    # It has no place in any log, so leaving it out leaves nothing out.
                    _log.error("message_not_ours", partition=partition.partition, offset=one.offset, reason=repr(error))
            reached[partition] = messages[-1].offset + 1
        return found, reached

    def passed(self, offsets: Mapping[int, int]) -> list[int]:
        """Those partitions in which everything before these offsets was polled."""
        mine = self.client.assignment()
        return [
            n
            for n, offset in offsets.items()
            if (partition := TopicPartition(self._topic, n)) in mine and self.client.position(partition) >= offset
        ]

    def close(self) -> None:
        """Leave the group."""
        kafka.close_quietly(self._commit)
        kafka.close_quietly(lambda: self.client.close(autocommit=False, timeout_ms=3_000))

    def _stay_with_a_rejoin(self) -> None:
        """Make the next poll see to the end of a rejoin for which the last one had no time.

        The client (3.0.12) would forget one that it began as the group's leader because the topic has other partitions
        than it knew: once it has shared them out that is no reason any more, so that it neither takes its own nor sends
        another heartbeat, and is out of the group for ever.
        """
        coordinator = self.client._coordinator  # noqa: SLF001 - there is no other way to it
        if coordinator.rejoining:
            coordinator.request_rejoin()

    def _commit(self) -> None:
        if self._applied:
            self.client.commit_async({one: OffsetAndMetadata(at, "", -1) for one, at in self._applied.items()})
        self._applied, self._committed = {}, time.monotonic()
