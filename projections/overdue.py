"""When somebody has to look at which calendar again: the first clock of each hold and each open challenge.

A row is overdue once its `due_at` has passed; it stays until what the clock ends is recorded.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from domain.calendar import (
    CALENDAR,
    ClocksStopped,
    ConsentCountered,
    ConsentGiven,
    HoldPromoted,
    LimitsMoved,
    PromotionKept,
    Reordered,
    TimeBooked,
    TimeChanged,
    TimeHeld,
    TimeLapsed,
    TimeReleased,
)
from domain.challenge import ChallengeEnded, ChallengeOpened
from domain.claims import Held, deadline_of
from domain.event import Event
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

OVERDUE: Final = Table(
    name="overdue",
    key=("tenant_id", "claim_id"),
    columns={
        "tenant_id": "uuid",
        "claim_id": "uuid",
        "artist_id": "uuid",
        "due_at": "timestamptz",
        "deadline": "timestamptz",
        "respond_by": "timestamptz",
        "stretch_by": "timestamptz",
    },
)
"""`due_at` is the earliest of the other three: a hold's deadline, or until when a challenge has to be answered; until
when the artist has to respond; the first clock that runs on some stretch of a hold."""

_CATEGORY: Final = "calendar/"


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The clocks that an event changes; those that it starts need no looking up."""
    if not recorded.stream.startswith(_CATEGORY):
        return []
    match recorded.event:
        case TimeHeld() | TimeChanged():
            return []
        case LimitsMoved() | ConsentGiven() | ConsentCountered() as event:
            return [(OVERDUE, (recorded.tenant_id, event.hold_id))]
        case event:
            return [(OVERDUE, (recorded.tenant_id, hold_id)) for hold_id in _left(event)]


def project(recorded: Recorded, rows: Rows) -> None:
    """Put each clock as the event leaves it, and take away those of what it ends."""
    if not recorded.stream.startswith(_CATEGORY):
        return
    match recorded.event:
        case TimeHeld() | TimeChanged() as event:
            respond_by = None if event.respond_by is None else event.respond_by.at
            deadline, stretch_by = deadline_of(event.limits).at, _stretch_by(event.spans)
            rows.put(OVERDUE, _row(recorded, event.hold_id, deadline, respond_by, stretch_by))
        case LimitsMoved() as event:
            _change(recorded, rows, event.hold_id, deadline=deadline_of(event.limits).at)
        case ConsentGiven() as event:
            _change(recorded, rows, event.hold_id, deadline=deadline_of(event.limits).at, respond_by=None)
        case ConsentCountered() as event:
            _change(recorded, rows, event.hold_id, respond_by=None)
        case ChallengeOpened() as event:
            rows.put(OVERDUE, _row(recorded, event.challenge_id, event.answer_by.at))
        case event:
            _project_left(recorded, rows, event)


def _project_left(recorded: Recorded, rows: Rows, event: Event) -> None:
    """What an event leaves to each hold that it takes time from, or gives a clock to."""
    if isinstance(event, ChallengeEnded) and not event.spans:
        rows.remove(OVERDUE, (recorded.tenant_id, event.challenge_id))
    for hold_id, spans in _left(event).items():
        if spans:
            _change(recorded, rows, hold_id, stretch_by=_stretch_by(spans))
        else:
            rows.remove(OVERDUE, (recorded.tenant_id, hold_id))


def _left(event: Event) -> Mapping[str, tuple[Held, ...]]:
    """By hold: its time after an event that says nothing of its limits."""
    match event:
        case TimeReleased() | TimeLapsed() | HoldPromoted() | PromotionKept() | ClocksStopped():
            return {event.hold_id: event.spans}
        case TimeBooked(hold_id=str() as hold_id) | ChallengeEnded(hold_id=str() as hold_id):
            return {hold_id: event.hold_spans}
        case Reordered():
            return event.spans
        case _:
            return {}


def _stretch_by(spans: Iterable[Held]) -> datetime | None:
    """The first clock that runs on a stretch."""
    clocks = (clock for span in spans for clock in (span.first_refusal, span.commitment) if clock is not None)
    return min((clock.at for clock in clocks), default=None)


def _row(
    recorded: Recorded,
    claim_id: str,
    deadline: datetime,
    respond_by: datetime | None = None,
    stretch_by: datetime | None = None,
) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "claim_id": claim_id,
        "artist_id": recorded.stream.removeprefix(_CATEGORY),
        "due_at": min(at for at in (deadline, respond_by, stretch_by) if at is not None),
        "deadline": deadline,
        "respond_by": respond_by,
        "stretch_by": stretch_by,
    }


def _change(recorded: Recorded, rows: Rows, claim_id: str, **changes: datetime | None) -> None:
    row = rows.get(OVERDUE, (recorded.tenant_id, claim_id))
    if row is None:
        raise LookupError(f"seq {recorded.seq} of {recorded.tenant_id}: no clock of {claim_id} runs")
    now = {**row, **changes}
    rows.put(OVERDUE, _row(recorded, claim_id, now["deadline"], now["respond_by"], now["stretch_by"]))


PROJECTION: Final = Projection(
    name="overdue", tables=(OVERDUE,), touches=touches, project=project, about=names(*CALENDAR.events)
)
