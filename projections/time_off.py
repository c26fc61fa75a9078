"""Every time off that was ever asked for, and the bookings that lie on some that was approved after them."""

from collections.abc import Iterable
from typing import Final

from domain import time_off
from domain.calendar import CALENDAR, ConflictFound, ConflictResolved, TimeOffMarked
from domain.rederived import TimeOffRederived
from domain.time_off import TimeOffApproved, TimeOffRejected, TimeOffRequested, TimeOffWithdrawn
from projections.begun import begun
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

TIME_OFF: Final = Table(
    name="time_off",
    key=("tenant_id", "time_off_id"),
    columns={
        "tenant_id": "uuid",
        "time_off_id": "uuid",
        "seq": "bigint",
        "version": "integer",
        "artist_id": "uuid",
        "status": "text",
        "details": "json",
    },
)
"""`status` is requested, approved, rejected or withdrawn, `seq` where it came into the log.

`details` are its time, why it was asked for, who decided it, and the holds that it blocked when it was approved.
"""

CONFLICTS: Final = Table(
    name="conflicts",
    key=("tenant_id", "booking_id", "time_off_id"),
    columns={
        "tenant_id": "uuid",
        "booking_id": "uuid",
        "time_off_id": "uuid",
        "seq": "bigint",
        "artist_id": "uuid",
        "found_at": "timestamptz",
        "spans": "json",
    },
)
"""What is not resolved. `seq` is where it was found, `spans` the time that the two shared then."""

_TIME_OFF: Final = "time_off/"
_CALENDAR: Final = "calendar/"
_DECIDED: Final = {TimeOffApproved: "approved", TimeOffRejected: "rejected", TimeOffWithdrawn: "withdrawn"}
_ON_CALENDAR: Final = frozenset({TimeOffMarked, TimeOffRederived})


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The time off that an event changes; what is asked for, and a conflict, need no looking up."""
    id = _changed(recorded)
    return [] if id is None else [(TIME_OFF, (recorded.tenant_id, id))]


def project(recorded: Recorded, rows: Rows) -> None:
    """Time off is asked for and decided; conflicts come and go."""
    match recorded.event:
        case TimeOffRequested() as requested:
            rows.put(TIME_OFF, _requested(recorded, requested))
        case ConflictFound() as found:
            rows.put(CONFLICTS, _conflict(recorded, found))
        case ConflictResolved() as resolved:
            rows.remove(CONFLICTS, (recorded.tenant_id, resolved.booking_id, resolved.time_off_id))
        case _:
            if (id := _changed(recorded)) is not None:
                row = begun(rows, TIME_OFF, recorded, id)
                rows.put(TIME_OFF, {**row, **_changes(recorded, row)})


def _changed(recorded: Recorded) -> str | None:
    kind = type(recorded.event)
    if kind in _DECIDED:
        return recorded.stream.removeprefix(_TIME_OFF)
    if kind in _ON_CALENDAR:
        return str(recorded.event.time_off_id)  # type: ignore[attr-defined]  # both have one
    return None


def _requested(recorded: Recorded, requested: TimeOffRequested) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "time_off_id": recorded.stream.removeprefix(_TIME_OFF),
        "seq": recorded.seq,
        "version": recorded.version,
        "artist_id": requested.artist_id,
        "status": "requested",
        "details": {
            "requested_at": recorded.recorded_at,
            "requested_by": recorded.actor,
            "reason": requested.reason,
            "spans": (),
            "blocked": (),
        },
    }


def _conflict(recorded: Recorded, found: ConflictFound) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "booking_id": found.booking_id,
        "time_off_id": found.time_off_id,
        "seq": recorded.seq,
        "artist_id": recorded.stream.removeprefix(_CALENDAR),
        "found_at": recorded.recorded_at,
        "spans": found.spans,
    }


def _changes(recorded: Recorded, row: Row) -> Row:
    """The columns that an event changes; only what was done to the time off itself counts as a version."""
    details: Row = row["details"]
    match recorded.event:
        case TimeOffMarked() as marked:
            return {"details": {**details, "spans": marked.spans, "blocked": marked.blocked}}
        case TimeOffRederived() as moved:
            return {"details": {**details, "spans": moved.spans}}
        case said:
            decided = {
                "decided_at": recorded.recorded_at,
                "decided_by": recorded.actor,
                "decided_because": said.reason,  # type: ignore[attr-defined]  # each of the others has one
            }
            return {
                "version": recorded.version,
                "status": _DECIDED[type(said)],
                "details": {**details, **decided},
            }


PROJECTION: Final = Projection(
    name="time_off",
    tables=(TIME_OFF, CONFLICTS),
    touches=touches,
    project=project,
    about=names(*time_off.TIME_OFF.events, *CALENDAR.events),
)
