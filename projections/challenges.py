"""Every challenge there ever was: who asks whom to book or let go, what was answered, and what came of it."""

from collections.abc import Iterable
from typing import Final

from pydantic_core import to_jsonable_python

from domain.calendar import CALENDAR
from domain.challenge import (
    CHALLENGE,
    AnswerGiven,
    ChallengeAnswered,
    ChallengeEnded,
    ChallengeOpened,
    ChallengeRaised,
    ChallengeWithdrawn,
)
from domain.rederived import ContestRederived
from projections.begun import begun
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

CHALLENGES: Final = Table(
    name="challenges",
    key=("tenant_id", "challenge_id"),
    columns={
        "tenant_id": "uuid",
        "challenge_id": "uuid",
        "seq": "bigint",
        "version": "integer",
        "artist_id": "uuid",
        "hold_id": "uuid",
        "project_id": "uuid",
        "status": "text",
        "details": "json",
    },
)
"""`status` is open or decided; `hold_id` and `project_id` are the challenger's, `seq` where it came into the log.

`details` are the time that is contested still, who is challenged until when, their answers, and the outcomes.
"""

_CHALLENGE: Final = "challenge/"
_OWN: Final = frozenset({AnswerGiven, ChallengeWithdrawn})
_ON_CALENDAR: Final = frozenset({ChallengeOpened, ChallengeAnswered, ChallengeEnded})


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The challenges that an event changes; one that is raised needs no looking up."""
    return [(CHALLENGES, (recorded.tenant_id, id)) for id in _changed(recorded)]


def project(recorded: Recorded, rows: Rows) -> None:
    """A challenge is raised, opens on the calendar, is answered, withdrawn, decided stretch by stretch."""
    if isinstance(recorded.event, ChallengeRaised):
        rows.put(CHALLENGES, _raised(recorded, recorded.event))
    for id in _changed(recorded):
        row = begun(rows, CHALLENGES, recorded, id)
        rows.put(CHALLENGES, {**row, **_changes(recorded, row)})


def _changed(recorded: Recorded) -> Iterable[str]:
    kind = type(recorded.event)
    if kind in _OWN:
        return (recorded.stream.removeprefix(_CHALLENGE),)
    if kind in _ON_CALENDAR:
        return (recorded.event.challenge_id,)  # type: ignore[attr-defined]  # each of these has one
    return recorded.event.spans if isinstance(recorded.event, ContestRederived) else ()


def _raised(recorded: Recorded, raised: ChallengeRaised) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "challenge_id": recorded.stream.removeprefix(_CHALLENGE),
        "seq": recorded.seq,
        "version": recorded.version,
        "artist_id": raised.artist_id,
        "hold_id": raised.hold_id,
        "project_id": None,
        "status": "open",
        "details": {
            "raised_at": recorded.recorded_at,
            "raised_by": recorded.actor,
            "note": raised.note,
            "spans": (),
            "challenged": (),
            "answer_by": None,
            "answers": [],
            "outcomes": [],
        },
    }


def _changes(recorded: Recorded, row: Row) -> Row:
    """The columns that an event changes; only what was done to the challenge itself counts as a version."""
    details: Row = row["details"]
    match recorded.event:
        case ChallengeOpened() as opened:
            clock = to_jsonable_python(opened.answer_by)
            said = {"spans": opened.spans, "challenged": opened.challenged, "answer_by": clock}
            return {"project_id": opened.project_id, "details": {**details, **said}}
        case ChallengeAnswered() as answered:
            answer = {
                "hold_id": answered.hold_id,
                "answer": answered.answer,
                "spans": answered.spans,
                "at": recorded.recorded_at,
                "actor": recorded.actor,
            }
            return {"details": {**details, "answers": [*details["answers"], answer]}}
        case ChallengeEnded() as ended:
            outcome = {"outcome": ended.outcome, "spans": ended.ended, "at": recorded.recorded_at}
            outcomes = [*details["outcomes"], outcome]
            status = "open" if ended.spans else "decided"
            return {"status": status, "details": {**details, "spans": ended.spans, "outcomes": outcomes}}
        case ContestRederived() as moved:
            return {"details": {**details, "spans": moved.spans[row["challenge_id"]]}}
        case _:
            return {"version": recorded.version}


PROJECTION: Final = Projection(
    name="challenges",
    tables=(CHALLENGES,),
    touches=touches,
    project=project,
    about=names(*CHALLENGE.events, *CALENDAR.events),
)
