"""A story's calendars as `verify` replays them, without a database between."""

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest

from domain.calendar import CALENDAR
from domain.rederived import REDERIVED
from infra.verify_calendars import Look, Step
from tests.given import Studio
from tests.memory_log import Recorded


def steps(studio: Studio) -> Iterator[tuple[str, Step]]:
    """Every event of every calendar, with the calendar on both sides of it."""
    streams = dict[str, list[Recorded]]()
    for one in studio.log.recorded:
        if one.stream.startswith(f"{CALENDAR.category}/"):
            streams.setdefault(one.stream, []).append(one)
    for stream, recorded in streams.items():
        calendar = CALENDAR.initial
        for one, following in zip_longest(recorded, recorded[1:]):
            goes_on = following is not None and one.recorded_at == following.recorded_at
            goes_on = goes_on and isinstance(one.event, REDERIVED) and isinstance(following.event, REDERIVED)
            after = CALENDAR.evolve(calendar, one.event)
            yield stream, Step(one.seq, one.recorded_at, calendar, one.event, after, goes_on)
            calendar = after


def wrong(studio: Studio, look: Callable[[], Look]) -> list[str]:
    """What a check says of a story."""
    eyes = dict[str, Look]()
    found = list[str]()
    for stream, step in steps(studio):
        said: Iterable[str] = eyes.setdefault(stream, look())(step)
        found += (f"seq {step.seq} {sentence}" for sentence in said)
    return found
