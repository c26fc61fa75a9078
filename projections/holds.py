"""Every hold there ever was: who holds whom for what, and how it ended.

Which time it holds, and until when, is its claim's row in `artist_calendar` as long as it stands there; here is what
it held when it ended.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from domain.calendar import TimeBooked, TimeLapsed, TimeReleased
from domain.event import Event
from domain.hold import HOLD, HoldConfirmed, HoldExtended, HoldPlaced
from domain.spans import Span
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

HOLDS: Final = Table(
    name="holds",
    key=("tenant_id", "hold_id"),
    columns={
        "tenant_id": "uuid",
        "hold_id": "uuid",
        "seq": "bigint",
        "version": "integer",
        "artist_id": "uuid",
        "project_id": "uuid",
        "status": "text",
        "starts_at": "timestamptz",
        "ends_at": "timestamptz",
        "details": "json",
    },
)
"""`status` as recorded: held, confirmed, released, declined or lapsed. `seq` is where the hold came into the log.

`starts_at` and `ends_at` are the bounds of what it held when it ended. `details` are how it was placed and ended.
"""

_HOLD: Final = "hold/"


class End(NamedTuple):
    """The last of a hold's time was taken from it."""

    hold_id: str
    status: str
    because: str
    at: datetime | None
    """None means when it was recorded."""
    held: tuple[Span, ...]


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The hold that an event changes; one that is placed needs no looking up."""
    if isinstance(recorded.event, HoldPlaced):
        return ()
    if recorded.stream.startswith(_HOLD):
        return ((HOLDS, (recorded.tenant_id, recorded.stream.removeprefix(_HOLD))),)
    end = _end(recorded)
    return () if end is None else ((HOLDS, (recorded.tenant_id, end.hold_id)),)


def project(recorded: Recorded, rows: Rows) -> None:
    """A hold is placed, its holder does something with it, its time ends."""
    if isinstance(recorded.event, HoldPlaced):
        rows.put(HOLDS, _placed(recorded, recorded.event))
    elif recorded.stream.startswith(_HOLD):
        row = _found(recorded, rows, recorded.stream.removeprefix(_HOLD))
        rows.put(HOLDS, {**row, "version": recorded.version, "details": _details(recorded.event, row["details"])})
    elif (end := _end(recorded)) is not None:
        row = _found(recorded, rows, end.hold_id)
        rows.put(HOLDS, {**row, **_ended(end, recorded.recorded_at, row["details"])})


def _found(recorded: Recorded, rows: Rows, hold_id: str) -> Row:
    row = rows.get(HOLDS, (recorded.tenant_id, hold_id))
    if row is None:
        raise LookupError(f"seq {recorded.seq} of {recorded.tenant_id}: no hold {hold_id} was placed")
    return row


def _placed(recorded: Recorded, placed: HoldPlaced) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "hold_id": recorded.stream.removeprefix(_HOLD),
        "seq": recorded.seq,
        "version": recorded.version,
        "artist_id": placed.artist_id,
        "project_id": placed.project_id,
        "status": "held",
        "starts_at": None,
        "ends_at": None,
        "details": {
            "placed_at": recorded.recorded_at,
            "placed_by": recorded.actor,
            "strength": placed.strength,
            "note": placed.note,
            "job_id": placed.job_id,
            "group": placed.group,
            "unconfirmed_from": placed.unconfirmed_from,
        },
    }


def _details(event: Event, details: Row) -> Row:
    """What a hold's details are after its holder did something with it."""
    match event:
        case HoldExtended():
            return {**details, "extensions": event.extensions}
        case HoldConfirmed():
            return {**details, "booking_ids": [*details.get("booking_ids", ()), event.booking_id]}
        case _:
            return details


def _ended(end: End, recorded_at: datetime, details: Row) -> Row:
    """The columns that the end of a hold changes; it is no version of it, since nobody did anything with it."""
    return {
        "status": end.status,
        "starts_at": end.held[0].starts_at,
        "ends_at": end.held[-1].ends_at,
        "details": {**details, "ended_at": end.at or recorded_at, "ended_because": end.because, "held": end.held},
    }


def _end(recorded: Recorded) -> End | None:
    """How an event of a calendar ended a hold, if it did."""
    match recorded.event:
        case TimeLapsed() as lapsed if not lapsed.spans:
            return End(lapsed.hold_id, "lapsed", lapsed.because, lapsed.at, lapsed.lapsed)
        case TimeBooked() as booked if booked.hold_id is not None and not booked.hold_spans:
            return End(booked.hold_id, "confirmed", "confirmed", None, booked.spans)
        case TimeReleased() as released if not released.spans:
            status = {"declined": "declined", "not_kept": "confirmed"}.get(released.because, "released")
            return End(released.hold_id, status, released.because, None, released.released)
        case _:
            return None


PROJECTION: Final = Projection(
    name="holds",
    tables=(HOLDS,),
    touches=touches,
    project=project,
    about=names(*HOLD.events, TimeBooked, TimeLapsed, TimeReleased),
)
