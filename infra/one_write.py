"""One system call for each answer: uvicorn writes head and body apart, and a write costs as much as a decision."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_ENOUGH: Final = 64 * 1024
"""Bytes that are not kept back any longer, so that a slow reader is noticed by whoever streams to it."""


class OneWrite(HttpToolsProtocol):
    """uvicorn's protocol on a transport that gathers what is written in one turn of the event loop."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(_Gathering(transport, self.loop))  # type: ignore[arg-type]


class _Gathering:
    __slots__ = ("_loop", "_size", "_transport", "_written")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)
        self._size += len(data)
        if self._size > _ENOUGH:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._written:
            written, self._written, self._size = self._written, [], 0
            self._transport.write(b"".join(written))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the rest of a transport
        return getattr(self._transport, name)
