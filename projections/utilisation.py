"""How much each artist works when: a row for each booking that stands, its work by the day."""

from collections.abc import Iterable
from typing import Final

from domain.calendar import CALENDAR, BookingFreed, BookingMoved, TimeBooked
from domain.rederived import BookingRederived
from domain.spans import Span
from domain.worked import runs
from projections.begun import begun
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

UTILISATION: Final = Table(
    name="utilisation",
    key=("tenant_id", "booking_id"),
    columns={
        "tenant_id": "uuid",
        "booking_id": "uuid",
        "artist_id": "uuid",
        "project_id": "uuid",
        "first_day": "date",
        "last_day": "date",
        "work": "json",
    },
)
"""`work` are runs of days, each with its first day, its last, and the minutes of work on each of them."""

_CALENDAR: Final = "calendar/"
_CHANGES: Final = frozenset({BookingMoved, BookingFreed, BookingRederived})


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The booking that moves; one that takes its first time needs no looking up."""
    if type(recorded.event) not in _CHANGES:
        return []
    return [(UTILISATION, (recorded.tenant_id, recorded.event.booking_id))]  # type: ignore[attr-defined]


def project(recorded: Recorded, rows: Rows) -> None:
    """Work comes, moves and goes with the time on the calendar."""
    match recorded.event:
        case TimeBooked() as booked:
            booking = {
                "tenant_id": recorded.tenant_id,
                "booking_id": booked.booking_id,
                "artist_id": recorded.stream.removeprefix(_CALENDAR),
                "project_id": booked.project_id,
            }
            rows.put(UTILISATION, {**booking, **_work(booked.spans)})
        case BookingMoved() | BookingFreed() | BookingRederived() as changed:
            if changed.spans:
                row = begun(rows, UTILISATION, recorded, changed.booking_id)
                rows.put(UTILISATION, {**row, **_work(changed.spans)})
            else:
                rows.remove(UTILISATION, (recorded.tenant_id, changed.booking_id))
        case _:
            pass


def _work(spans: tuple[Span, ...]) -> Row:
    work = runs(spans)
    return {
        "first_day": min(run.first_day for run in work),
        "last_day": max(run.last_day for run in work),
        "work": [(run.first_day, run.last_day, run.minutes) for run in work],
    }


PROJECTION: Final = Projection(
    name="utilisation", tables=(UTILISATION,), touches=touches, project=project, about=names(*CALENDAR.events)
)
