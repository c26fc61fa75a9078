"""Servers under load, each in a process of its own: start, wait until it answers, end."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.address import free_port
from infra.cannot_run import CannotRun
from infra.embedded_guard import until

_PATIENCE: Final = 60.0
"""Seconds for a start, and again for an end."""


class BenchFailed(CannotRun):
    """There is nothing to measure: a server did not start, or did not go on answering."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers on 127.0.0.1."""

    name: str
    port: int
    pid: int

    def cpu(self) -> float:
        """Seconds of CPU that it has used, its threads included; 0 where there is no `/proc`."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        # The name in parentheses may hold spaces; after it, utime and stime are the 12th and 13th field.
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(name: str, module: str, *arguments: str, environment: Mapping[str, str]) -> Iterator[Served]:
    """`python -m module … --port N` with `environment` above ours, for as long as the block lasts.

    Raises:
        BenchFailed: it ended, or does not answer.
    """
    port = free_port("127.0.0.1")
    command = [sys.executable, "-m", module, *arguments, "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL) as process:
        try:
            until(lambda: process.poll() is not None or _answers(port), _PATIENCE)
            if process.poll() is not None or not _answers(port):
                raise BenchFailed(f"{name} does not start")
            yield Served(name, port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
