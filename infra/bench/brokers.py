"""A Kafka for measuring: yours, if one is set, or one node of our own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from infra.kafka import Kafka, TopicPartition, consumer
from infra.kafka_brokers import KafkaBrokers


@contextmanager
def brokers() -> Iterator[str]:
    """The bootstrap servers, for as long as the block lasts.

    Raises:
        BrokersUnavailable: there is no Java or no Maven.
    """
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="production-tool-bench-") as directory,
        KafkaBrokers(Path(directory)) as own,
    ):
        yield own.bootstrap


def fresh_topic(bootstrap_servers: str) -> Kafka:
    """One that nobody has used."""
    return Kafka(bootstrap_servers, f"bench.{uuid4().hex}", 12)


def messages(kafka: Kafka) -> int:
    """How many the topic has taken."""
    client = consumer(kafka)
    try:
        partitions = [TopicPartition(kafka.topic, n) for n in client.partitions_for_topic(kafka.topic) or ()]
        return sum(client.end_offsets(partitions).values())
    finally:
        client.close()
