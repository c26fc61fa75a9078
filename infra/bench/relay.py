"""Events a second from the log to Kafka, by one relay, for logs of several sizes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import psycopg
import uvloop

from infra.bench.append import Progress
from infra.bench.brokers import brokers, fresh_topic, messages
from infra.bench.project import SIZES, Measured, beside, copied, recorded, rounds, timed, written
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
            measured = rounds(size, lambda: relayed(url, fresh_topic(bootstrap)))
            rows.append(
                Row(
                    name=f"relay, one process, {size:,} events",
                    value=round(measured.rate),
                    unit="events/s",
                    must=20_000,
                    aim=30_000,
                    lost=measured.lost,
                    more=beside(measured),
                )
            )
    return rows


@dataclass
class Counting:
    """`consumers.relay.Meter` that says when so many events are marked."""

    left: int
    began: tuple[float, float] = (0.0, 0.0)
    """Wall and CPU seconds."""
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def connected(self) -> None:
        """The clock runs from here on: getting a lease and finding Kafka are not what is measured."""
        if not any(self.began):
            self.began = time.perf_counter(), time.process_time()

    def relayed(self, events: int) -> None:
        """So many less are left."""
        self.left -= events
        if self.left <= 0:
            self.done.set()

    def lags(self, events: int) -> None:
        """Nobody looks."""

    def holds(self, shards: int) -> None:
        """Nobody looks."""

    def gave_up(self) -> None:
        """Nobody looks; what it costs is in the rate."""


def relayed(url: str, kafka: Kafka) -> Measured:
    """Bring the whole log to an empty topic."""
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM relay_marks")
    events = recorded(url)
    meter = Counting(events)
    measured = uvloop.run(timed(relay(url, kafka, shards=12, meter=meter), meter, events))
    return replace(measured, lost=max(0, events - messages(kafka)))
