"""`GET /v1/artists` and `GET /v1/projects`: the names behind the ids."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from domain.artist import ConsentMode
from domain.money import Money
from read_api.answer import answer
from read_api.cursor import cursor_after, seq_in
from read_api.door import ARTISTS_TOO, STAFF, only_artist, reading
from read_api.errors import refusals
from read_api.shapes import Id, Maybe, Page, Shown
from read_api.tenant import Tenant

router = APIRouter(prefix="/v1")

Artists = Annotated[Tenant, reading("directory", may=ARTISTS_TOO)]
Projects = Annotated[Tenant, reading("directory", may=STAFF)]


class ArtistShown(Shown):
    """An artist: a person, a room or a kit that can be held and booked."""

    id: Id
    version: int
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
    version: int
    name: str
    time_zone: str = Field(examples=["Europe/Berlin"])
    first_day: Maybe[date] = None
    last_day: Maybe[date] = None
    budget: Maybe[Money] = None
    status: Literal["open", "closed", "cancelled"]


@router.get(
    "/artists", operation_id="listArtists", tags=["artists"], response_model=Page[ArtistShown], responses=refusals()
)
async def list_artists(
    request: Request, tenant: Artists, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Response:
    """Artists in the order in which they were added; an artist sees itself."""
    only = only_artist(tenant.who)
    listed = ("/v1/artists", tenant.who.tenant_id)
    async with tenant.connection() as connection:
        rows = await connection.rows(
            """
            SELECT seq, artist_id, version, name, time_zone, subject, email, skills, day_rate, consent
            FROM artists
            WHERE tenant_id = %(tenant_id)s
                AND seq > %(after)s
                AND (%(only)s::uuid IS NULL OR artist_id = %(only)s::uuid)
            ORDER BY seq
            LIMIT %(most)s
            """,
            {"tenant_id": tenant.who.tenant_id, "after": seq_in(cursor, *listed), "only": only, "most": limit + 1},
        )
    items = [
        ArtistShown(
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
        for row in rows[:limit]
    ]
    more = cursor_after(rows[limit - 1]["seq"], *listed) if len(rows) > limit else None
    return answer(request, Page[ArtistShown](items=items, next_cursor=more))


@router.get(
    "/projects", operation_id="listProjects", tags=["projects"], response_model=Page[ProjectShown], responses=refusals()
)
async def list_projects(
    request: Request, tenant: Projects, cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Response:
    """Projects in the order in which they were opened."""
    listed = ("/v1/projects", tenant.who.tenant_id)
    async with tenant.connection() as connection:
        rows = await connection.rows(
            """
            SELECT seq, project_id, version, name, time_zone, first_day, last_day, budget, status
            FROM projects
            WHERE tenant_id = %(tenant_id)s AND seq > %(after)s
            ORDER BY seq
            LIMIT %(most)s
            """,
            {"tenant_id": tenant.who.tenant_id, "after": seq_in(cursor, *listed), "most": limit + 1},
        )
    items = [
        ProjectShown(
            id=row["project_id"],
            version=row["version"],
            name=row["name"],
            time_zone=row["time_zone"],
            first_day=row["first_day"],
            last_day=row["last_day"],
            budget=row["budget"],
            status=row["status"],
        )
        for row in rows[:limit]
    ]
    more = cursor_after(rows[limit - 1]["seq"], *listed) if len(rows) > limit else None
    return answer(request, Page[ProjectShown](items=items, next_cursor=more))
