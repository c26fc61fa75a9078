"""The worst rank of each hold on a calendar, from nothing but its times: for counting many of them.

`domain.queue.ranks` tells where a hold stands on each stretch; this is the highest of those numbers, at a twentieth of
the price.
"""

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence

Holds = Mapping[str, tuple[int, int | None, Sequence[tuple[int, int, int, int | None]]]]
"""By id: when its deadline ends all of it, when its response window does, or None, and its stretches.

A stretch is where it starts and ends, its place, and when a clock of its own ends it, or None. All in microseconds.
"""


def worst_ranks(holds: Holds, now: int | None = None) -> dict[str, int]:
    """The highest number that each hold has on any of its time: at `now`, or as recorded, no clock having run out."""
    changes = [
        (at, starts, (span[2], id))
        for id, (deadline, respond_by, spans) in holds.items()
        if now is None or (deadline > now and (respond_by is None or respond_by > now))
        for span in spans
        if now is None or span[3] is None or span[3] > now
        for at, starts in ((span[0], True), (span[1], False))
    ]
    worst: dict[str, int] = {}
    order: list[tuple[int, str]] = []
    for _, starts, place in sorted(changes):
        index = bisect_left(order, place)
        if not starts:
            del order[index]
            continue
        insort(order, place)
        for rank in range(index + 1, len(order) + 1):
            id = order[rank - 1][1]
            worst[id] = max(worst.get(id, 0), rank)
    return worst
