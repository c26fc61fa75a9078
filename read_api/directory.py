"""`GET /v1/artists`, `/v1/projects` and `/v1/people`: the names behind the ids."""

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg.sql import SQL
from pydantic import AfterValidator, Field

from domain.artist import ConsentMode
from domain.errors import NotFound
from domain.money import Money
from read_api.answer import answer
from read_api.door import ARTISTS_TOO, STAFF, only_artist, reading
from read_api.errors import refusals
from read_api.listing import Limit, Listing, filtered
from read_api.shapes import Id, Maybe, Page, Shown
from read_api.tenant import Found, Tenant

router = APIRouter(prefix="/v1")

Artists = Annotated[Tenant, reading("directory", may=ARTISTS_TOO)]
Projects = Annotated[Tenant, reading("directory", may=STAFF)]
People = Annotated[Tenant, reading("directory", "activity", may=STAFF)]
ProjectStatus = Literal["open", "closed", "cancelled"]


def _printable(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain NUL")
    return text


Words = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
"""What somebody looks for."""

_ARTISTS: Final = SQL(
    """
    SELECT seq, artist_id, version, name, time_zone, subject, email, skills, day_rate, consent
    FROM artists
    WHERE tenant_id = %(tenant_id)s AND seq > %(after)s {}
    ORDER BY seq
    LIMIT %(most)s
    """
)
_ARTIST_FILTERS: Final = {
    "only": SQL("artist_id = %(only)s"),
    "q": SQL("strpos(lower(name), lower(%(q)s)) > 0"),
    "skill": SQL(
        """
        NOT EXISTS (
            SELECT
            FROM unnest(%(skill)s::text[]) AS wanted
            WHERE NOT EXISTS (SELECT FROM json_array_elements_text(skills) AS has WHERE lower(has) = lower(wanted))
        )
        """
    ),
}
_PROJECTS: Final = SQL(
    """
    SELECT seq, project_id, version, name, time_zone, first_day, last_day, budget, status
    FROM projects
    WHERE tenant_id = %(tenant_id)s AND seq > %(after)s {}
    ORDER BY seq
    LIMIT %(most)s
    """
)
_PROJECT_FILTERS: Final = {
    "q": SQL("strpos(lower(name), lower(%(q)s)) > 0"),
    "status": SQL("status = %(status)s"),
}


class ArtistShown(Shown):
    """An artist: a person, a room or a kit that can be held and booked."""

    id: Id
    version: int = Field(description="What `If-Match` takes.")
    name: str
    time_zone: str = Field(examples=["Europe/Berlin"])
    user: Maybe[str] = Field(default=None, description="The subject that the artist signs in as.")
    email: Maybe[str] = None
    skills: list[str]
    day_rate: Maybe[Money] = None
    consent: ConsentMode


class ProjectShown(Shown):
    """A project that artists are held and booked for."""

    id: Id
    version: int = Field(description="What `If-Match` takes.")
    name: str
    time_zone: str = Field(examples=["Europe/Berlin"])
    first_day: Maybe[date] = None
    last_day: Maybe[date] = None
    budget: Maybe[Money] = None
    status: ProjectStatus


class PersonShown(Shown):
    """Somebody who has done something, or is the user of an artist."""

    subject: str = Field(description="As in their tokens, and as `actor` in events.")
    since: datetime = Field(description="When they first appeared in the log.")
    last_acted_at: Maybe[datetime] = None
    artist_ids: list[Id] = Field(description="The artists that they sign in as.")


@router.get(
    "/artists/{id}",
    operation_id="getArtist",
    tags=["artists"],
    response_model=ArtistShown,
    responses=refusals(of_one=True),
)
async def get_artist(id: UUID, request: Request, tenant: Artists) -> Response:
    """One artist; an artist sees itself."""
    only = only_artist(tenant.who)
    async with tenant.connection(about=[f"artist/{id}"]) as connection:
        row = await connection.row(
            """
            SELECT artist_id, version, name, time_zone, subject, email, skills, day_rate, consent
            FROM artists
            WHERE tenant_id = %(tenant_id)s AND artist_id = %(artist_id)s
            """,
            {"tenant_id": tenant.who.tenant_id, "artist_id": id},
        )
    if row is None or only not in {None, row["artist_id"]}:
        raise NotFound("There is no such artist.")
    return answer(request, artist_shown(row), version=row["version"])


@router.get(
    "/artists", operation_id="listArtists", tags=["artists"], response_model=Page[ArtistShown], responses=refusals()
)
async def list_artists(
    *,
    request: Request,
    tenant: Artists,
    q: Annotated[Words | None, Query(description="A part of the name, in capitals or not.")] = None,
    skill: Annotated[list[Words] | None, Query(description="Each of these.", max_length=20)] = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Artists in the order in which they were added; an artist sees itself."""
    asked = {"only": only_artist(tenant.who), "q": q, "skill": skill}
    listing = Listing.of(tenant, cursor, limit, "/v1/artists", *asked.values())
    async with tenant.connection() as connection:
        rows = await connection.rows(
            filtered(_ARTISTS, _ARTIST_FILTERS, asked),
            {**asked, **listing.parameters, "tenant_id": tenant.who.tenant_id},
        )
    shown, more = listing.page(rows)
    items = [artist_shown(row) for row in shown]
    return answer(request, Page[ArtistShown](items=items, next_cursor=more))


@router.get(
    "/projects/{id}",
    operation_id="getProject",
    tags=["projects"],
    response_model=ProjectShown,
    responses=refusals(of_one=True),
)
async def get_project(id: UUID, request: Request, tenant: Projects) -> Response:
    """One project."""
    async with tenant.connection(about=[f"project/{id}"]) as connection:
        row = await connection.row(
            """
            SELECT project_id, version, name, time_zone, first_day, last_day, budget, status
            FROM projects
            WHERE tenant_id = %(tenant_id)s AND project_id = %(project_id)s
            """,
            {"tenant_id": tenant.who.tenant_id, "project_id": id},
        )
    if row is None:
        raise NotFound("There is no such project.")
    return answer(request, project_shown(row), version=row["version"])


@router.get(
    "/projects", operation_id="listProjects", tags=["projects"], response_model=Page[ProjectShown], responses=refusals()
)
async def list_projects(
    *,
    request: Request,
    tenant: Projects,
    q: Annotated[Words | None, Query(description="A part of the name, in capitals or not.")] = None,
    status: ProjectStatus | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Projects in the order in which they were opened."""
    asked = {"q": q, "status": status}
    listing = Listing.of(tenant, cursor, limit, "/v1/projects", *asked.values())
    async with tenant.connection() as connection:
        rows = await connection.rows(
            filtered(_PROJECTS, _PROJECT_FILTERS, asked),
            {**asked, **listing.parameters, "tenant_id": tenant.who.tenant_id},
        )
    shown, more = listing.page(rows)
    items = [project_shown(row) for row in shown]
    return answer(request, Page[ProjectShown](items=items, next_cursor=more))


@router.get(
    "/people", operation_id="listPeople", tags=["people"], response_model=Page[PersonShown], responses=refusals()
)
async def list_people(request: Request, tenant: People, cursor: str | None = None, limit: Limit = 50) -> Response:
    """Everybody who has done something, or is an artist's user, in the order in which they appeared."""
    listing = Listing.of(tenant, cursor, limit, "/v1/people")
    async with tenant.connection() as connection:
        rows = await connection.rows(
            """
            SELECT p.seq, p.subject, p.since, p.artist_ids, acted.recorded_at AS last_acted_at
            FROM people p
            LEFT JOIN LATERAL (
                SELECT recorded_at
                FROM activity
                WHERE tenant_id = p.tenant_id AND actor = p.subject
                ORDER BY seq DESC
                LIMIT 1
            ) AS acted ON true
            WHERE p.tenant_id = %(tenant_id)s AND (p.seq, p.subject) > (%(after)s, %(name)s)
            ORDER BY p.seq, p.subject
            LIMIT %(most)s
            """,
            {**listing.parameters, "tenant_id": tenant.who.tenant_id},
        )
    shown, more = listing.page(rows, name="subject")
    items = [
        PersonShown(
            subject=row["subject"],
            since=row["since"],
            last_acted_at=row["last_acted_at"],
            artist_ids=row["artist_ids"],
        )
        for row in shown
    ]
    return answer(request, Page[PersonShown](items=items, next_cursor=more))


def artist_shown(row: Found) -> ArtistShown:
    """The artist of `row`."""
    return ArtistShown(
        id=row["artist_id"],
        version=row["version"],
        name=row["name"],
        time_zone=row["time_zone"],
        user=row["subject"],
        email=row["email"],
        skills=row["skills"],
        day_rate=row["day_rate"],
        consent=row["consent"],
    )


def project_shown(row: Found) -> ProjectShown:
    """The project of `row`."""
    return ProjectShown(
        id=row["project_id"],
        version=row["version"],
        name=row["name"],
        time_zone=row["time_zone"],
        first_day=row["first_day"],
        last_day=row["last_day"],
        budget=row["budget"],
        status=row["status"],
    )
