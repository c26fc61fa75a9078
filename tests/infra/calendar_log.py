"""A story's calendars as `verify` replays them, without a database between."""

from collections.abc import Callable, Iterable, Iterator

from domain.calendar import CALENDAR, Calendar
from infra.verify_calendars import Look, Step
from tests.given import Studio


def steps(studio: Studio) -> Iterator[tuple[str, Step]]:
    """Every event of every calendar, with the calendar on both sides of it."""
    calendars = dict[str, Calendar]()
    for one in studio.log.recorded:
        if one.stream.startswith(f"{CALENDAR.category}/"):
            before = calendars.get(one.stream, CALENDAR.initial)
            after = CALENDAR.evolve(before, one.event)
            calendars[one.stream] = after
            yield one.stream, Step(one.seq, one.recorded_at, before, one.event, after)


def wrong(studio: Studio, look: Callable[[], Look]) -> list[str]:
    """What a check says of a story."""
    eyes = dict[str, Look]()
    found = list[str]()
    for stream, step in steps(studio):
        said: Iterable[str] = eyes.setdefault(stream, look())(step)
        found += (f"seq {step.seq} {sentence}" for sentence in said)
    return found
