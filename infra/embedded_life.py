"""The life of an embedded server: shared by every process that names its directory, gone a moment after the last.

It survives nobody and outlives nothing: `embedded_guard.py` is what starts it, and stops it even when its last user was
killed. What it is, a Postgres or a Valkey, is its `Program`.
"""

import fcntl
import json
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Protocol

from infra import embedded_guard
from infra.embedded_binaries import Account, EmbeddedUnavailable
from infra.embedded_guard import Running

_PATIENCE: Final = 60.0
"""Seconds for a start: long, because a server that was killed first reads what it had not finished writing."""
_ATTEMPTS: Final = 10
"""A server that was killed leaves its sessions behind for a moment, and they keep the next one out."""
_BREATH: Final = 0.2


class Program(Protocol):
    """What is started, and how it is talked to."""

    @property
    def name(self) -> str:
        """Of its directory and, before a dot, of the files beside it; one of `embedded_guard.KINDS`."""

    def command(self, account: Account, port: int) -> dict[str, Any]:
        """The arguments of `Popen`, and `input`, with which it listens on `port`; makes its directory if need be."""

    def url(self, running: Running) -> str | None:
        """Its URL, once it takes connections."""


class EmbeddedServer:
    """`with EmbeddedServer(data, program) as url:` it runs at least as long as the block.

    A server that runs in the same directory already is joined; it keeps the settings that it was started with.
    """

    def __init__(self, data: Path, program: Program) -> None:
        """`data` is the directory around its own."""
        self._data = data
        self._program = program
        self._name = program.name
        self._directory = data / program.name
        self._kind = embedded_guard.KINDS[program.name]
        self._users: IO[str] | None = None

    def __enter__(self) -> str:
        """Start or join the server; returns its URL.

        Raises:
            EmbeddedUnavailable: it cannot run here, and why.
        """
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            self._users = self._lock_file("users")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            with self._lock_file("start") as start:
                fcntl.flock(start, fcntl.LOCK_EX)
                return self._join() or self._start()
        except OSError as error:
            self._leave()
            raise EmbeddedUnavailable(f"{error.filename}: {error.strerror}; use another data directory") from error
        except BaseException:
            self._leave()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the server unless somebody else uses it."""
        self._leave()

    def _lock_file(self, name: str) -> IO[str]:
        return embedded_guard.lock_file(self._data, self._name, name)

    def _leave(self) -> None:
        if self._users is None:
            return
        with self._users:
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # Others use it; or the guard was quicker and is stopping it, and this waits until it has.
                fcntl.flock(self._users, fcntl.LOCK_SH)
            else:
                embedded_guard.stop(self._directory)
        self._users = None

    def _join(self) -> str | None:
        if self._kind.find(self._directory) is None:
            return None
        if self._is_unguarded():
            self._guard(None)
        return self._url_when_ready()

    def _start(self) -> str:
        account = Account.of(self._directory)
        for _ in range(_ATTEMPTS):
            self._guard(self._program.command(account, _free_port()))
            url = self._url_when_ready()
            if url:
                return url
            time.sleep(_BREATH)
        log = self._data / f"{self._name}.log"
        last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        raise EmbeddedUnavailable(f"the embedded {self._name.title()} does not start; the end of {log}:\n{last}")

    def _guard(self, server: Mapping[str, Any] | None) -> None:
        command = [sys.executable, "-I", "-S", embedded_guard.__file__, str(self._data), self._name]
        with (self._data / f"{self._name}.log").open("ab") as log:
            subprocess.run(command, input=json.dumps(server).encode(), check=True, cwd="/", stdout=log, stderr=log)

    def _is_unguarded(self) -> bool:
        with self._lock_file("guard") as guard:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def _url_when_ready(self) -> str | None:
        url = None

        def ready() -> bool:
            nonlocal url
            running = self._kind.find(self._directory)
            url = None if running is None or not running.is_ready else self._program.url(running)
            return url is not None

        embedded_guard.until(lambda: ready() or self._is_unguarded(), _PATIENCE)
        return url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
