"""A broker is killed and paused under load, alone and as one of three: the relay goes on by itself and loses nothing.

`PROOF_BROKER_OUTAGES` is how often in each way; `make proof` makes it large.
"""

import asyncio
import os
import random
import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from infra.kafka_brokers import KafkaBrokers
from tests.consumers.post import marks, until
from tests.consumers.recording import record
from tests.infra.topics import environment, fresh
from tests.proof.service import said_by_verify, told
from tests.proof.test_relay import a_relay, an_artist, heads

OUTAGES = int(os.environ.get("PROOF_BROKER_OUTAGES", "1"))
SEED = int(os.environ.get("PROOF_SEED", "20261125"))
NODES = (1, 3) if "PROOF_BROKER_OUTAGES" in os.environ else (1,)
"""Three of them are for the campaign: they take both cores for minutes."""
AWAY = 6.0
"""Seconds: longer than the relay waits for an acknowledgement."""
PATIENCE = 60.0
"""Seconds after which a relay that does not go on is one that has stopped; how long it took is printed."""

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("nodes", NODES)
async def test_the_relay_goes_on_by_itself_after_every_outage(
    database: str, data: Path, tmp_path: Path, nodes: int
) -> None:
    chance, tenants = random.Random(SEED), [str(uuid4()) for _ in range(12)]
    outages = [*("killed", "paused")] * OUTAGES
    chance.shuffle(outages)
    with KafkaBrokers(tmp_path, nodes=nodes) as brokers:
        around = told(database, data, **environment(fresh(brokers.bootstrap)))
        async with a_relay(around) as relay:
            load = asyncio.create_task(write(database, tenants))
            try:
                await until(lambda: sum(marks(database).values()) > 0, load, seconds=PATIENCE)
                took = [await an_outage(database, brokers, how, chance.choice(brokers.nodes)) for how in outages]
            finally:
                load.cancel()
                with suppress(asyncio.CancelledError):
                    await load
            await until(lambda: marks(database) == heads(database), seconds=PATIENCE)
            assert relay.returncode is None
        _, lines = await said_by_verify(around)
    (line,) = [line for line in lines.splitlines() if line.startswith("V6")]
    print(  # noqa: T201 - a campaign's figures are its result
        f"seed {SEED}, {nodes} nodes, {outages.count('killed')} kills, {outages.count('paused')} pauses of {AWAY} s;"
        f" from the return to progress at most {max(took):.1f} s\n{line}"
    )
    assert " … ok (" in line


async def an_outage(database: str, brokers: KafkaBrokers, how: str, node: int) -> float:
    """Seconds from the return of the node until more is marked than before it."""
    if how == "killed":
        await asyncio.to_thread(brokers.kill, node)
    else:
        brokers.pause(node)
    await asyncio.sleep(AWAY)
    if how == "killed":
        await asyncio.to_thread(brokers.start, node)
    else:
        brokers.resume(node)
    back, before = time.monotonic(), sum(marks(database).values())
    await until(lambda: sum(marks(database).values()) > before, seconds=PATIENCE)
    return time.monotonic() - back


async def write(database: str, tenants: list[str]) -> None:
    """For ever, some at a time."""
    while True:
        for tenant in tenants:
            await asyncio.to_thread(record, database, tenant, *[an_artist() for _ in range(20)])
