"""A broker is killed and paused under load, alone and as one of three: the relay goes on by itself and loses nothing.

`PROOF_BROKER_OUTAGES` is how often in each way; `make proof` makes it large.
"""

import asyncio
import os
import random
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from infra.kafka_brokers import KafkaBrokers
from tests.consumers.post import marks, until
from tests.consumers.recording import record
from tests.infra.topics import environment, fresh
from tests.proof.figures import told_in_figures
from tests.proof.service import said_by_verify, told
from tests.proof.test_relay import an_artist, heads
from tests.proof.watched import PATIENCE, Watched, watched

OUTAGES = int(os.environ.get("PROOF_BROKER_OUTAGES", "1"))
SEED = int(os.environ.get("PROOF_SEED", "20261125"))
NODES = (1, 3) if "PROOF_BROKER_OUTAGES" in os.environ else (1,)
"""Three of them are for the campaign: they take both cores for minutes."""
AWAY = 6.0
"""Seconds: longer than the relay waits for an acknowledgement."""
RETURN = 10.0
"""Seconds from a node's return until the relay has gone on; how long it took is printed."""

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("nodes", NODES)
async def test_the_relay_goes_on_by_itself_after_every_outage(
    database: str, data: Path, tmp_path: Path, nodes: int
) -> None:
    chance, tenants = random.Random(SEED), [str(uuid4()) for _ in range(12)]
    outages = [*("killed", "paused")] * OUTAGES
    chance.shuffle(outages)
    took = list[float]()
    with KafkaBrokers(tmp_path, nodes=nodes) as brokers:
        around = told(database, data, **environment(fresh(brokers.bootstrap)), PRODUCTION_TOOL_LOG_LEVEL="warning")
        async with watched("relay", environment=around) as relay:
            load = asyncio.create_task(write(database, tenants))
            try:
                await goes_on(database, relay, load, beyond=0, seconds=PATIENCE)
                for how in outages:
                    await away(brokers, how, chance.choice(brokers.nodes))
                    back = time.monotonic()
                    await goes_on(database, relay, load, beyond=sum(marks(database).values()), seconds=RETURN)
                    took.append(time.monotonic() - back)
            finally:
                load.cancel()
                with suppress(asyncio.CancelledError):
                    await load
            await until(lambda: marks(database) == heads(database), seconds=PATIENCE)
            assert relay.process.returncode is None
        _, lines = await said_by_verify(around)
    (line,) = [line for line in lines.splitlines() if line.startswith("V6")]
    told_in_figures(
        seed=SEED,
        operations=f"{sum(heads(database).values()):,} events by way of {nodes} nodes",
        faults=Counter(outages),
        violations=0 if " … ok (" in line else 1,
        away_for=f"{AWAY:g} s",
        from_the_return_to_progress_at_most=f"{max(took):.1f} s",
        producers_thrown_away=str(relay.said("producer_discarded")),
        verify=line,
    )
    assert " … ok (" in line


async def away(brokers: KafkaBrokers, how: str, node: int) -> None:
    """The node is gone for a while; returns when it is back."""
    if how == "killed":
        await asyncio.to_thread(brokers.kill, node)
    else:
        brokers.pause(node)
    await asyncio.sleep(AWAY)
    if how == "killed":
        await asyncio.to_thread(brokers.start, node)
    else:
        brokers.resume(node)


async def goes_on(database: str, relay: Watched, load: asyncio.Task[None], *, beyond: int, seconds: float) -> None:
    """Wait until more is marked; fails with what the relay has said if it dies, or does not."""
    try:
        await until(
            lambda: relay.process.returncode is not None or sum(marks(database).values()) > beyond,
            load,
            seconds=seconds,
        )
    except TimeoutError:
        raise AssertionError(f"nothing more is marked than {beyond}; the relay: {relay.log}") from None
    assert relay.process.returncode is None, relay.log


async def write(database: str, tenants: list[str]) -> None:
    """For ever, some at a time."""
    while True:
        for tenant in tenants:
            await asyncio.to_thread(record, database, tenant, *[an_artist() for _ in range(20)])
