"""Decisions a second on a calendar with 10, 200 and 2,000 live holds: what the rules alone cost, without HTTP and log.

Each decision is made by the handler that HTTP calls, and thrown away, so that the calendar stays as full as it is.
"""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import cycle, islice, pairwise
from statistics import median
from typing import Any, Final

from commands.artist import AddArtist, add_artist
from commands.booking import ConfirmHold, confirm_hold
from commands.calendar import record_overdue
from commands.challenge import RaiseChallenge, raise_challenge
from commands.hold import PlaceHold, ReleaseHold, place_hold, release_hold
from commands.log import Outcome
from commands.project import OpenProject, open_a_project
from domain.periods import Days
from infra.bench.append import Progress
from infra.bench.paper import Paper
from infra.bench.rows import Row
from infra.bench.workload import ZONE, context, new_id

SIZES: Final = (10, 200, 2_000)
HOLDS_OF_ONE: Final = {"lapse, each of all at once": 1, "silence, each of all at once": 2}
"""Steps that are many, recorded in one turn: each of them is what is counted, and that many holds make one."""
_ROUNDS: Final = 3
_AT_ONCE: Final = 8
"""Decisions between two looks at the time."""
_PLACED_AT: Final = datetime(2030, 6, 3, 9, tzinfo=UTC)
_LAPSES_AFTER: Final = timedelta(days=14)
_CHALLENGED_AT: Final = _PLACED_AT + timedelta(days=3)
"""When all have been placed and none has lapsed."""
_ANSWERED_WITHIN: Final = timedelta(hours=24)
_FIRST_DAY: Final = date(2031, 1, 6)
_FIRST_DAY_AT: Final = datetime(2031, 1, 6, tzinfo=UTC)

Decide = Callable[[], Coroutine[Any, Any, Outcome]]
Steps = Mapping[str, Iterator[Decide]]
"""By its name, one step again and again, each time about another hold."""


def domain_rows(seconds: float, progress: Progress, sizes: Sequence[int] = SIZES) -> list[Row]:
    """A row for each step and size, and one for what the step costs more on the next larger calendar."""
    calendars = {size: asyncio.run(full_calendar(size)) for size in sizes}
    rates: dict[tuple[str, int], list[float]] = {}
    for number in range(_ROUNDS):
        progress(f"domain: round {number + 1} of {_ROUNDS}")
        for size, steps in calendars.items():
            for name, decisions in steps.items():
                rates.setdefault((name, size), []).append(asyncio.run(_rate(decisions, seconds / len(steps))))
    found = {key: median(some) * _counted(*key) for key, some in rates.items()}
    return [row for name in calendars[sizes[0]] for row in _rows(name, {size: found[name, size] for size in sizes})]


def _counted(name: str, size: int) -> int:
    """How many are decided when that step is taken once."""
    return size // HOLDS_OF_ONE[name] if name in HOLDS_OF_ONE else 1


def _rows(name: str, rates: Mapping[int, float]) -> Iterator[Row]:
    for size, rate in rates.items():
        yield Row(name=f"domain: {name}, {size:,} live holds", value=round(rate), unit="decisions/s")
    for small, large in pairwise(rates):
        yield Row(
            name=f"domain: {name}, what it costs with {large:,} / with {small:,}",
            value=round(rates[small] / rates[large], 2),
            unit="times",
            must=round(n_log_n(large) / n_log_n(small), 1),
            aim=1,
            at_most=True,
        )


def n_log_n(size: int) -> float:
    """What a step may cost, to a factor."""
    return size * math.log(size)


async def full_calendar(size: int) -> Steps:
    """The steps on a calendar with that many holds: on each day one is 1st and one is 2nd, and no two lapse at once."""
    paper = Paper(_PLACED_AT)
    artist, first, second, third = (new_id() for _ in range(4))
    said = context(artist, "bench")
    await add_artist(paper, said, AddArtist(id=artist, name="Ada", time_zone=ZONE))
    for project in (first, second, third):
        await open_a_project(paper, said, OpenProject(id=project, name="Film", time_zone=ZONE))

    def wish(project: str, day: int) -> PlaceHold:
        on = _FIRST_DAY + timedelta(days=day)
        periods = (Days(first_day=on, last_day=on),)
        return PlaceHold(id=new_id(), artist_id=artist, project_id=project, periods=periods)

    holds: dict[str, list[str]] = {first: [], second: []}
    for number in range(size):
        project = (first, second)[number % 2]
        command = wish(project, number // 2)
        await place_hold(paper.later(_PLACED_AT + timedelta(minutes=number), keeps=True), said, command)
        holds[project].append(str(command.id))
    full = paper.later(_PLACED_AT + _LAPSES_AFTER - timedelta(minutes=1), keeps=False)
    due = full.later(_PLACED_AT + _LAPSES_AFTER, keeps=False)
    over = full.later(_FIRST_DAY_AT, keeps=False)
    contested = paper.apart().later(_CHALLENGED_AT, keeps=True)
    for hold in holds[second]:
        await raise_challenge(contested, said, hold, RaiseChallenge())
    silent = contested.later(_CHALLENGED_AT + _ANSWERED_WITHIN, keeps=False)
    each_lapse, each_silence = HOLDS_OF_ONE
    return {
        "place": cycle([partial(place_hold, full, said, wish(third, day)) for day in range(size // 2)]),
        "confirm": cycle([partial(confirm_hold, full, said, hold, ConfirmHold()) for hold in holds[first]]),
        "release": cycle([partial(release_hold, full, said, hold, ReleaseHold()) for hold in holds[first]]),
        "challenge": cycle([partial(raise_challenge, full, said, hold, RaiseChallenge()) for hold in holds[second]]),
        "lapse": cycle([partial(record_overdue, due, said, artist, due_at=due.now)]),
        each_lapse: cycle([partial(record_overdue, over, said, artist, due_at=due.now)]),
        each_silence: cycle([partial(record_overdue, silent, said, artist, due_at=silent.now)]),
    }


async def _rate(decisions: Iterator[Decide], seconds: float) -> float:
    """Decisions a second of this process: it waits for nothing, and whatever else runs here is not its cost."""
    made, start = 0, time.process_time()
    while (elapsed := time.process_time() - start) < seconds or not made:
        for decide in islice(decisions, _AT_ONCE):
            await decide()
        made += _AT_ONCE
    return made / elapsed
