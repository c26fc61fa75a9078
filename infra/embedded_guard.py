"""Starts an embedded server, and stops it when the last process that uses it is gone, however it went.

Runs as a program of its own, outside the process group of the terminal, so that neither Ctrl-C nor `kill -9` of the
application reaches it. Needs the standard library only.

Beside the server's directory lie three files that are there to be locked, their names beginning with the server's:

    users   shared by every process that uses the server, exclusive while it is being stopped
    start   exclusive while somebody looks whether the server runs, and starts it
    guard   exclusive as long as a guard lives

The kernel drops a lock together with the process that holds it, so there is nothing to clean up after a crash.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

_PAUSE: Final = 0.01
_PATIENCE: Final = 60.0
"""Seconds that a stopping server has for its last checkpoint; after that it recovers at the next start instead."""


def lock_file(data: Path, server: str, name: str) -> IO[str]:
    """Open the lock file `name` of a server; locking it is the caller's."""
    return (data / f"{server}.{name}.lock").open("a")


class Running(NamedTuple):
    """A server that runs."""

    pid: int
    port: int
    is_ready: bool
    """It takes connections, as far as its files tell."""


def postmaster(cluster: Path) -> Running | None:
    """The Postgres that runs on `cluster`, if one does.

    `postmaster.pid` outlives a crash, and its process id may belong to a stranger by now: the stranger's working
    directory tells.
    """
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    match lines:
        case [pid, _, _, port, *more] if _lives(int(pid), cluster):
            return Running(int(pid), int(port), is_ready="ready" in [line.strip() for line in more])
    return None


def valkey(directory: Path) -> Running | None:
    """The Valkey that runs in `directory`, if one does. Whoever starts it writes its port down beside its own file."""
    try:
        pid, port = ((directory / name).read_text().strip() for name in ("valkey.pid", "valkey.port"))
    except FileNotFoundError:
        return None
    return Running(int(pid), int(port), is_ready=True) if pid and port and _lives(int(pid), directory) else None


class Kind(NamedTuple):
    """How a server is found in its directory, and the signals that stop it: the second when the first does not."""

    find: Callable[[Path], Running | None]
    signals: tuple[signal.Signals, ...]


KINDS: Final[Mapping[str, Kind]] = {
    "postgres": Kind(postmaster, (signal.SIGINT, signal.SIGQUIT)),
    "valkey": Kind(valkey, (signal.SIGTERM, signal.SIGKILL)),
}
"""By the name of the server's directory."""


def _lives(pid: int, directory: Path) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    if not Path("/proc/self/cwd").exists():
        return True
    try:
        return Path(f"/proc/{pid}/cwd").samefile(directory)
    except OSError:
        return False


def until(happened: Callable[[], bool], seconds: float) -> bool:
    """Wait until `happened` is true; False when that took too long."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE)
    return True


def stop(directory: Path) -> None:
    """Disconnect everybody and stop the server that runs in `directory`, if one does; returns when it is gone."""
    kind = KINDS[directory.name]
    running = kind.find(directory)
    for how in kind.signals:
        if running is None:
            return
        os.kill(running.pid, how)
        if until(lambda: kind.find(directory) is None, _PATIENCE):
            return


def _start(server: dict[str, Any]) -> subprocess.Popen[bytes]:
    said = server.pop("input", None)
    if said is None:
        return subprocess.Popen(**server, stdin=subprocess.DEVNULL)
    process = subprocess.Popen(**server, stdin=subprocess.PIPE)
    if process.stdin:
        process.stdin.write(said.encode())
        process.stdin.close()
    return process


def main() -> None:
    """`embedded_guard.py DATA NAME`, with the arguments of `Popen` as JSON on stdin, and as `input` what it is told.

    `null` guards a server that runs.
    """
    data, name = Path(sys.argv[1]), sys.argv[2]
    directory = data / name
    server = json.load(sys.stdin)
    guard = lock_file(data, name, "guard")
    fcntl.flock(guard, fcntl.LOCK_EX)
    if os.fork():
        os._exit(0)  # nobody's child any more, and whoever started this knows that the lock is taken
    os.setsid()
    guard.truncate(0)
    print(os.getpid(), file=guard, flush=True)  # for whoever looks for this process
    process = _start(server) if server else None
    stopping = threading.Event()

    def stop_after_the_last_user() -> None:
        with lock_file(data, name, "users") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            stopping.set()
            stop(directory)
            guard.close()  # before `users` is free: whoever comes next must not take this guard for a living one

    stopper = threading.Thread(target=stop_after_the_last_user, daemon=True)
    stopper.start()
    if process:
        process.wait()
    else:
        until(lambda: KINDS[name].find(directory) is None, float("inf"))
    if stopping.is_set():
        stopper.join()


if __name__ == "__main__":
    main()
