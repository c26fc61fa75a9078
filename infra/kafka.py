"""The Kafka client, set up for this product. It is untyped and it blocks: only `infra/kafka*.py` uses it.

Its defaults wait far too long for a broker that is away, and commit offsets behind the consumer's back.
"""

import gc
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from weakref import WeakSet

import structlog
from kafka import (  # type: ignore[import-untyped]
    ConsumerRebalanceListener,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor  # type: ignore[import-untyped]
from kafka.errors import KafkaError, KafkaTimeoutError, TopicAlreadyExistsError  # type: ignore[import-untyped]
from kafka.net.compat import KafkaNetClient  # type: ignore[import-untyped]
from kafka.partitioner.default import murmur2  # type: ignore[import-untyped]

from infra.cannot_run import CannotRun
from infra.settings import Settings

__all__ = [
    "ConsumerRebalanceListener",
    "Kafka",
    "KafkaError",
    "KafkaTimeoutError",
    "KafkaUnreachable",
    "OffsetAndMetadata",
    "TopicPartition",
    "check_kafka",
    "close_quietly",
    "consumer",
    "cut",
    "ensure_topic",
    "kafka_of",
    "member",
    "partition_of",
    "producer",
    "throw_away",
]

_LARGEST_MESSAGE: Final = 8 * 1024 * 1024
"""Bytes: more than any event has that fits into a request's body."""
_CONNECTING: Final = {
    "bootstrap_timeout_ms": 2_000,
    "request_timeout_ms": 5_000,
    # The client's own half minute would turn an outage of three seconds into one of twenty.
    "reconnect_backoff_max_ms": 500,
}
_CLOSING: Final = 5.0
"""Seconds that a producer's thread may take to end."""
_ROUND: Final = 0.2
"""Seconds between two tries."""
_open = WeakSet[Any]()
"""The networks of this process's clients."""

_log = structlog.get_logger()


class KafkaUnreachable(CannotRun):
    """No broker answers."""


@dataclass(frozen=True, slots=True)
class Kafka:
    """Where the events are."""

    bootstrap_servers: str
    """`host:port` of some brokers, with commas between."""
    topic: str
    partitions: int
    """Of the topic, when it is made."""


def kafka_of(settings: Settings) -> Kafka | None:
    """What is set, if it is."""
    if settings.kafka_bootstrap_servers is None:
        return None
    return Kafka(settings.kafka_bootstrap_servers, settings.kafka_topic, settings.kafka_partitions)


def producer(kafka: Kafka) -> Any:  # noqa: ANN401 - the client has no types
    """A producer that keeps the order. Blocks until a broker answers; raises KafkaError when none does."""
    return _made(
        KafkaProducer,
        kafka,
        client_id="production-tool-relay",
        acks="all",
        enable_idempotence=True,
        # How old the oldest message in flight may get is the relay's to decide, long before the client would.
        delivery_timeout_ms=120_000,
        max_block_ms=3_000,
        max_request_size=_LARGEST_MESSAGE,
        # While two batches of a partition wait the client wakes its sender up for each further message, and both want
        # the interpreter then. So they are as large as a topic takes that somebody else has made.
        batch_size=1_000_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )


def consumer(kafka: Kafka, **more: object) -> Any:  # noqa: ANN401
    """A consumer that belongs to no group, unless `more` says so. Blocks like `producer`."""
    settings = {
        "client_id": "production-tool",
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "allow_auto_create_topics": False,
        "fetch_max_wait_ms": 250,
        "metrics_enabled": False,
        **more,
    }
    return _made(KafkaConsumer, kafka, **settings)


def member(kafka: Kafka, group: str, *, session_timeout_ms: int) -> Any:  # noqa: ANN401
    """A consumer that shares the topic with the others of its group; nothing is subscribed yet."""
    return consumer(
        kafka,
        group_id=group,
        partition_assignment_strategy=(CooperativeStickyAssignor,),
        session_timeout_ms=session_timeout_ms,
        heartbeat_interval_ms=session_timeout_ms // 5,
        # Several of the relay's batches at once, or whoever catches up waits for the broker between any two of them.
        max_partition_fetch_bytes=4 * 1024 * 1024,
        # A group waits so long for a member that does not come back to a rebalance.
        max_poll_interval_ms=60_000,
        # The group's coordinator holds a join back until the others have rejoined.
        request_timeout_ms=max(5_000, 2 * session_timeout_ms),
    )


def throw_away(client: Any) -> None:  # noqa: ANN401
    """End a producer with whatever it has not sent; takes seconds.

    Its own `close` gives up as soon as something is unsent and leaves its thread behind, which would go on sending when
    the brokers are back.
    """
    client._sender.force_close()  # noqa: SLF001 - there is no other way to it
    close_quietly(lambda: client.close(timeout=_CLOSING))


def ensure_topic(kafka: Kafka) -> None:
    """Make the topic unless it is there; returns when every partition has a leader.

    Raises:
        KafkaError: it cannot be made, or no broker answers.
    """
    # Events bear the time of the log's database; a broker whose clock is another must not refuse them.
    # A message's time is its event's: by time, an old log would be gone as soon as it has come.
    settings = {
        "max.message.bytes": str(_LARGEST_MESSAGE),
        "message.timestamp.after.max.ms": str(2**63 - 1),
        "retention.ms": "-1",
    }
    admin = _made(KafkaAdminClient, kafka)
    try:
        wanted = {kafka.topic: {"num_partitions": kafka.partitions, "configs": settings}}
        with suppress(TopicAlreadyExistsError):
            admin.create_topics(wanted)
        admin.wait_for_topics([kafka.topic])
    finally:
        admin.close()


def check_kafka(kafka: Kafka, seconds: float = 10.0) -> None:
    """Find out at the start that no broker answers, and make the topic.

    Raises:
        KafkaUnreachable: none does within that time.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            ensure_topic(kafka)
        except (KafkaError, OSError) as error:
            if time.monotonic() > end:
                raise KafkaUnreachable(f"Kafka cannot be used at {kafka.bootstrap_servers}: {error!r}") from error
            time.sleep(_ROUND)
        else:
            return


def close_quietly(close: Callable[[], None]) -> None:
    """Close a client that may have lost its brokers: that it says so is no news."""
    try:
        close()
    except (KafkaError, OSError) as error:
        _log.debug("kafka_client_closed", reason=repr(error))


def _made(kind: Any, kafka: Kafka, **settings: object) -> Any:  # noqa: ANN401
    """A client of this kind, which blocks until a broker answers; raises KafkaError when none does.

    One that cannot be made leaves its thread at work, and its sockets open, where nobody can close it. A few minutes
    without a broker, in which one is tried after the other, would take all the files that a process may open.
    """
    opened = list[Any]()

    def network(**of_kind: object) -> Any:  # noqa: ANN401
        opened.append(KafkaNetClient(**of_kind))
        _open.add(opened[-1])
        return opened[-1]

    try:
        return kind(
            bootstrap_servers=kafka.bootstrap_servers.split(","),
            kafka_client=network,
            **{**_CONNECTING, **settings},
        )
    except BaseException:
        for one in opened:
            one.close()
        # Of connections that were refused only the garbage knows.
        gc.collect()
        raise


def cut() -> None:
    """Break every connection of this process's clients, as a network does that goes away; for a failpoint."""
    for network in list(_open):
        for one in list(network._manager._conns.values()):  # noqa: SLF001 - there is no other way to it
            its = one.transport and one.transport._sock  # noqa: SLF001
            if its:
                with suppress(OSError):
                    its.shutdown(socket.SHUT_RDWR)


@lru_cache(maxsize=100_000)
def partition_of(tenant_id: str, partitions: int) -> int:
    """Where Kafka's own partitioner would put this key."""
    return int(murmur2(tenant_id.encode()) & 0x7FFFFFFF) % partitions
