"""From the log by way of Kafka into a read model, and how long after a write a read shows it, with Kafka and without.

one client ─▶ production-tool api ─▶ Postgres ─▶ [relay ─▶ Kafka ─▶] projector ─▶ Postgres ─▶ the same client
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import uvloop
from pydantic_core import to_json

from consumers.feed import CATCHING_UP
from consumers.postgres_store import PostgresStore
from infra.bench.append import Progress
from infra.bench.brokers import brokers, fresh_topic
from infra.bench.processes import BenchFailed, Served, served
from infra.bench.project import (
    SIZES,
    Counted,
    Measured,
    beside,
    copied,
    emptied,
    missing,
    recorded,
    rounds,
    until_done,
    written,
)
from infra.bench.relay import relayed
from infra.bench.rows import Row, percentiles
from infra.bench.servers import server
from infra.bench.workload import new_id
from infra.built_in_issuer import make_token
from infra.decoding import history_for
from infra.kafka import Kafka
from infra.postgres import projector_pool
from infra.projecting import through_kafka
from projections import holds

_PATIENCE: Final = 60.0
_PROJECTIONS: Final = (holds.PROJECTION,)


def end_to_end_rows(seconds: float, progress: Progress, sizes: Sequence[int] = SIZES) -> list[Row]:
    """A write and its read without Kafka, a row for each size, and with Kafka; the first and the last take `seconds`.

    Raises:
        BrokersUnavailable: no Kafka can run here.
        BenchFailed: a server did not start, or did not answer as it must.
    """
    progress("end-to-end: a write and its read, without Kafka")
    # While no broker is there to take its part of the processors.
    rows = [visible_row(seen(None, seconds), by_kafka=False)]
    with brokers() as bootstrap:
        with server() as url:
            progress("end-to-end: writing what is to be read")
            asyncio.run(written(url))
            for size in sizes:
                copied(url, size)
                progress(f"end-to-end: {size:,} events")
                topic = fresh_topic(bootstrap)
                relayed(url, topic)
                rows.append(_catch_up(size, url, topic))
        progress("end-to-end: a write and its read, with Kafka")
        rows.append(visible_row(seen(fresh_topic(bootstrap), seconds), by_kafka=True))
    return rows


def _catch_up(size: int, url: str, topic: Kafka) -> Row:
    measured = rounds(size, partial(_caught_up, url, topic))
    return Row(
        name=f"projector through Kafka, one process, holds, {size:,} events",
        value=round(measured.rate),
        unit="events/s",
        must=25_000,
        aim=45_000,
        lost=measured.lost,
        more=beside(measured),
    )


def _caught_up(url: str, topic: Kafka) -> Measured:
    """The clock runs from when the group has given us our partitions and we know where in them to begin."""
    emptied(url, _PROJECTIONS)
    events = recorded(url)
    measured = uvloop.run(_followed(url, topic, events))
    return replace(measured, lost=missing(url, _PROJECTIONS, events))


async def _followed(url: str, topic: Kafka, events: int) -> Measured:
    async with projector_pool(url) as pool:
        history = history_for(pool, _PROJECTIONS)
        counted = Counted(PostgresStore(pool=pool, projections=_PROJECTIONS, failpoint=lambda _: None), events)
        feed = through_kafka(topic, pool, history, counted, catching_up=CATCHING_UP)
        return await until_done(counted, feed, history, events)


def seen(topic: Kafka | None, seconds: float) -> list[float]:
    """Seconds from each write's answer to the answer of a read that brings its token, one after the other."""
    with ExitStack() as stack:
        url = stack.enter_context(server())
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="production-tool-bench-"))
        around = {
            "DATABASE_URL": url,
            "PRODUCTION_TOOL_DATA": data,
            "PRODUCTION_TOOL_BUILT_IN_ISSUER": "true",
            "PRODUCTION_TOOL_LOG_LEVEL": "error",
            "PRODUCTION_TOOL_DRAIN_SECONDS": "0",
            "KAFKA_BOOTSTRAP_SERVERS": "",
        }
        if topic is not None:
            around |= {
                "KAFKA_BOOTSTRAP_SERVERS": topic.bootstrap_servers,
                "PRODUCTION_TOOL_KAFKA_TOPIC": topic.topic,
            }
            stack.enter_context(_running("relay", environment=around))
        stack.enter_context(_running("project", "holds", "directory", environment=around))
        api = stack.enter_context(served("the API", "infra.cli", "api", environment=around))
        return _write_and_read(api, make_token(Path(data), tenant="bench", role="producer"), seconds)


def visible_row(times: list[float], *, by_kafka: bool) -> Row:
    """The median in ms."""
    found = percentiles(times)
    return Row(
        name=f"write to visible in a read with its token, p50, {'with' if by_kafka else 'without'} Kafka",
        value=found["p50 ms"],
        unit="ms",
        must=20 if by_kafka else 5,
        aim=10 if by_kafka else 3,
        at_most=True,
        more={**found, "writes": len(times)},
    )


class _Client:
    """A client that costs little itself, since its own time is in the figure."""

    def __init__(self, to: HTTPConnection, token: str) -> None:
        self._to = to
        self._bearer = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str, str]:
        """Status, `Consistency-Token` and body of the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._to.request(method, path, body, {**self._bearer, **named})
        answer = self._to.getresponse()
        return answer.status, answer.headers.get("Consistency-Token", ""), answer.read().decode()


def _write_and_read(api: Served, token: str, seconds: float) -> list[float]:
    with closing(HTTPConnection("127.0.0.1", api.port, timeout=_PATIENCE)) as to:
        client = _Client(to, token)
        _one(client, patience=_PATIENCE)
        times, end = list[float](), time.perf_counter() + seconds
        while time.perf_counter() < end:
            times.append(_one(client))
    return times


def _one(client: _Client, *, patience: float = 0.0) -> float:
    """Add an artist, and read it; the first time a projector may still be on its way."""
    id, until = new_id(), time.perf_counter() + patience
    body = to_json({"id": id, "name": "Mo", "time_zone": "Europe/Berlin"})
    written, token, answer = client.ask(
        "POST", "/v1/artists", body, Content_Type="application/json", Idempotency_Key=id
    )
    answered = time.perf_counter()
    read, _, found = client.ask("GET", f"/v1/artists/{id}", Consistency_Token=token)
    while read != HTTPStatus.OK and time.perf_counter() < until:
        read, _, found = client.ask("GET", f"/v1/artists/{id}", Consistency_Token=token)
    if (written, read) != (HTTPStatus.CREATED, HTTPStatus.OK):
        raise BenchFailed(f"what was written cannot be read: {answer} {found}")
    return time.perf_counter() - answered


@contextmanager
def _running(*command: str, environment: Mapping[str, str]) -> Iterator[None]:
    """A part of the product that listens to nobody, until the block ends."""
    around = {**os.environ, **environment}
    with subprocess.Popen([sys.executable, "-m", "infra.cli", *command], env=around, stdin=subprocess.DEVNULL) as part:
        try:
            yield
        finally:
            part.terminate()
