"""V6: what Kafka holds against the log, kept and broken in each way that there is."""

from uuid import uuid4

import psycopg
import pytest

from infra.address import free_port
from infra.kafka import Kafka, KafkaUnreachable
from infra.verify import Verdict, verify
from tests.consumers.recording import record
from tests.consumers.tally import Counted
from tests.infra.sending import send
from tests.infra.topics import emptied, fresh

pytestmark = pytest.mark.anyio

TENANT = str(uuid4())
EVENT = ("tally/a", Counted(by=1))


@pytest.fixture
def topic(kafka: str) -> Kafka:
    return fresh(kafka)


@pytest.fixture
async def sent(database: str, topic: Kafka) -> str:
    """A log whose first five events are in Kafka."""
    record(database, TENANT, *[EVENT] * 5)
    await send(database, topic)
    return database


async def v6(database: str, topic: Kafka) -> Verdict:
    found = {one.name: one async for one in verify(database, lambda *_: None, topic)}
    return found["V6"]


def tamper(database: str, statement: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER append_only")
        assert connection.execute(statement).rowcount


async def test_what_was_relayed_equals_the_log(sent: str, topic: Kafka) -> None:
    record(sent, TENANT, EVENT)
    assert str(await v6(sent, topic)) == (
        "V6 Kafka holds the log up to the relay's marks … ok (6 events, 1 tenants, 5 messages, 0 of them repeats)"
    )


async def test_repeats_are_counted_and_no_violation(sent: str, topic: Kafka) -> None:
    tamper(sent, "DELETE FROM relay_marks")
    await send(sent, topic)
    verdict = await v6(sent, topic)
    assert verdict.ok
    assert verdict.found.looked_at.endswith("10 messages, 5 of them repeats")


async def test_a_mark_on_what_never_arrived_is_found(sent: str, topic: Kafka) -> None:
    record(sent, TENANT, EVENT)
    tamper(sent, "UPDATE relay_marks SET seq = 6")
    assert f"{TENANT} is marked up to 6 and held up to 5" in str(await v6(sent, topic))


async def test_an_event_that_was_left_out_is_found(sent: str, topic: Kafka) -> None:
    record(sent, TENANT, EVENT)
    tamper(sent, "UPDATE relay_marks SET seq = 6")
    record(sent, TENANT, EVENT)
    await send(sent, topic)
    assert f"{TENANT} goes from 5 to 7" in str(await v6(sent, topic))


async def test_a_tenant_of_which_nothing_arrived_is_found(sent: str, topic: Kafka) -> None:
    verdict = await v6(sent, fresh(topic.bootstrap_servers))
    assert f"{TENANT} is marked up to 5 and Kafka holds nothing of it" in str(verdict)


async def test_an_event_that_differs_is_found(sent: str, topic: Kafka) -> None:
    tamper(sent, """UPDATE events SET data = '{"by":2}' WHERE seq = 3""")
    assert f"the events of {TENANT} are not what was recorded" in str(await v6(sent, topic))


async def test_what_kafka_has_let_go_is_not_missed(sent: str, topic: Kafka) -> None:
    emptied(topic)
    record(sent, TENANT, *[EVENT] * 2)
    await send(sent, topic)
    verdict = await v6(sent, topic)
    assert verdict.ok
    assert verdict.found.looked_at.endswith("2 messages, 0 of them repeats")


async def test_a_kafka_that_does_not_answer_is_no_violation(sent: str) -> None:
    nobody = Kafka(f"127.0.0.1:{free_port('127.0.0.1')}", "t", 1)
    with pytest.raises(KafkaUnreachable, match=nobody.bootstrap_servers):
        await v6(sent, nobody)
