"""Every calendar replayed once, event by event, under the eyes of several checks.

Each check is a function made anew for each calendar, which is shown every event with the calendar on both sides of it,
and answers what contradicts its claim. So one pass over the log answers all of them, and memory holds one calendar.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from domain.calendar import CALENDAR, Calendar
from domain.event import Event
from domain.rederived import REDERIVED
from infra.log_feed import Decode
from infra.verify_snapshot import UNREADABLE, Found, Snapshot

Row = tuple[Any, ...]
_NONE: Final[Row] = ("", 0, None, "", "")
_REDERIVED: Final = {event.stored_as for event in REDERIVED}


class Step(NamedTuple):
    """An event of a calendar, and the calendar on both sides of it."""

    seq: int
    recorded_at: datetime
    before: Calendar
    event: Event
    after: Calendar
    goes_on: bool = False
    """Whether zones are read anew, which is said claim by claim, and some have not moved yet."""


Look = Callable[[Step], Iterable[str]]
"""Answers what is wrong with a step, if anything is."""


async def replayed(at: Snapshot, decode: Decode, looks: Sequence[Callable[[], Look]]) -> list[Found]:
    """What each of `looks` found. An event that cannot be replayed contradicts all of them."""
    found = [Found() for _ in looks]
    events = 0
    async for head in at.each_tenant():
        rows = at.rows(
            """
            SELECT stream, seq, recorded_at, event_type, data
            FROM events
            WHERE tenant_id = %s AND stream LIKE 'calendar/%%'
            ORDER BY stream, version
            """,
            head.tenant_id,
        )
        of, calendar, eyes = "", CALENDAR.initial, list[Look]()
        async for (stream, seq, recorded_at, type_, data), following in _with_next(rows):
            if stream != of:
                of, calendar, eyes = stream, CALENDAR.initial, [look() for look in looks]
            events += 1
            where = f"seq {seq} of {head.tenant_id} on {stream}"
            try:
                event = decode(type_, data)
                goes_on = (stream, recorded_at) == following[:3:2] and {type_, following[3]} <= _REDERIVED
                step = Step(seq, recorded_at, calendar, event, CALENDAR.evolve(calendar, event), goes_on)
                wrong = [list(look(step)) for look in eyes]
            except UNREADABLE as error:
                wrong = [[f"cannot be replayed: {error!r}"]] * len(looks)
            else:
                calendar = step.after
            for one, sentences in zip(found, wrong, strict=True):
                for sentence in sentences:
                    one.violated(f"{where} {sentence}")
    for one in found:
        one.looked_at = at.said(f"{events:,} of them on calendars")
    return found


async def _with_next(rows: AsyncIterator[Row]) -> AsyncIterator[tuple[Row, Row]]:
    """Each row with the one that comes next; after the last comes one of no stream."""
    before: Row | None = None
    async for row in rows:
        if before is not None:
            yield before, row
        before = row
    if before is not None:
        yield before, _NONE
