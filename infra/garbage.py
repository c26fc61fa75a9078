"""When Python looks for cycles of objects that nobody needs: a little at a time, and seldom at everything.

The collector's own way is to look at all that was made since it last looked. In a process that remembers states most of
that is needed, and the look holds everybody up: for 15 to 50 ms about once a second at 3,000 commands a second.
"""

import gc
import time
from collections.abc import Callable
from typing import Final

EVERY: Final = 0.1
"""Seconds between two sweeps."""
_DEEP_EVERY: Final = 3600.0
_IDLE: Final = 100
"""Objects made since the last sweep by a process that has nothing to do."""


def collect_seldom() -> None:
    """For a process that deals with one batch after the other: what a batch has made is gone after it by itself.

    What is there now stays. The collector looks when half a million objects have been left over since it last did: the
    largest batch is over before. It took 3 % of a rebuild when it looked within each.
    """
    gc.freeze()
    gc.set_threshold(500_000, 50, 100)


class Garbage:
    """Takes the collector's place in a process from its construction on; `sweep` is called every `EVERY` seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """What has been made until now stays, and need not be looked at again; `clock` is in seconds."""
        self._clock = clock
        gc.disable()
        self._look_at_everything()

    def sweep(self) -> None:
        """Free the cycles among what was made since the last sweep; what is left is not looked at again under load.

        Neither a command nor a read leaves a cycle, but a library may, and one may span two sweeps: once an hour, when
        nothing is going on, everything is looked at.
        """
        idle = gc.get_count()[0] < _IDLE
        if idle and self._clock() > self._deep_at:
            gc.unfreeze()
            self._look_at_everything()
        else:
            gc.collect(0)
            gc.freeze()

    def leave(self) -> None:
        """Let the collector work in its own way again."""
        gc.unfreeze()
        gc.enable()

    def _look_at_everything(self) -> None:
        gc.collect()
        gc.freeze()
        self._deep_at = self._clock() + _DEEP_EVERY
