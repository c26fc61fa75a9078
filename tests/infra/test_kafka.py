"""Clients of a Kafka that is not there."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.address import free_port
from infra.kafka import Kafka, KafkaError, consumer, ensure_topic, producer


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the library's own
@pytest.mark.parametrize("make", [producer, consumer, ensure_topic])
def test_a_client_that_cannot_be_made_leaves_nothing_open(
    make: Callable[[Kafka], Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "kafka")  # what was logged is kept, with every connection that it is about
    nobody = Kafka(f"127.0.0.1:{free_port('127.0.0.1')}", "test", 1)
    fails(make, nobody)  # once, so that what is opened once for all is open
    files, threads = open_files(), threading.active_count()
    fails(make, nobody)
    assert open_files() <= files
    assert threading.active_count() == threads


def fails(make: Callable[[Kafka], Any], kafka: Kafka) -> None:
    with pytest.raises(KafkaError):
        make(kafka)


def open_files() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))
