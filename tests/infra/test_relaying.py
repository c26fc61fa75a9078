"""`production-tool relay` between a real Postgres and a real Kafka, in processes of its own."""

import asyncio
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from consumers.relay import Message
from infra.address import free_port
from infra.embedded_guard import until
from infra.kafka import Kafka, ensure_topic
from infra.kafka_brokers import KafkaBrokers
from infra.kafka_producer import make_producer
from tests.consumers.post import marks
from tests.consumers.recording import record
from tests.consumers.tally import Counted
from tests.infra.command_line import TOOL, environment_with, run
from tests.infra.topics import environment, fresh, seqs

EVENT = ("tally/a", Counted(by=1))


@contextmanager
def relay(database: str, kafka: Kafka, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    told = environment_with({"DATABASE_URL": database, "PRODUCTION_TOOL_LOG_LEVEL": "error", **environment(kafka)})
    with subprocess.Popen([*TOOL, "relay", *more], env=told) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_log_arrives_in_order_and_the_metrics_tell_how_much_of_it(database: str, kafka: str) -> None:
    tenants, topic, port = [str(uuid4()) for _ in range(3)], fresh(kafka), free_port("127.0.0.1")
    for tenant in tenants:
        record(database, tenant, *[EVENT] * 20)
    with relay(database, topic, "--metrics-port", str(port)) as process:
        assert until(lambda: marks(database) == dict.fromkeys(tenants, 20), 30)
        metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        process.terminate()
        assert process.wait(30) == 0
    assert seqs(topic) == {tenant: list(range(1, 21)) for tenant in tenants}
    assert "relay_events_total 60.0" in metrics.splitlines()
    assert {"relay_shards 12.0", "relay_connected 1.0"} <= set(metrics.splitlines())


def test_a_dead_relays_tenants_are_taken_over(database: str, kafka: str) -> None:
    tenants, topic = [str(uuid4()) for _ in range(8)], fresh(kafka)
    with relay(database, topic) as first, relay(database, topic):
        for tenant in tenants:
            record(database, tenant, EVENT)
        assert until(lambda: marks(database) == dict.fromkeys(tenants, 1), 30)
        first.kill()
        first.wait()
        for tenant in tenants:
            record(database, tenant, EVENT)
        assert until(lambda: marks(database) == dict.fromkeys(tenants, 2), 30)
    assert {tenant: list(dict.fromkeys(found)) for tenant, found in seqs(topic).items()} == {
        tenant: [1, 2] for tenant in tenants
    }


def test_a_broker_that_dies_and_comes_back_finds_the_relay_at_work(database: str, tmp_path: Path) -> None:
    tenant = str(uuid4())
    with KafkaBrokers(tmp_path) as brokers:
        topic = fresh(brokers.bootstrap)
        with relay(database, topic):
            record(database, tenant, *[EVENT] * 5)
            assert until(lambda: marks(database) == {tenant: 5}, 30)
            brokers.kill(1)
            record(database, tenant, *[EVENT] * 5)
            brokers.start(1)
            assert until(lambda: marks(database) == {tenant: 10}, 30)
            assert list(dict.fromkeys(seqs(topic)[tenant])) == list(range(1, 11))


@pytest.mark.anyio
async def test_a_producer_that_hears_nothing_says_so_in_time_and_sends_no_more(tmp_path: Path) -> None:
    with KafkaBrokers(tmp_path) as brokers:
        topic = fresh(brokers.bootstrap)
        await asyncio.to_thread(ensure_topic, topic)
        producer = await make_producer(topic)
        assert await (await producer.send([message(1), message(2)])) == 2
        brokers.pause(1)
        try:
            async with asyncio.timeout(20):
                assert await (await producer.send([message(3)])) == 0
        finally:
            brokers.resume(1)
        assert await (await producer.send([message(4)])) == 0
        await producer.close()


def test_without_brokers_it_says_what_to_set() -> None:
    ran = run("relay")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "KAFKA_BOOTSTRAP_SERVERS" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_brokers_that_make_no_sense_are_one_sentence() -> None:
    ran = run("relay", KAFKA_BOOTSTRAP_SERVERS="kafka")
    assert ran.returncode == 1
    assert "KAFKA_BOOTSTRAP_SERVERS" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_brokers_that_do_not_answer_are_one_sentence(database: str) -> None:
    nobody = f"127.0.0.1:{free_port('127.0.0.1')}"
    ran = run("relay", KAFKA_BOOTSTRAP_SERVERS=nobody, DATABASE_URL=database)
    assert ran.returncode == 1
    assert f"Kafka cannot be used at {nobody}" in ran.stderr
    assert "Traceback" not in ran.stderr


def message(seq: int) -> Message:
    tenant = "3b241101-e2bb-4255-8caf-4136c566a962"
    return Message(tenant, seq, "tally.counted.v1", tenant, f"00-{'1' * 32}-{'1' * 16}-01", 1_800_000_000_000, b"{}")
