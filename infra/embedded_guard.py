"""Starts an embedded Postgres, and stops it when the last process that uses it is gone, however it went.

Runs as a program of its own, outside the process group of the terminal, so that neither Ctrl-C nor `kill -9` of the
application reaches it. Needs the standard library only.

Beside the cluster lie three files that are there to be locked:

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
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, NamedTuple

_PAUSE: Final = 0.01
_PATIENCE: Final = 60.0
"""Seconds that a stopping server has for its last checkpoint; after that it recovers at the next start instead."""


def lock_file(data: Path, name: str) -> IO[str]:
    """Open the lock file `name`; locking it is the caller's."""
    return (data / f"postgres.{name}.lock").open("a")


class Postmaster(NamedTuple):
    """A server that runs."""

    pid: int
    port: int
    is_ready: bool
    """It takes connections."""


def postmaster(cluster: Path) -> Postmaster | None:
    """The server that runs on `cluster`, if one does.

    `postmaster.pid` outlives a crash, and its process id may belong to a stranger by now: the stranger's working
    directory tells.
    """
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    match lines:
        case [pid, _, _, port, *more] if _lives(int(pid), cluster):
            return Postmaster(int(pid), int(port), is_ready="ready" in [line.strip() for line in more])
    return None


def _lives(pid: int, cluster: Path) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    if not Path("/proc/self/cwd").exists():
        return True
    try:
        return Path(f"/proc/{pid}/cwd").samefile(cluster)
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


def stop(cluster: Path) -> None:
    """Disconnect everybody and stop the server that runs on `cluster`, if one does; returns when it is gone."""
    running = postmaster(cluster)
    for how in (signal.SIGINT, signal.SIGQUIT):
        if running is None:
            return
        os.kill(running.pid, how)
        if until(lambda: postmaster(cluster) is None, _PATIENCE):
            return


def main() -> None:
    """`embedded_guard.py DATA`, with the arguments of `Popen` as JSON on stdin; `null` guards a server that runs."""
    data = Path(sys.argv[1])
    cluster = data / "postgres"
    server = json.load(sys.stdin)
    guard = lock_file(data, "guard")
    fcntl.flock(guard, fcntl.LOCK_EX)
    if os.fork():
        os._exit(0)  # nobody's child any more, and whoever started this knows that the lock is taken
    os.setsid()
    guard.truncate(0)
    print(os.getpid(), file=guard, flush=True)  # for whoever looks for this process
    process = subprocess.Popen(**server, stdin=subprocess.DEVNULL) if server else None
    stopping = threading.Event()

    def stop_after_the_last_user() -> None:
        with lock_file(data, "users") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            stopping.set()
            stop(cluster)
            guard.close()  # before `users` is free: whoever comes next must not take this guard for a living one

    stopper = threading.Thread(target=stop_after_the_last_user, daemon=True)
    stopper.start()
    if process:
        process.wait()
    else:
        until(lambda: postmaster(cluster) is None, float("inf"))
    if stopping.is_set():
        stopper.join()


if __name__ == "__main__":
    main()
