"""What a topic holds, read from its beginning."""

import uuid
from collections.abc import Mapping

from kafka import KafkaAdminClient  # type: ignore[import-untyped]

from infra.kafka import Kafka, TopicPartition, consumer


def fresh(bootstrap_servers: str) -> Kafka:
    """A topic that nobody else uses; it is made by whoever needs it first."""
    return Kafka(bootstrap_servers, f"test.{uuid.uuid4().hex}", 4)


def environment(kafka: Kafka) -> dict[str, str]:
    """What tells a process of it."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "PRODUCTION_TOOL_KAFKA_TOPIC": kafka.topic,
        "PRODUCTION_TOOL_KAFKA_PARTITIONS": str(kafka.partitions),
    }


def seqs(kafka: Kafka) -> Mapping[str, list[int]]:
    """Tenant to the seqs that are there now, in order, repeats included."""
    found: dict[str, list[int]] = {}
    client = consumer(kafka)
    try:
        partitions = [TopicPartition(kafka.topic, n) for n in client.partitions_for_topic(kafka.topic) or ()]
        client.assign(partitions)
        client.seek_to_beginning()
        ends = client.end_offsets(partitions)
        while any(client.position(partition) < end for partition, end in ends.items()):
            for records in client.poll(500).values():
                for one in records:
                    found.setdefault(one.key.decode(), []).append(int(dict(one.headers)["seq"]))
    finally:
        client.close()
    return found


def emptied(kafka: Kafka) -> None:
    """All that it holds goes, as if its time were over; offsets go on."""
    client = consumer(kafka)
    ends = client.end_offsets([TopicPartition(kafka.topic, n) for n in client.partitions_for_topic(kafka.topic)])
    client.close()
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers.split(","))
    admin.delete_records(ends)
    admin.close()
