"""A member of a consumer group, on a real Kafka."""

import time

import pytest

from infra import kafka_member
from infra.kafka import Kafka, ensure_topic
from infra.kafka_member import Member
from tests.consumers.tally import decode
from tests.infra.topics import fresh

PATIENCE = 20.0


@pytest.fixture
def topic(kafka: str) -> Kafka:
    return fresh(kafka)


def polls_until(member: Member, seconds: float, *, partitions: int) -> None:
    end = time.monotonic() + seconds
    while len(member.new) < partitions and time.monotonic() < end:
        member.poll({})


def test_a_rejoin_that_takes_longer_than_a_poll_is_seen_to_its_end(
    topic: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine the usual wait is too short as well.
    monkeypatch.setattr(kafka_member, "_WAIT_MS", 1)
    member = Member(topic, f"{topic.topic}.tally", decode)
    try:
        # It is alone, so it leads the group, and there is nothing to share out yet.
        polls_until(member, 1.0, partitions=1)
        assert member.new == set()
        ensure_topic(topic)
        polls_until(member, PATIENCE, partitions=topic.partitions)
        assert member.new == set(range(topic.partitions))
    finally:
        member.close()
