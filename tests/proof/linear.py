"""Whether calls that overlapped can be explained one after another: one artist, one day, one history.

There is an explanation if the calls can be put into an order in which none comes before it was asked or after it was
answered, and in which a plain queue would have said to each what was said. A call whose answer never came may have been
done at any time after it was asked, or not at all.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

NEVER: Final = float("inf")


class Call(NamedTuple):
    """Something asked about a hold, or an instant that comes for it; `said` is None when nobody heard the answer."""

    what: str
    hold: str
    asked: float
    answered: float
    said: str | None


class Day(NamedTuple):
    """Who holds the day, in order; who has booked it; who is challenged there."""

    queue: tuple[str, ...] = ()
    booked: str | None = None
    challenged: str | None = None

    def take(self, what: str, hold: str) -> tuple["Day", str]:  # noqa: PLR0911 - one case a call
        """The day after a call, and what the call is told."""
        others = tuple(one for one in self.queue if one != hold)
        match what:
            case "hold":
                return self._replace(queue=(*self.queue, hold)), f"rank {len(self.queue) + 1}"
            case "lapse":
                return self._replace(queue=others), "ok"
            case "silence":
                return self if self.challenged is None else self._replace(queue=others, challenged=None), "ok"
            case "book" | "release" if self.challenged is None:
                return self, "challenge_over"
            case "book":
                return Day(others, hold), "ok"
            case "release":
                return Day(others), "ok"
            case _:
                return self._confirm(hold, others)

    def _confirm(self, hold: str, others: tuple[str, ...]) -> tuple["Day", str]:
        if self.booked == hold:
            return self, "ok"
        if hold not in self.queue:
            return self, "hold_lapsed"
        if self.booked is not None:
            return self, "double_booking"
        if self.queue[0] != hold:
            return self, "not_first"
        return self._replace(queue=others, booked=hold), "ok"


def explained(calls: Sequence[Call], day: Day) -> bool:
    """Whether there is an order in which all of it can have happened."""
    tried = set[tuple[frozenset[int], Day]]()
    paths = [(frozenset(range(len(calls))), day)]
    while paths:
        path = paths.pop()
        left, day = path
        if all(calls[n].said is None for n in left):
            return True
        if path in tried:
            continue
        tried.add(path)
        soonest = min(calls[n].answered for n in left)
        steps = [(n, *day.take(calls[n].what, calls[n].hold)) for n in left if calls[n].asked <= soonest]
        fit = [(left - {n}, after) for n, after, said in steps if calls[n].said in {None, said}]
        # Whoever changes nothing and was told the truth can be put here, and nobody minds.
        idle = [(rest, after) for rest, after in fit if after == day]
        paths += idle[:1] or fit
    return False
