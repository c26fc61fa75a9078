"""A Postgres connection in libpq's pipeline mode, driven by the event loop.

psycopg's own pipeline lets one task wait at a time; the log sends a batch behind one that is still in flight. The
connection is opened by psycopg, then its `PGconn` is used directly.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGresult

Statement = tuple[bytes, Sequence[bytes | None]]
"""The name of a prepared statement and its parameters in binary form."""

_CONNECT_TIMEOUT: Final = 5
"""Seconds."""
_SILENCE: Final = 5.0
"""Seconds without an answer after which the connection counts as lost: a server that is well is bound to less by its
own timeouts, and one that has vanished without a word would be waited for for a quarter of an hour."""


class StatementFailed(Exception):
    """Postgres refused a statement; those behind it, up to the end of the segment, did not run."""

    def __init__(self, sqlstate: str, message: str) -> None:
        """`sqlstate` is the five-character code of the first statement that failed."""
        super().__init__(f"{sqlstate}: {message}")
        self.sqlstate = sqlstate


class ConnectionLost(ConnectionError):
    """The connection is gone; what was in flight may or may not have run."""


@dataclass(slots=True)
class _Segment:
    answer: "asyncio.Future[list[PGresult]]"
    timer: asyncio.TimerHandle
    results: list[PGresult] = field(default_factory=list)
    failed: StatementFailed | None = None


async def _connected(url: str) -> psycopg.AsyncConnection[Any]:
    connecting = asyncio.ensure_future(
        psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT)
    )
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:  # a half-open connection would stay behind, and a server that waits for it
        await asyncio.wait([connecting])
        if not connecting.exception():
            await connecting.result().close()
        raise


class Pipeline:
    """Segments of prepared statements, sent without waiting, answered in order.

    A segment that begins no transaction is one: it is committed at its end, or none of it is.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Take `connection` over; nobody else may use it from now on."""
        self._connection = connection
        self._pgconn = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._segments: deque[_Segment] = deque()
        self._socket = self._pgconn.socket
        self.lost = False

    @classmethod
    async def connect(cls, url: str, *, role: str, settings: Mapping[str, str], prepared: Mapping[bytes, str]) -> Self:
        """Open a connection as `role` and prepare `prepared` (name → SQL with `$n` parameters).

        Raises:
            psycopg.OperationalError: the server cannot be reached.
        """
        connection = await _connected(url)
        try:
            for name, value in {**settings, "role": role}.items():
                await connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            pipeline = cls(connection)
            await pipeline._prepare(prepared)
        except BaseException:
            await connection.close()
            raise
        return pipeline

    async def _prepare(self, prepared: Mapping[bytes, str]) -> None:
        self._pgconn.nonblocking = 1
        self._pgconn.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._readable)
        for name, sql in prepared.items():
            self._pgconn.send_prepare(name, sql.encode())
        await self._sync()

    def send(self, *segment: Statement | Callable[[], None]) -> "asyncio.Future[list[PGresult]]":
        """Send one segment; the future holds a result per statement.

        A callable runs when the statements before it have left for the server. The future raises `StatementFailed` or
        `ConnectionLost`.
        """
        try:
            for step in segment:
                if callable(step):
                    self._pgconn.flush()
                    step()
                else:
                    name, parameters = step
                    self._pgconn.send_query_prepared(
                        name, parameters, [Format.BINARY] * len(parameters), result_format=Format.BINARY
                    )
        except psycopg.OperationalError as error:
            self._lose(error)
        return self._sync()

    def _sync(self) -> "asyncio.Future[list[PGresult]]":
        segment = _Segment(self._loop.create_future(), self._loop.call_later(_SILENCE, self._silent))
        self._segments.append(segment)
        if self.lost:
            self._lose(ConnectionLost())
            return segment.answer
        try:
            self._pgconn.pipeline_sync()
            self._flush()
        except psycopg.OperationalError as error:
            self._lose(error)
        return segment.answer

    def _flush(self) -> None:
        if self._pgconn.flush():
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        try:
            self._pgconn.consume_input()
            unsent = self._pgconn.flush()
        except psycopg.OperationalError as error:
            self._lose(error)
            return
        if not unsent:
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        pgconn = self._pgconn
        try:
            pgconn.consume_input()
            between_statements = False
            while self._segments and not pgconn.is_busy():
                result = pgconn.get_result()
                if result is not None:
                    self._received(result)
                elif between_statements:  # libpq ends each statement with one None; a second says there is no more
                    break
                between_statements = result is None or result.status == ExecStatus.PIPELINE_SYNC
        except psycopg.OperationalError as error:
            self._lose(error)

    def _received(self, result: PGresult) -> None:
        segment = self._segments[0]
        match result.status:
            case ExecStatus.PIPELINE_SYNC:
                self._segments.popleft()
                segment.timer.cancel()
                if segment.answer.done():
                    return
                if segment.failed:
                    segment.answer.set_exception(segment.failed)
                else:
                    segment.answer.set_result(segment.results)
            case ExecStatus.FATAL_ERROR if segment.failed is None:
                sqlstate = result.error_field(DiagnosticField.SQLSTATE) or b"?????"
                segment.failed = StatementFailed(
                    sqlstate.decode(), result.error_message.decode(errors="replace").strip()
                )
            case _:
                segment.results.append(result)

    def _lose(self, error: Exception) -> None:
        if not self.lost:
            self.lost = True
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._pgconn.finish()
        while self._segments:
            segment = self._segments.popleft()
            segment.timer.cancel()
            if not segment.answer.done():
                segment.answer.set_exception(ConnectionLost(str(error)))

    def _silent(self) -> None:
        self._lose(ConnectionLost(f"no answer for {_SILENCE:g} seconds"))

    def close(self) -> None:
        """Close the connection; what is in flight ends with `ConnectionLost`."""
        self._lose(ConnectionLost("closed"))


@dataclass(slots=True)
class Line:
    """A pipeline that is opened again after it was lost."""

    url: str
    role: str
    settings: Mapping[str, str]
    prepared: Mapping[bytes, str]
    _pipeline: Pipeline | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def pipeline(self) -> Pipeline:
        """A pipeline that was open a moment ago.

        Raises:
            psycopg.OperationalError: the server cannot be reached.
        """
        if self._pipeline and not self._pipeline.lost:
            return self._pipeline
        async with self._opening:
            if self._pipeline is None or self._pipeline.lost:
                self._pipeline = await Pipeline.connect(
                    self.url, role=self.role, settings=self.settings, prepared=self.prepared
                )
            return self._pipeline

    def close(self) -> None:
        """Close what is open."""
        if self._pipeline:
            self._pipeline.close()
