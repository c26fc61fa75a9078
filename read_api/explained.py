"""Why somebody is 1st: the facts that brought each hold of a queue to where it stands."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from domain.calendar import CALENDAR, Calendar, Reordered, TimeLapsed, TimeReleased
from domain.event import Event
from domain.overdue import due, lapse
from domain.queue import AS_RECORDED, Standing, Stretch, stretches
from domain.spans import Span
from read_api.past import Past

_NOBODY: Final = "clock"
"""Who acts when a deadline passes that is not recorded yet."""


class Cause(NamedTuple):
    """A fact, and where it left a hold on a stretch."""

    seq: int | None
    """None for a deadline that has passed and is not recorded yet."""
    type: str
    at: datetime
    actor: str
    hold_id: str | None
    """Whose fact it is, if it is a hold's."""
    reason: str | None
    rank: int
    """The worst that it had anywhere on the stretch, after the fact."""
    state: Standing


_Where = tuple[int, str]
"""A stretch by its place in the queue, and a hold."""


def causes(events: Sequence[Past], queue: Sequence[Stretch], day: Span, now: datetime) -> Mapping[_Where, list[Cause]]:
    """For each stretch of `queue` and each hold on it, the facts since its arrival that moved it there.

    `queue` is that of `day` at `now`, which `events` have led to.
    """
    found: dict[_Where, list[Cause]] = {}
    stood: Mapping[_Where, list[tuple[int, Standing]]] = {}
    were: object = None
    for seq, at, actor, event, calendar in _steps(events, now):
        near = _near(calendar, day)
        if near == were:
            continue
        were = near
        stands = _standings(calendar, queue, day)
        for where, standings in stands.items():
            if stood.get(where) != standings:
                rank, state = max(standings)
                cause = Cause(seq, event.stored_as, at, actor, _hold_of(event), _reason(event), rank, state)
                found.setdefault(where, []).append(cause)
        stood = stands
    return found


def _steps(events: Sequence[Past], now: datetime) -> Iterator[tuple[int | None, datetime, str, Event, Calendar]]:
    """Each fact with the calendar after it, those that clocks have brought about since among them."""
    calendar = CALENDAR.initial
    for one in events:
        calendar = CALENDAR.evolve(calendar, one.event)
        yield one.seq, one.recorded_at, one.actor, one.event, calendar
    for clock in due(calendar, now):
        if clock.because != "challenge" and (fact := lapse(calendar, clock)):
            calendar = CALENDAR.evolve(calendar, fact)
            yield None, fact.at, _NOBODY, fact, calendar


def _near(calendar: Calendar, day: Span) -> object:
    """What stands near that day: the same as before unless something has happened to it."""
    return tuple(
        claims.near(day.starts_at, day.ends_at) for claims in (calendar.holds, calendar.bookings, calendar.time_off)
    )


def _standings(calendar: Calendar, queue: Sequence[Stretch], day: Span) -> dict[_Where, list[tuple[int, Standing]]]:
    """Where each hold of `queue` stands on its stretches, which something that is gone may divide."""
    stand: dict[_Where, list[tuple[int, Standing]]] = {}
    there = [{entry.hold_id for entry in stretch.entries} for stretch in queue]
    for part in stretches(calendar, AS_RECORDED, (day,)):
        for n, stretch in enumerate(queue):
            if part.starts_at < stretch.ends_at and part.ends_at > stretch.starts_at:
                for entry in part.entries:
                    if entry.hold_id in there[n]:
                        stand.setdefault((n, entry.hold_id), []).append((entry.rank, entry.state))
    return stand


def _hold_of(event: Event) -> str | None:
    hold_id: str | None = getattr(event, "hold_id", None)
    return hold_id


def _reason(event: Event) -> str | None:
    match event:
        case TimeReleased() | TimeLapsed():
            return event.because
        case Reordered():
            return event.override.reason
        case _:
            return None
