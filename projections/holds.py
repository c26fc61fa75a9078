"""Every hold there ever was: who holds whom for what, and how it ended.

Which time it holds, and until when, is its claim's row in `artist_calendar` as long as it stands there; here is what
it held when it ended.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from domain.calendar import TimeBooked, TimeLapsed, TimeReleased
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
    match recorded.event:
        case HoldPlaced():
            return []
        case _:
            hold_id = _hold_id(recorded)
            return [] if hold_id is None else [(HOLDS, (recorded.tenant_id, hold_id))]


def project(recorded: Recorded, rows: Rows) -> None:
    """A hold is placed, its holder does something with it, its time ends."""
    match recorded.event:
        case HoldPlaced() as placed:
            rows.put(HOLDS, _placed(recorded, placed))
        case _:
            hold_id = _hold_id(recorded)
            if hold_id is None:
                return
            row = rows.get(HOLDS, (recorded.tenant_id, hold_id))
            if row is None:
                raise LookupError(f"seq {recorded.seq} of {recorded.tenant_id}: no hold {hold_id} was placed")
            rows.put(HOLDS, {**row, **_changes(recorded, row["details"])})


def _hold_id(recorded: Recorded) -> str | None:
    if recorded.stream.startswith(_HOLD):
        return recorded.stream.removeprefix(_HOLD)
    end = _end(recorded)
    return None if end is None else end.hold_id


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


def _changes(recorded: Recorded, details: Row) -> Row:
    """The columns that an event changes; only what the holder did counts as a version."""
    if (end := _end(recorded)) is not None:
        ended = {"ended_at": end.at or recorded.recorded_at, "ended_because": end.because, "held": end.held}
        return {
            "status": end.status,
            "starts_at": end.held[0].starts_at,
            "ends_at": end.held[-1].ends_at,
            "details": {**details, **ended},
        }
    version = {"version": recorded.version}
    match recorded.event:
        case HoldExtended() as extended:
            return {**version, "details": {**details, "extensions": extended.extensions}}
        case HoldConfirmed() as confirmed:
            booking_ids = [*details.get("booking_ids", ()), confirmed.booking_id]
            return {**version, "details": {**details, "booking_ids": booking_ids}}
        case _:
            return version


def _end(recorded: Recorded) -> End | None:
    """How an event of a calendar ended a hold, if it did."""
    match recorded.event:
        case TimeLapsed(spans=()) as lapsed:
            return End(lapsed.hold_id, "lapsed", lapsed.because, lapsed.at, lapsed.lapsed)
        case TimeBooked(hold_id=str() as hold_id, hold_spans=()) as booked:
            return End(hold_id, "confirmed", "confirmed", None, booked.spans)
        case TimeReleased(spans=()) as released:
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
