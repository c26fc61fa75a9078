"""Every job there ever was: what it needs, and who is booked for it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from domain.job import JOB, JobClosed, JobFilled, JobOpened, JobRederived, JobVacated
from domain.spans import Span
from domain.worked import Run, days, fewest, minutes, runs
from projections.begun import begun
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

JOBS: Final = Table(
    name="jobs",
    key=("tenant_id", "job_id"),
    columns={
        "tenant_id": "uuid",
        "job_id": "uuid",
        "seq": "bigint",
        "version": "integer",
        "project_id": "uuid",
        "role": "text",
        "status": "text",
        "quantity": "integer",
        "booked": "integer",
        "days": "integer",
        "minutes": "integer",
        "details": "json",
    },
)
"""`status` is open or closed, `seq` where the job came into the log, `booked` how many are booked on every day of it.

`days` and `minutes` are the work of one of its places. `details` are its time, its skills, and who fills it when.
"""

_JOB: Final = "job/"


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The job that an event after its first is about."""
    if not recorded.stream.startswith(_JOB) or isinstance(recorded.event, JobOpened):
        return []
    return [(JOBS, (recorded.tenant_id, recorded.stream.removeprefix(_JOB)))]


def project(recorded: Recorded, rows: Rows) -> None:
    """A job is opened, filled, vacated, closed; what happens to its groups counts as a version."""
    if not recorded.stream.startswith(_JOB):
        return
    if isinstance(recorded.event, JobOpened):
        rows.put(JOBS, _opened(recorded, recorded.event))
        return
    row = begun(rows, JOBS, recorded, recorded.stream.removeprefix(_JOB))
    rows.put(JOBS, {**row, "version": recorded.version, **_changes(recorded, row)})


def _opened(recorded: Recorded, opened: JobOpened) -> Row:
    work = runs(opened.spans)
    return {
        "tenant_id": recorded.tenant_id,
        "job_id": recorded.stream.removeprefix(_JOB),
        "seq": recorded.seq,
        "version": recorded.version,
        "project_id": opened.project_id,
        "role": opened.role,
        "status": "open",
        "quantity": opened.quantity,
        "booked": 0,
        "days": days(work),
        "minutes": minutes(work),
        "details": {
            "spans": opened.spans,
            "work": _said(work),
            "skills": opened.skills,
            "opened_at": recorded.recorded_at,
            "opened_by": recorded.actor,
            "filled": {},
        },
    }


def _changes(recorded: Recorded, row: Row) -> Row:
    filled: Mapping[str, Any] = row["details"]["filled"]
    match recorded.event:
        case JobClosed():
            return {"status": "closed"}
        case JobFilled() as event:
            place = {"artist_id": event.artist_id, "work": _said(runs(event.spans))}
            return _filled(row, {**filled, event.booking_id: place})
        case JobRederived() as event:
            return {"details": {**row["details"], "spans": event.spans}}
        case JobVacated() as event:
            others = {id: place for id, place in filled.items() if id != event.booking_id}
            return _filled(row, {**others, **_left(event.booking_id, filled, event.spans)})
        case _:
            return {}


def _left(booking_id: str, filled: Mapping[str, Any], spans: tuple[Span, ...]) -> Mapping[str, Any]:
    return {booking_id: {**filled[booking_id], "work": _said(runs(spans))}} if spans else {}


def _filled(row: Row, filled: Mapping[str, Any]) -> Row:
    """The columns once that is who fills the job."""
    details = {**row["details"], "filled": filled}
    booked = fewest([_work(place["work"]) for place in filled.values()], _work(details["work"]))
    return {"booked": booked, "details": details}


def _said(work: Iterable[Run]) -> list[list[Any]]:
    """As JSON keeps it; the same before it was stored and after."""
    return [[run.first_day.isoformat(), run.last_day.isoformat(), run.minutes] for run in work]


def _work(said: Iterable[list[Any]]) -> list[Run]:
    return [Run(date.fromisoformat(first), date.fromisoformat(last), count) for first, last, count in said]


PROJECTION: Final = Projection(name="jobs", tables=(JOBS,), touches=touches, project=project, about=names(*JOB.events))
