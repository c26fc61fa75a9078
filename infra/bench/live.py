"""Live updates: how long after a write each of 1,000 clients of one process hears of it, while some come back.

    one writer ─▶ production-tool api ─▶ 1,000 times /v1/live, each read by this process

Commands are sent at a steady pace; after each, one client in a hundred hangs up and resumes by `Last-Event-ID`.
What a client did not hear of, or heard of twice or out of order, counts as lost.
"""

import asyncio
import re
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import uvloop

from infra.bench.append import Progress
from infra.bench.processes import BenchFailed, Served, served
from infra.bench.rows import Row, percentiles
from infra.bench.servers import server
from infra.bench.workload import new_id
from infra.built_in_issuer import make_token

CLIENTS: Final = 1000
_PACE: Final = 5
"""Commands a second, each of two events."""
_COMING_BACK: Final = 0.01
"""Share of the clients, at least one, that hang up and resume after each command."""
_PATIENCE: Final = 60.0
_TENANT: Final = "live bench"
_FILES: Final = 8192
"""Open connections that this process, and the API behind it, may need."""
_FRAME: Final = re.compile(rb"id: (\d+)\n(event: ready\n)?data: ")


@dataclass(slots=True)
class Heard:
    """`times` in seconds from sending a command to receiving an event of it; `lost` counts gaps and repetitions."""

    received: list[tuple[int, float]] = field(default_factory=list)
    """Each event's seq and when it came: often before the command is answered."""
    times: list[float] = field(default_factory=list)
    lost: int = 0
    came_back: int = 0
    events: int = 0
    bytes: int = 0


def live_rows(seconds: float, progress: Progress) -> list[Row]:
    """The row about live updates.

    Raises:
        BenchFailed: the API did not start, or did not take a command.
    """
    with running() as (api, data, _):
        progress(f"live updates: {CLIENTS:,} clients")
        token = make_token(data, tenant=_TENANT, role="producer")
        heard = uvloop.run(listen(api, token, clients=CLIENTS, seconds=max(seconds, 1)))
    return [live_row(heard, CLIENTS)]


def live_row(heard: Heard, clients: int) -> Row:
    """p99 of all clients and events together, in ms."""
    found = percentiles(heard.times)
    return Row(
        name=f"live update, {clients:,} clients of one process, write to received, p99",
        value=found["p99 ms"],
        unit="ms",
        must=250,
        aim=50,
        at_most=True,
        lost=heard.lost,
        more={
            **found,
            "events": heard.events,
            "resumed": heard.came_back,
            "bytes an event": round(heard.bytes / max(len(heard.times), 1)),
        },
    )


@contextmanager
def running() -> Iterator[tuple[Served, Path, str]]:
    """The API on a server of its own, the directory of the key that it believes, and its database."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    with server() as url, tempfile.TemporaryDirectory(prefix="production-tool-bench-") as data:
        environment = {
            "DATABASE_URL": url,
            "PRODUCTION_TOOL_DATA": data,
            "PRODUCTION_TOOL_BUILT_IN_ISSUER": "true",
            "PRODUCTION_TOOL_LOG_LEVEL": "error",
            "PRODUCTION_TOOL_DRAIN_SECONDS": "0",
        }
        with served("the API", "infra.cli", "api", environment=environment) as api:
            yield api, Path(data), url


async def listen(api: Served, token: str, *, clients: int, seconds: float) -> Heard:
    """Write for so long while `clients` listen; returns when each of them has heard of everything.

    Raises:
        BenchFailed: a command was refused, or a client waits for an event that does not come.
    """
    heard, sent = Heard(), dict[int, float]()
    base, bearer = f"http://127.0.0.1:{api.port}", {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=base, headers=bearer, trust_env=False, timeout=_PATIENCE) as http:
        artist = await _added(http, "/v1/artists")
        project = await _added(http, "/v1/projects")
        listeners = [_Listener(api.port, token, heard) for _ in range(clients)]
        await asyncio.gather(*(listener.connect() for listener in listeners))
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(*(listener.ready.wait() for listener in listeners))
        async for _ in _written(http, artist, project, seconds, sent):
            await _come_back(listeners, heard)
        deadline = time.perf_counter() + _PATIENCE
        while any(listener.place < max(sent) for listener in listeners):
            if time.perf_counter() > deadline:
                raise BenchFailed("a client waits for an event that does not come")
            await asyncio.sleep(0.01)
        for listener in listeners:
            listener.close()
    heard.events = len(sent)
    heard.times = [at - sent[seq] for seq, at in heard.received if seq in sent]
    return heard


async def _added(http: httpx.AsyncClient, path: str) -> str:
    body = {"id": new_id(), "name": "It", "time_zone": "Europe/Berlin"}
    answer = await http.post(path, json=body, headers={"Idempotency-Key": body["id"]})
    if not answer.is_success:
        raise BenchFailed(f"{path}: {answer.text}")
    return body["id"]


async def _written(
    http: httpx.AsyncClient, artist: str, project: str, seconds: float, sent: dict[int, float]
) -> AsyncIterator[int]:
    """One command after the other; `sent` says when that of an event left. Gives each one's last seq."""
    last, begins = 0, time.perf_counter()
    for n in range(max(1, round(seconds * _PACE))):
        await asyncio.sleep(max(0.0, begins + n / _PACE - time.perf_counter()))
        day = f"20{31 + n // 336:02}-{1 + n // 28 % 12:02}-{1 + n % 28:02}"
        body = {
            "id": new_id(),
            "artist_id": artist,
            "project_id": project,
            "periods": [{"first_day": day, "last_day": day}],
        }
        began = time.perf_counter()
        answer = await http.post("/v1/holds", json=body, headers={"Idempotency-Key": new_id()})
        if not answer.is_success:
            raise BenchFailed(f"a hold was refused: {answer.text}")
        for seq in range(max(last, answer.json()["seq"] - 2) + 1, answer.json()["seq"] + 1):
            sent[seq] = began
        last = answer.json()["seq"]
        yield last


async def _come_back(listeners: list["_Listener"], heard: Heard) -> None:
    """Some of them hang up in the middle of whatever comes, and go on where they were."""
    first = heard.came_back % len(listeners)
    for listener in listeners[first : first + max(1, round(_COMING_BACK * len(listeners)))]:
        listener.close()
        await listener.connect()
        heard.came_back += 1


class _Listener:
    """One client; a new connection for each life."""

    def __init__(self, port: int, token: str, heard: Heard) -> None:
        self._port = port
        self._token = token
        self._heard = heard
        self._line: _Line | None = None
        self.place = 0
        self.ready = asyncio.Event()

    async def connect(self) -> None:
        """Go on behind the last place."""
        last = f"Last-Event-ID: {self.place}\r\n" if self.place else ""
        request = (
            f"GET /v1/live?data=false HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self._token}\r\n{last}\r\n"
        )
        line = self._line = _Line(self, request.encode("ascii"))
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: line, "127.0.0.1", self._port)

    def close(self) -> None:
        """Hang up, in the middle of whatever comes."""
        if self._line is not None:
            self._line.hang_up()

    def take(self, seq: int, now: float, *, ready: bool) -> None:
        """An event has come."""
        if ready:
            self.place = self.place or seq
            self.ready.set()
            return
        self._heard.lost += seq != self.place + 1
        self.place = max(self.place, seq)
        self._heard.received.append((seq, now))

    def count(self, size: int) -> None:
        """So many bytes have come."""
        self._heard.bytes += size


class _Line(asyncio.Protocol):
    """One connection, on which whole frames come in pieces."""

    def __init__(self, listener: _Listener, request: bytes) -> None:
        self._listener = listener
        self._request = request
        self._transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        transport.write(self._request)  # type: ignore[attr-defined]

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        self._listener.count(len(data))
        now = time.perf_counter()
        whole, end, self._rest = (self._rest + data).rpartition(b"\n\n")
        if end:
            for found in _FRAME.finditer(whole):
                self._listener.take(int(found[1]), now, ready=found[2] is not None)
