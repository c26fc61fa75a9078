"""Every hold there ever was: who holds whom for what, and how it ended.

Which time it holds, and until when, is its claim's row in `artist_calendar` as long as it stands there; here is what
it held when it ended.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from domain.calendar import TimeBooked, TimeLapsed, TimeReleased
from domain.hold import HOLD, HoldConfirmed, HoldExtended, HoldPlaced
from domain.spans import Span
from projections.begun import begun
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
_MAY_BE_SAID: Final = ("note", "job_id", "group", "unconfirmed_from")
_LET_GO: Final = {"declined": "declined", "not_kept": "confirmed"}
"""The status of a hold the last of whose time was let go of, by why it was; for any other reason it is released."""


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The hold that an event changes; one that is placed needs no looking up."""
    hold_id = None if type(recorded.event) is HoldPlaced else _changed(recorded)
    return () if hold_id is None else ((HOLDS, (recorded.tenant_id, hold_id)),)


def project(recorded: Recorded, rows: Rows) -> None:
    """A hold is placed, its holder does something with it, its time ends."""
    event = recorded.event
    if type(event) is HoldPlaced:
        rows.put(HOLDS, _placed(recorded, event))
    elif (hold_id := _changed(recorded)) is not None:
        row = begun(rows, HOLDS, recorded, hold_id)
        rows.put(HOLDS, {**row, **_changes(recorded, row["details"])})


def _changed(recorded: Recorded) -> str | None:
    """The hold that its holder does something with, or the last of whose time is taken from it."""
    if recorded.stream.startswith(_HOLD):
        return recorded.stream.removeprefix(_HOLD)
    event = recorded.event
    if type(event) is TimeReleased or type(event) is TimeLapsed:
        return None if event.spans else event.hold_id
    if type(event) is TimeBooked:
        return None if event.hold_spans else event.hold_id
    return None


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
            **{name: said for name in _MAY_BE_SAID if (said := getattr(placed, name)) is not None},
        },
    }


def _changes(recorded: Recorded, details: Row) -> Row:
    """The columns that an event changes. The end of a hold is no version of it, since nobody did anything with it."""
    match recorded.event:
        case TimeReleased() as released:
            status = _LET_GO.get(released.because, "released")
            return _ended(details, status, released.because, recorded.recorded_at, released.released)
        case TimeLapsed() as lapsed:
            return _ended(details, "lapsed", lapsed.because, lapsed.at, lapsed.lapsed)
        case TimeBooked() as booked:
            return _ended(details, "confirmed", "confirmed", recorded.recorded_at, booked.spans)
        case HoldExtended() as extended:
            return {"version": recorded.version, "details": {**details, "extensions": extended.extensions}}
        case HoldConfirmed() as confirmed:
            booking_ids = [*details.get("booking_ids", ()), confirmed.booking_id]
            return {"version": recorded.version, "details": {**details, "booking_ids": booking_ids}}
        case _:
            return {"version": recorded.version}


def _ended(details: Row, status: str, because: str, at: datetime, held: tuple[Span, ...]) -> Row:
    return {
        "status": status,
        "starts_at": held[0].starts_at,
        "ends_at": held[-1].ends_at,
        "details": {**details, "ended_at": at, "ended_because": because, "held": held},
    }


PROJECTION: Final = Projection(
    name="holds",
    tables=(HOLDS,),
    touches=touches,
    project=project,
    about=names(*HOLD.events, TimeBooked, TimeLapsed, TimeReleased),
)
