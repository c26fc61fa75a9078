"""A client as cheap as can be, because it shares the machine with what it measures.

Each connection sends a command, waits for its answer, and sends the next. Requests are made beforehand but for their
ids; of an answer only the status and the length are read.
"""

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import uvloop

from infra.bench.processes import BenchFailed
from infra.bench.workload import new_id

_ID_BEFORE: Final = b'\r\n\r\n{"id":"'
_PATIENCE: Final = 30.0
"""Seconds for what is under way at the end."""
_ACCEPTED: Final = (200, 201)


@dataclass(frozen=True, slots=True)
class Request:
    """A request but for the id of its hold, which is also its Idempotency-Key: once between the two, once in `tail`."""

    head: bytes
    tail: bytes

    def under(self, id: bytes) -> bytes:
        """All of it."""
        return b"".join((self.head, id, _ID_BEFORE, id, self.tail))


@dataclass(frozen=True, slots=True)
class Read:
    """A request that is sent again as it is."""

    whole: bytes

    def under(self, _: bytes) -> bytes:
        """All of it, whatever the id."""
        return self.whole


def read(token: str, path: str) -> Read:
    """`GET` that path."""
    return Read(f"GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode("ascii"))


def request(token: str, members: bytes) -> Request:
    """`POST /v1/holds` with a body of an id (36 characters) and `members`, which are JSON and end with a brace."""
    length = len(_ID_BEFORE.lstrip()) + 36 + len(b'",') + len(members)
    head = (
        "POST /v1/holds HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {length}\r\nIdempotency-Key: "
    )
    return Request(head.encode("ascii"), b'",' + members)


@dataclass(slots=True)
class Answered:
    """What came back: ids that were acknowledged, the times of those answers in seconds, how many were refused."""

    acknowledged: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    refused: int = 0
    refusal: str = ""
    """The latest of them."""
    seconds: float = 0.0
    """From the first request to the last answer."""

    @property
    def rate(self) -> float:
        """Acknowledged commands a second."""
        return len(self.times) / self.seconds


def drive(port: int, requests: Sequence[Request] | Sequence[Read], *, connections: int, seconds: float) -> Answered:
    """Send `requests` over and over, under new ids, for so long; returns when each has its answer.

    Raises:
        BenchFailed: the server hung up, or left a request without an answer.
    """
    return uvloop.run(_drive(port, requests, connections, seconds))


async def _drive(port: int, requests: Sequence[Request] | Sequence[Read], connections: int, seconds: float) -> Answered:
    loop, answered, ids = asyncio.get_running_loop(), Answered(), _ids()
    gc.collect()
    gc.freeze()
    lines = [_Line(answered, requests[n::connections] or requests, ids) for n in range(connections)]
    try:
        for line in lines:
            await loop.create_connection(lambda line=line: line, "127.0.0.1", port)  # type: ignore[misc]
        start = time.perf_counter()
        for line in lines:
            line.work_until(start + seconds)
        async with asyncio.timeout(seconds + _PATIENCE):
            await asyncio.gather(*(line.done for line in lines))
        answered.seconds = time.perf_counter() - start
    except TimeoutError as error:
        raise BenchFailed("a request was left without an answer") from error
    except OSError as error:
        raise BenchFailed(f"the server hung up: {error}") from error
    finally:
        for line in lines:
            line.close()
        gc.unfreeze()
    return answered


def _ids() -> Iterator[bytes]:
    """UUIDs that nobody has used, in order."""
    beginning = new_id()[:24].encode("ascii")
    for n in count():
        yield b"%b%012x" % (beginning, n)


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, answered: Answered, requests: Sequence[Request] | Sequence[Read], ids: Iterator[bytes]) -> None:
        self._answered = answered
        self._requests = _for_ever(requests)
        self._ids = ids
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._end = self._sent = 0.0
        self._id = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def work_until(self, end: float) -> None:
        """Begin, and begin nothing new after `end`, a reading of `time.perf_counter`."""
        self._end = end
        self._ask()

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()

    def _ask(self) -> None:
        if self._transport is None:
            return
        self._id = next(self._ids)
        asked = next(self._requests).under(self._id)
        self._sent = time.perf_counter()
        self._transport.write(asked)

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        status = _status_of_whole(received)
        if not status:
            self._received = received
            return
        self._received = b""
        now = time.perf_counter()
        if status in _ACCEPTED:
            self._answered.times.append(now - self._sent)
            self._answered.acknowledged.append(self._id.decode("ascii"))
        else:
            self._answered.refused += 1
            self._answered.refusal = received.decode("utf-8", "replace")
        if now < self._end:
            self._ask()
        elif not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("before its answer was whole"))


def _for_ever(requests: Sequence[Request] | Sequence[Read]) -> Iterator[Request | Read]:
    while True:
        yield from requests


def _status_of_whole(received: bytes) -> int:
    """The status, or 0 while some of the answer is still to come."""
    end_of_head = received.find(b"\r\n\r\n")
    if end_of_head < 0:
        return 0
    head = received[:end_of_head].lower()
    length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
    if len(received) < end_of_head + 4 + int(length or b"0"):
        return 0
    return int(head[9:12])
