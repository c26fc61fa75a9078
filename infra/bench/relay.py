"""Events a second from the log to Kafka, by one relay, for logs of several sizes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from infra.bench.append import Progress
from infra.bench.brokers import brokers, fresh_topic, messages
from infra.bench.project import SIZES, Measured, copied, recorded, written
from infra.bench.rows import Row
from infra.bench.servers import server
from infra.kafka import Kafka
from infra.relaying import relay


def relay_rows(seconds: float, progress: Progress, sizes: Sequence[int] = SIZES) -> list[Row]:
    """A row for each size; `seconds` is nobody's here, since a log is as long as it is.

    Raises:
        BrokersUnavailable: no Kafka can run here.
    """
    del seconds
    rows = []
    with server() as url, brokers() as bootstrap:
        progress("relay: writing what is to be sent")
        asyncio.run(written(url))
        for size in sizes:
            copied(url, size)
            progress(f"relay: {size:,} events")
            measured, repeats = relayed(url, fresh_topic(bootstrap))
            rows.append(
                Row(
                    name=f"relay, one process, {size:,} events",
                    value=round(measured.rate),
                    unit="events/s",
                    must=20_000,
                    aim=30_000,
                    lost=measured.lost,
                    more={"CPU s per 1,000 events": round(measured.cpu, 4), "repeats": repeats},
                )
            )
    return rows


@dataclass
class Counting:
    """`consumers.relay.Meter` that says when so many events are marked, and when the first were."""

    left: int
    events: int = 0
    first: int = 0
    began: tuple[float, float] = (0.0, 0.0)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def relayed(self, events: int) -> None:
        """The clock runs from the first mark on: making a topic and joining are not what is measured."""
        if not self.events:
            self.first, self.began = events, (time.perf_counter(), time.process_time())
        self.events += events
        if self.events >= self.left:
            self.done.set()

    def lags(self, events: int) -> None:
        """Nobody looks."""

    def holds(self, shards: int) -> None:
        """Nobody looks."""

    def gave_up(self) -> None:
        """Nobody looks; what it costs is in the rate."""


def relayed(url: str, kafka: Kafka) -> tuple[Measured, int]:
    """Bring the whole log to an empty topic; with it how many messages were repeats."""
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM relay_marks")
    events = recorded(url)
    rate, cpu = asyncio.run(_relayed(url, kafka, events))
    held = messages(kafka)
    return Measured(rate, cpu, max(0, events - held)), max(0, held - events)


async def _relayed(url: str, kafka: Kafka, events: int) -> tuple[float, float]:
    meter = Counting(events)
    running = asyncio.create_task(relay(url, kafka, shards=12, meter=meter))
    done = asyncio.create_task(meter.done.wait())
    await asyncio.wait({running, done}, return_when=asyncio.FIRST_COMPLETED)
    wall, cpu = time.perf_counter() - meter.began[0], time.process_time() - meter.began[1]
    if running.done():
        running.result()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    counted = max(1, events - meter.first)
    return counted / wall, 1000 * cpu / counted
