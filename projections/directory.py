"""The names behind the ids: a tenant's artists, projects and people, in the order in which they came."""

from collections.abc import Iterable
from typing import Final

from pydantic_core import to_jsonable_python

from domain.artist import ArtistAdded
from domain.project import ProjectCancelled, ProjectClosed, ProjectOpened
from projections.projection import Projection
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

ARTISTS = Table(
    name="artists",
    key=("tenant_id", "artist_id"),
    columns={
        "tenant_id": "uuid",
        "artist_id": "uuid",
        "seq": "bigint",
        "version": "integer",
        "name": "text",
        "time_zone": "text",
        "subject": "text",
        "email": "text",
        "skills": "json",
        "day_rate": "json",
        "consent": "text",
    },
)
"""`subject` is the user that the artist signs in as; `seq` is where the artist came into the log."""

PROJECTS = Table(
    name="projects",
    key=("tenant_id", "project_id"),
    columns={
        "tenant_id": "uuid",
        "project_id": "uuid",
        "seq": "bigint",
        "version": "integer",
        "name": "text",
        "time_zone": "text",
        "first_day": "date",
        "last_day": "date",
        "budget": "json",
        "status": "text",
    },
)
"""`status` is open, closed or cancelled."""

PEOPLE = Table(
    name="people",
    key=("tenant_id", "subject"),
    columns={
        "tenant_id": "uuid",
        "subject": "text",
        "seq": "bigint",
        "since": "timestamptz",
        "artist_ids": "json",
    },
)
"""Whoever has done something, or is the user of an artist: by the subject of their tokens. `seq` is where first."""


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """Whoever acts, an artist's user, and the project that an event after its first is about."""
    tenant_id, event = recorded.tenant_id, recorded.event
    keys: list[tuple[Table, Key]] = [(PEOPLE, (tenant_id, recorded.actor))]
    match event:
        case ArtistAdded(user=str() as user):
            keys.append((PEOPLE, (tenant_id, user)))
        case ProjectClosed() | ProjectCancelled():
            keys.append((PROJECTS, (tenant_id, _id(recorded))))
        case _:
            pass
    return keys


def project(recorded: Recorded, rows: Rows) -> None:
    """People appear; artists come; projects come, close and are cancelled."""
    if rows.get(PEOPLE, (recorded.tenant_id, recorded.actor)) is None:
        rows.put(PEOPLE, _person(recorded, recorded.actor))
    match recorded.event:
        case ArtistAdded() as added:
            rows.put(ARTISTS, _artist(recorded, added))
            if added.user is not None:
                _link(recorded, rows, added.user)
        case ProjectOpened() as opened:
            rows.put(PROJECTS, _project(recorded, opened))
        case ProjectClosed():
            _end(recorded, rows, "closed")
        case ProjectCancelled():
            _end(recorded, rows, "cancelled")
        case _:
            pass


def _person(recorded: Recorded, subject: str) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "subject": subject,
        "seq": recorded.seq,
        "since": recorded.recorded_at,
        "artist_ids": [],
    }


def _link(recorded: Recorded, rows: Rows, user: str) -> None:
    row = rows.get(PEOPLE, (recorded.tenant_id, user)) or _person(recorded, user)
    rows.put(PEOPLE, {**row, "artist_ids": [*row["artist_ids"], _id(recorded)]})


def _artist(recorded: Recorded, added: ArtistAdded) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "artist_id": _id(recorded),
        "seq": recorded.seq,
        "version": recorded.version,
        "name": added.name,
        "time_zone": added.time_zone,
        "subject": added.user,
        "email": added.email,
        "skills": added.skills,
        "day_rate": to_jsonable_python(added.day_rate),
        "consent": added.consent,
    }


def _project(recorded: Recorded, opened: ProjectOpened) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "project_id": _id(recorded),
        "seq": recorded.seq,
        "version": recorded.version,
        "name": opened.name,
        "time_zone": opened.time_zone,
        "first_day": opened.first_day,
        "last_day": opened.last_day,
        "budget": to_jsonable_python(opened.budget),
        "status": "open",
    }


def _end(recorded: Recorded, rows: Rows, status: str) -> None:
    row = rows.get(PROJECTS, (recorded.tenant_id, _id(recorded)))
    if row is None:
        raise LookupError(f"{recorded.stream} ends before it was opened")
    rows.put(PROJECTS, {**row, "version": recorded.version, "status": status})


def _id(recorded: Recorded) -> str:
    return recorded.stream.partition("/")[2]


PROJECTION: Final = Projection(name="directory", tables=(ARTISTS, PROJECTS, PEOPLE), touches=touches, project=project)
