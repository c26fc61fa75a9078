"""Servers of a test's own, to be taken away and brought back, under the same address and with what they had stored."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from infra.address import free_port
from infra.embedded import _SETTINGS, NAME, _Postgres
from infra.embedded_binaries import Account
from infra.embedded_guard import until
from infra.embedded_valkey import _wheel
from infra.migrate import migrate

PATIENCE = 60.0
"""Seconds for a start, which may have to read what was not finished."""


class OwnServer:
    """A server and the processes that it starts."""

    def __init__(self, url: str, command: Callable[[], dict[str, Any]], answers: Callable[[str], bool]) -> None:
        """`command` gives the arguments of `Popen` for each start."""
        self.url = url
        self._command = command
        self._answers = answers
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when it answers."""
        said = self._command()
        self._process = subprocess.Popen(
            **said, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert until(lambda: self._answers(self.url), PATIENCE)

    def kill(self) -> None:
        """SIGKILL to all of its processes, as if the machine were gone."""
        everyone = self._everyone()
        _send(everyone, signal.SIGKILL)
        self._is_gone(everyone)

    def stop_at_once(self) -> None:
        """SIGQUIT, as `pg_ctl stop -m immediate` sends it."""
        everyone = self._everyone()
        _send(everyone[:1], signal.SIGQUIT)
        self._is_gone(everyone)

    def freeze(self) -> None:
        """Stop its clock: connections stay open and nothing is answered."""
        _send(self._everyone(), signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        _send(self._everyone(), signal.SIGCONT)

    def _everyone(self) -> list[int]:
        """First the process that starts the others."""
        assert self._process is not None
        pid = self._process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def _is_gone(self, everyone: list[int]) -> None:
        assert self._process is not None
        self._process.wait(PATIENCE)
        assert until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in everyone), PATIENCE)


@contextmanager
def own_postgres(directory: Path) -> Iterator[OwnServer]:
    """A migrated Postgres in this directory. What it has committed outlives its end, if not that of the machine."""
    directory = directory.resolve()
    port = free_port("127.0.0.1")
    program = _Postgres(directory, None, {**_SETTINGS, "fsync": "off"})
    cluster = directory / program.name

    def command() -> dict[str, Any]:
        return program.command(Account.of(cluster), port)

    def url() -> str:
        return f"postgresql://{NAME}:{(directory / 'postgres.password').read_text()}@127.0.0.1:{port}/postgres"

    command()
    with _running(OwnServer(url(), command, _postgres_answers)) as server:
        migrate(server.url)
        yield server


@contextmanager
def own_valkey(directory: Path) -> Iterator[OwnServer]:
    """A Valkey in this directory; what it was told in its last second may be lost with it."""
    port = free_port("127.0.0.1")
    options = ("--port", str(port), "--bind", "127.0.0.1", "--appendonly", "yes", "--dir", str(directory))

    def command() -> dict[str, Any]:
        return {"args": [str(_wheel()), *options]}

    with _running(OwnServer(f"redis://127.0.0.1:{port}/0", command, _valkey_answers)) as server:
        yield server


@contextmanager
def _running(server: OwnServer) -> Iterator[OwnServer]:
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _send(processes: list[int], number: signal.Signals) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _valkey_answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as client:
            return bool(client.ping())
    except RedisError:
        return False
