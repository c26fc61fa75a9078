"""Every booking there ever was: who is engaged for what and when, for how much, and what became of it."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic_core import to_jsonable_python

from domain.booking import (
    BOOKING,
    BookingCancelled,
    BookingCompleted,
    BookingMade,
    BookingPostponed,
    BookingRescheduled,
    BookingUnconfirmed,
)
from domain.calendar import CALENDAR, BookingFreed, BookingMoved, ConflictFound, ConflictResolved, TimeBooked
from domain.rederived import BookingRederived
from domain.spans import Span, plain
from domain.worked import days, minutes, runs
from projections.begun import begun
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

BOOKINGS: Final = Table(
    name="bookings",
    key=("tenant_id", "booking_id"),
    columns={
        "tenant_id": "uuid",
        "booking_id": "uuid",
        "seq": "bigint",
        "version": "integer",
        "artist_id": "uuid",
        "project_id": "uuid",
        "job_id": "uuid",
        "status": "text",
        "starts_at": "timestamptz",
        "ends_at": "timestamptz",
        "days": "integer",
        "minutes": "integer",
        "details": "json",
    },
)
"""`status`: confirmed, postponed, cancelled, unconfirmed or completed. `seq` is where the booking came into the log.

`starts_at` and `ends_at` are the bounds of its time, `days` and `minutes` the work that it is; those of a booking that
has left the calendar are the last that it had. `details` are its time, its terms, and how it was changed.
"""

_BOOKING: Final = "booking/"
_OWN: Final = frozenset({BookingCancelled, BookingRescheduled, BookingPostponed, BookingUnconfirmed, BookingCompleted})
_ON_CALENDAR: Final = frozenset(
    {TimeBooked, BookingMoved, BookingFreed, BookingRederived, ConflictFound, ConflictResolved}
)


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The booking that an event changes; one that is made needs no looking up."""
    booking_id = _changed(recorded)
    return [] if booking_id is None else [(BOOKINGS, (recorded.tenant_id, booking_id))]


def project(recorded: Recorded, rows: Rows) -> None:
    """A booking is made, takes time, moves, ends."""
    match recorded.event:
        case BookingMade() as made:
            rows.put(BOOKINGS, _made(recorded, made))
        case _:
            if (booking_id := _changed(recorded)) is not None:
                row = begun(rows, BOOKINGS, recorded, booking_id)
                rows.put(BOOKINGS, {**row, **_changes(recorded, row)})


def _changed(recorded: Recorded) -> str | None:
    kind = type(recorded.event)
    if kind in _OWN:
        return recorded.stream.removeprefix(_BOOKING)
    if kind in _ON_CALENDAR:
        return str(recorded.event.booking_id)  # type: ignore[attr-defined]  # each of these has one
    return None


def _made(recorded: Recorded, made: BookingMade) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "booking_id": recorded.stream.removeprefix(_BOOKING),
        "seq": recorded.seq,
        "version": recorded.version,
        "artist_id": made.artist_id,
        "project_id": made.project_id,
        "job_id": made.job_id,
        "status": "confirmed",
        "starts_at": None,
        "ends_at": None,
        "days": 0,
        "minutes": 0,
        "details": {
            "made_at": recorded.recorded_at,
            "made_by": recorded.actor,
            "hold_id": made.hold_id,
            "rate": to_jsonable_python(made.rate),
            "note": made.note,
            "overrides": to_jsonable_python(made.overrides) or None,
        },
    }


def _changes(recorded: Recorded, row: Row) -> Row:  # noqa: PLR0911 - one case an event
    """The columns that an event changes; only what was done to the booking itself counts as a version."""
    details: Row = row["details"]
    match recorded.event:
        case TimeBooked() | BookingMoved() | BookingRederived() as taken:
            return _time(details, taken.spans)
        case BookingFreed() as freed:
            return _time(details, freed.spans) if freed.spans else {}
        case ConflictFound() as found:
            conflict = {"time_off_id": found.time_off_id, "spans": found.spans}
            return {"details": {**details, "conflicts": [*_others(details, found.time_off_id), conflict]}}
        case ConflictResolved() as resolved:
            return {"details": {**details, "conflicts": _others(details, resolved.time_off_id)}}
        case BookingCancelled() as cancelled:
            cancellations = [*details.get("cancellations", ()), _cancellation(recorded, cancelled)]
            status = row["status"] if cancelled.periods is not None else "cancelled"
            return {
                "version": recorded.version,
                "status": status,
                "details": {**details, "cancellations": cancellations},
            }
        case BookingUnconfirmed() as unconfirmed:
            again = {**details, "became_hold_id": unconfirmed.hold_id}
            return {"version": recorded.version, "status": "unconfirmed", "details": again}
        case BookingPostponed():
            return {"version": recorded.version, "status": "postponed"}
        case BookingCompleted():
            return {"version": recorded.version, "status": "completed"}
        case _:
            return {"version": recorded.version, "status": "confirmed"}


def _time(details: Row, spans: tuple[Span, ...]) -> Row:
    work = runs(spans)
    return {
        "starts_at": spans[0].starts_at,
        "ends_at": spans[-1].ends_at,
        "days": days(work),
        "minutes": minutes(work),
        "details": {**details, "spans": plain(spans)},
    }


def _others(details: Row, time_off_id: str) -> list[Any]:
    return [conflict for conflict in details.get("conflicts", ()) if conflict["time_off_id"] != time_off_id]


def _cancellation(recorded: Recorded, cancelled: BookingCancelled) -> Row:
    return {
        "at": recorded.recorded_at,
        "actor": recorded.actor,
        "by": cancelled.by,
        "reason": cancelled.reason,
        "spans": cancelled.freed,
        "fees": to_jsonable_python(cancelled.fees, exclude_none=True),
    }


PROJECTION: Final = Projection(
    name="bookings",
    tables=(BOOKINGS,),
    touches=touches,
    project=project,
    about=names(*BOOKING.events, *CALENDAR.events),
)
