"""Kafka brokers of our own, as the tests of everything behind the relay need them."""

import socket
from pathlib import Path

import pytest

from infra.kafka_brokers import BrokersUnavailable, KafkaBrokers


def test_a_node_that_was_killed_comes_back_under_its_address(tmp_path: Path) -> None:
    with KafkaBrokers(tmp_path) as brokers:
        host, port = brokers.bootstrap.split(":")
        brokers.kill(1)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)))
        brokers.start(1)
        socket.create_connection((host, int(port))).close()


def test_without_java_or_maven_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokersUnavailable, match="apt-get install maven"), KafkaBrokers(tmp_path):
        raise AssertionError("a broker runs")
