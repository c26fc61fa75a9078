"""Events in, rows out: a projection's story without a database."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from domain.calendar import TimeHeld
from domain.claims import Held, Limits, held
from domain.clocks import Clock
from domain.event import Event
from domain.spans import Span, plain, whole_days
from projections.projection import Projection
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

TENANT = "0f0e7a52-0000-5000-8000-00000000000a"
ARTIST = "a0000000-0000-4000-8000-000000000001"
PROJECT = "b0000000-0000-4000-8000-000000000001"
HOLD = "c0000000-0000-4000-8000-000000000001"
OTHER_HOLD = "c0000000-0000-4000-8000-000000000002"
BOOKING = "d0000000-0000-4000-8000-000000000001"
ZONE = "Europe/Berlin"
NOW = datetime(2027, 2, 1, 9, tzinfo=UTC)


def march(first: int, last: int, *, place: int = 0, first_refusal: Clock | None = None) -> Held:
    """Whole days of March 2027 in Berlin."""
    span = held(whole_days(date(2027, 3, first), date(2027, 3, last), ZONE), place)
    return replace(span, first_refusal=first_refusal)


def time(first: int, last: int) -> tuple[Span, ...]:
    """The same days, claimed by nobody."""
    return plain((march(first, last),))


def clock(hours: float, rule: str = "14 days after placing") -> Clock:
    """A clock that runs out so many hours after NOW."""
    return Clock(NOW + timedelta(hours=hours), rule, ZONE, "motion-24h")


def limits(hours: float = 336) -> Limits:
    return {"after_placing": clock(hours)}


def time_held(hold_id: str = HOLD, *spans: Held, deadline: float = 336, respond_by: Clock | None = None) -> TimeHeld:
    return TimeHeld(
        hold_id=hold_id,
        project_id=PROJECT,
        spans=spans or (march(1, 5),),
        limits=limits(deadline),
        consent="not_needed" if respond_by is None else "asked",
        respond_by=respond_by,
    )


def recorded(*entries: tuple[str, Event]) -> list[Recorded]:
    """The log of one tenant that these (stream, event) pairs make, a minute apart."""
    versions: dict[str, int] = {}
    log = list[Recorded]()
    for seq, (stream, event) in enumerate(entries, 1):
        versions[stream] = versions.get(stream, 0) + 1
        at = NOW + timedelta(minutes=seq)
        log.append(
            Recorded(TENANT, seq, stream, versions[stream], f"e{seq}", event.stored_as, event, at, "ada", "c1", None)
        )
    return log


def projected(projection: Projection, *entries: tuple[str, Event]) -> Mapping[Table, Mapping[Key, Row]]:
    """The rows of each table after these events."""
    rows = Rows({})
    for one in recorded(*entries):
        projection.project(one, rows)
    return {table: {table.key_of(row): row for row in rows.written(table)} for table in projection.tables}
