"""Failpoints: places between two side effects where a test can make this process fail.

    FAILPOINTS="log.before_commit=kill:0.02,relay.after_ack=stop:0.01:3"

Modes: `kill` (SIGKILL itself), `raise` (`Failed`), `stop` (SIGSTOP itself, for a number of seconds), `cut` (close every
connection to Postgres, Redis and Kafka). The number is the probability each time the place is passed. Without the
variable each costs a function call. Each failure is a line of the file that `FAILPOINTS_TOLD` names, so that who asked
for them can count.
"""

import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, get_args

Mode = Literal["kill", "raise", "stop", "cut"]


class Failed(ConnectionError):
    """A failpoint in the mode `raise`: to those around it an outside part that let them down."""


@dataclass(frozen=True, slots=True)
class _Failure:
    mode: Mode
    probability: float
    seconds: float


def _parse(text: str) -> dict[str, _Failure]:
    failures = {}
    for item in filter(None, text.split(",")):
        name, _, what = item.partition("=")
        mode, probability, seconds = [*what.split(":"), "1", "1"][:3]
        if mode not in get_args(Mode):
            raise ValueError(f"FAILPOINTS: {mode!r} is none of {', '.join(get_args(Mode))}")
        failures[name.strip()] = _Failure(mode, float(probability), float(seconds))  # type: ignore[arg-type]
    return failures


_FAILURES: Final = _parse(os.environ.get("FAILPOINTS", ""))
_TOLD: Final = os.environ.get("FAILPOINTS_TOLD", os.devnull)
cut_connections: list[Callable[[], None]] = []
"""What `cut` calls; whoever opens connections adds how to close them, for a while by `cuttable`."""


@contextmanager
def cuttable(*ways: Callable[[], None]) -> Iterator[None]:
    """For as long as the block lasts, `cut` closes connections in these ways, too."""
    cut_connections.extend(ways)
    try:
        yield
    finally:
        for way in ways:
            cut_connections.remove(way)


def failpoint(name: str) -> None:
    """Fail here, if that is asked for and by that chance.

    Raises:
        Failed: the mode is `raise`.
    """
    failure = _FAILURES.get(name)
    if failure is None or random.random() >= failure.probability:  # noqa: S311 - a chance, not a secret
        return
    with open(_TOLD, "a", encoding="utf-8") as told:  # noqa: PTH123 - no path is needed for that
        told.write(f"{failure.mode} {name}\n")
    match failure.mode:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raise":
            raise Failed(name)
        case "stop":
            # A stopped process cannot wake itself, and who stops itself may come to it after it has been woken. The
            # shell's output ends when it has stopped us: whoever wakes us, we go on.
            pid = os.getpid()
            commands = f"kill -STOP {pid}; exec >&-; sleep {failure.seconds}; kill -CONT {pid}"
            shell = subprocess.Popen(["/bin/sh", "-c", commands], stdout=subprocess.PIPE)
            if shell.stdout:
                shell.stdout.read()
        case "cut":
            for cut in cut_connections:
                cut()
