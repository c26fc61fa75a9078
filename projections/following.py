"""What has been decided that other calendars have to follow, and what is in each project for that.

The process that carries the decisions out finds both here, each at least as of the decision: they are written in one
transaction. How far it has come is not in here, so that a rebuild of this read model makes nothing happen again.
"""

from collections.abc import Iterable
from typing import Final

from domain.booking import BookingCancelled, BookingCompleted, BookingMade, BookingUnconfirmed
from domain.calendar import TimeBooked, TimeLapsed, TimeReleased
from domain.event import Event
from domain.groups import GroupDecided
from domain.hold import HoldPlaced
from domain.job import JobClosed, JobOpened
from domain.project import ProjectCancelled
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

DECISIONS: Final = Table(
    name="decisions",
    key=("tenant_id", "seq"),
    columns={
        "tenant_id": "uuid",
        "seq": "bigint",
        "event_id": "uuid",
        "type": "text",
        "subject_id": "uuid",
        "correlation_id": "text",
        "decided": "json",
    },
)
"""The event, with the id of its stream: a group was decided, or a project was cancelled."""

CONTENTS: Final = Table(
    name="project_contents",
    key=("tenant_id", "id"),
    columns={"tenant_id": "uuid", "id": "uuid", "project_id": "uuid", "kind": "text"},
)
"""What has not ended; `kind` is hold, booking or job."""


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:  # noqa: ARG001 - as every projection has it
    """Nothing: rows are put and taken away, whatever they were."""
    return ()


def project(recorded: Recorded, rows: Rows) -> None:
    """Contents come and go; decisions stay."""
    match recorded.event:
        case GroupDecided() | ProjectCancelled():
            rows.put(DECISIONS, _decision(recorded))
        case HoldPlaced() as placed:
            rows.put(CONTENTS, _content(recorded, placed.project_id, "hold"))
        case BookingMade() as made:
            rows.put(CONTENTS, _content(recorded, made.project_id, "booking"))
        case JobOpened() as opened:
            rows.put(CONTENTS, _content(recorded, opened.project_id, "job"))
        case event:
            for id in _ended(recorded, event):
                rows.remove(CONTENTS, (recorded.tenant_id, id))


def _ended(recorded: Recorded, event: Event) -> Iterable[str]:
    """What an event ends."""
    match event:
        case TimeLapsed(spans=()) | TimeReleased(spans=()):
            return (event.hold_id,)
        case TimeBooked(hold_id=str() as hold_id, hold_spans=()):
            return (hold_id,)
        case BookingCancelled(periods=None) | BookingUnconfirmed() | BookingCompleted() | JobClosed():
            return (_id(recorded),)
        case _:
            return ()


def _content(recorded: Recorded, project_id: str, kind: str) -> Row:
    return {"tenant_id": recorded.tenant_id, "id": _id(recorded), "project_id": project_id, "kind": kind}


def _decision(recorded: Recorded) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "seq": recorded.seq,
        "event_id": recorded.event_id,
        "type": recorded.type,
        "subject_id": _id(recorded),
        "correlation_id": recorded.correlation_id,
        "decided": recorded.event.model_dump(mode="json"),
    }


def _id(recorded: Recorded) -> str:
    return recorded.stream.partition("/")[2]


PROJECTION: Final = Projection(
    name="following",
    tables=(DECISIONS, CONTENTS),
    touches=touches,
    project=project,
    about=names(
        GroupDecided,
        ProjectCancelled,
        HoldPlaced,
        TimeLapsed,
        TimeReleased,
        TimeBooked,
        BookingMade,
        BookingCancelled,
        BookingUnconfirmed,
        BookingCompleted,
        JobOpened,
        JobClosed,
    ),
)
