"""Every hold there ever was: who holds whom for what, how it ended, and when it will end if nobody does anything.

Two streams tell of a hold: its own who, why and how often; its artist's calendar which time, and until when.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from domain.calendar import Reordered, TimeBooked, TimeLapsed, TimeReleased
from domain.claims import HoldClaim
from domain.event import Event
from domain.hold import HoldConfirmed, HoldExtended, HoldPlaced
from projections.claims import concerned, fold, hold_from
from projections.projection import Projection
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

HOLDS = Table(
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
        "during": "tstzmultirange",
        "ends_by": "timestamptz",
        "claim": "jsonb",
        "details": "jsonb",
    },
)
"""`status` as recorded: held, confirmed, released, declined or lapsed. `seq` is where the hold came into the log.

`claim` is what it held last, `during` the same time for searching, `ends_by` the instant at which the last of it is
lost if nothing more is recorded. `details` are its placing and its end, as they are shown.
"""

_HOLD: Final = "hold/"
_CALENDAR: Final = "calendar/"


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The holds that an event of a hold or of a calendar is about."""
    return [(HOLDS, (recorded.tenant_id, hold_id)) for hold_id in _concerned(recorded)]


def project(recorded: Recorded, rows: Rows) -> None:
    """Fold what the holder did, and what became of the claim."""
    for hold_id in _concerned(recorded):
        row = rows.get(HOLDS, (recorded.tenant_id, hold_id)) or _blank(recorded, hold_id)
        if recorded.stream.startswith(_HOLD):
            rows.put(HOLDS, {**row, "version": recorded.version, **_said(recorded, row["details"])})
        else:
            artist_id = recorded.stream.removeprefix(_CALENDAR)
            rows.put(HOLDS, {**row, "artist_id": artist_id, **_claimed(recorded, row)})


def ends_by(claim: HoldClaim) -> datetime:
    """The instant from which nothing of `claim` is held any more, unless something is recorded before."""
    last = max(min(_clocks(claim, i)) for i in range(len(claim.spans)))
    return last if claim.respond_by is None else min(last, claim.respond_by.at)


def _clocks(claim: HoldClaim, span: int) -> Iterable[datetime]:
    held = claim.spans[span]
    yield claim.deadline.at
    if held.first_refusal is not None:
        yield held.first_refusal.at
    if held.commitment is not None:
        yield held.commitment.at


def _concerned(recorded: Recorded) -> tuple[str, ...]:
    if recorded.stream.startswith(_HOLD):
        return (recorded.stream.removeprefix(_HOLD),)
    if not recorded.stream.startswith(_CALENDAR):
        return ()
    match recorded.event:
        case TimeBooked(hold_id=hold_id):
            return () if hold_id is None else (hold_id,)
        case Reordered() as event:
            return concerned(event)
        case event:
            return concerned(event) if hasattr(event, "hold_id") else ()


def _blank(recorded: Recorded, hold_id: str) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "hold_id": hold_id,
        "seq": recorded.seq,
        "version": 0,
        "artist_id": None,
        "project_id": None,
        "status": "held",
        "during": "{}",
        "ends_by": None,
        "claim": None,
        "details": {},
    }


def _said(recorded: Recorded, details: Row) -> Row:
    """What an event of the hold's own stream changes."""
    match recorded.event:
        case HoldPlaced() as placed:
            return {
                "artist_id": placed.artist_id,
                "project_id": placed.project_id,
                "details": {
                    **details,
                    "placed_at": recorded.recorded_at,
                    "placed_by": recorded.actor,
                    "strength": placed.strength,
                    "note": placed.note,
                    "job_id": placed.job_id,
                    "group": placed.group,
                    "unconfirmed_from": placed.unconfirmed_from,
                },
            }
        case HoldExtended() as extended:
            return {"details": {**details, "extensions": extended.extensions}}
        case HoldConfirmed() as confirmed:
            return {"details": {**details, "booking_ids": [*details.get("booking_ids", ()), confirmed.booking_id]}}
        case _:
            return {}


def _claimed(recorded: Recorded, row: Row) -> Row:
    """What an event of the calendar changes."""
    before = [] if row["claim"] is None else [hold_from(row["claim"])]
    claim = fold(before, recorded.event).get(row["hold_id"])
    if isinstance(claim, HoldClaim):
        spans = ",".join(f"[{span.starts_at.isoformat()},{span.ends_at.isoformat()})" for span in claim.spans)
        return {"claim": claim, "during": f"{{{spans}}}", "ends_by": ends_by(claim)}
    status, because, at = _end(recorded.event)
    ended: dict[str, Any] = {"ended_at": at or recorded.recorded_at, "ended_because": because}
    return {"status": status, "ends_by": None, "details": {**row["details"], **ended}}


def _end(event: Event) -> tuple[str, str, datetime | None]:
    """How an event that takes the last of a hold's time ends it: status, reason, and when if not when recorded."""
    match event:
        case TimeLapsed():
            return "lapsed", event.because, event.at
        case TimeBooked():
            return "confirmed", "confirmed", None
        case TimeReleased(because="declined"):
            return "declined", "declined", None
        case TimeReleased(because="not_kept"):
            return "confirmed", "confirmed", None
        case TimeReleased():
            return "released", event.because, None
        case _:
            raise LookupError(f"{event.stored_as} cannot end a hold")


PROJECTION: Final = Projection(name="holds", tables=(HOLDS,), touches=touches, project=project)
