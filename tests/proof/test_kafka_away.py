"""Kafka dies for a while: commands are answered as ever, and read models are up with the log soon after its return.

`PROOF_OUTAGES` says for how long, such as `1,5,30`; how long it took to catch up is printed.
"""

import asyncio
import time
from pathlib import Path

import pytest

from infra.kafka_brokers import KafkaBrokers
from tests.infra.topics import environment, fresh
from tests.proof.projecting import broken, caught_up, projecting
from tests.proof.service import told
from tests.proof.test_postgres_away import AWAY, work
from tests.proof.test_relay import a_relay

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("seconds", AWAY)
async def test_commands_go_on_and_read_models_catch_up(
    database: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    with KafkaBrokers(tmp_path) as brokers:
        for name, value in environment(fresh(brokers.bootstrap)).items():
            monkeypatch.setenv(name, value)
        await work(database, 1)
        async with a_relay(told(database, data)) as relay, projecting(database, "holds") as projector:
            await caught_up(database, "holds")
            await asyncio.to_thread(brokers.kill, 1)
            await work(database, 2)
            await asyncio.sleep(seconds)
            await asyncio.to_thread(brokers.start, 1)
            back = time.monotonic()
            await caught_up(database, "holds")
            print(f"away for {seconds:g} s, up with the log {time.monotonic() - back:.1f} s after its return")  # noqa: T201
            assert (relay.returncode, projector.process.returncode) == (None, None)
    assert await broken(database) == []
