"""`GET /v1/challenges` and `GET /v1/challenges/{id}`: who asks whom to book or let go, and what came of it."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from psycopg.sql import SQL
from pydantic import Field, TypeAdapter

from domain.challenge import Answer, Outcome
from domain.clocks import Clock
from domain.errors import NotFound
from read_api.answer import answer
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.listing import Limit, Listing, filtered
from read_api.shapes import Deadline, Id, Maybe, Page, Shown, Time, stored_times
from read_api.tenant import Found, Tenant

router = APIRouter(prefix="/v1/challenges", tags=["challenges"])

Challenges = Annotated[Tenant, reading("challenges", may=STAFF)]
Status = Literal["open", "decided"]

_CLOCK: Final = TypeAdapter(Clock)
_FILTERS: Final = {
    "artist_id": SQL("artist_id = %(artist_id)s"),
    "project_id": SQL("project_id = %(project_id)s"),
    "status": SQL("status = %(status)s"),
}
# One without a project is not on its calendar yet: half of a command that is being applied.
_LIST: Final = SQL(
    """
    SELECT challenge_id, seq, version, artist_id, hold_id, project_id, status, details
    FROM challenges
    WHERE tenant_id = %(tenant_id)s AND seq > %(after)s AND project_id IS NOT NULL {}
    ORDER BY seq
    LIMIT %(most)s
    """
)


class AnswerShown(Shown):
    """What somebody challenged would do; it binds once everybody above has let go."""

    hold_id: Id
    answer: Answer
    periods: list[Time]
    at: datetime
    actor: str


class OutcomeShown(Shown):
    """What came of it on some of the time."""

    outcome: Outcome
    periods: list[Time]
    at: datetime


class ChallengeOne(Shown):
    """A challenge; one past its `answer_by` is open until its outcome is recorded."""

    id: Id
    version: int = Field(description="What `If-Match` takes.")
    status: Status
    artist_id: Id
    hold_id: Id = Field(description="The challenger's.")
    project_id: Id = Field(description="The challenger's.")
    periods: list[Time] = Field(description="What is contested still.")
    challenged: list[Id] = Field(description="The holds above, whose answers are wanted.")
    answer_by: Deadline
    answers: list[AnswerShown]
    outcomes: list[OutcomeShown]
    note: Maybe[str] = None
    raised_at: datetime
    raised_by: str


@router.get("/{id}", operation_id="getChallenge", response_model=ChallengeOne, responses=refusals(of_one=True))
async def get_challenge(id: UUID, request: Request, tenant: Challenges) -> Response:
    """One challenge: the answers so far, and what came of it."""
    async with tenant.connection(about=[f"challenge/{id}"]) as connection:
        row = await connection.row(
            """
            SELECT challenge_id, version, artist_id, hold_id, project_id, status, details
            FROM challenges
            WHERE tenant_id = %(tenant_id)s AND challenge_id = %(challenge_id)s AND project_id IS NOT NULL
            """,
            {"tenant_id": tenant.who.tenant_id, "challenge_id": id},
        )
        if row is None:
            raise NotFound("There is no such challenge.")
        connection.vouch_for(f"calendar/{row['artist_id']}")
    return answer(request, _shown(row), version=row["version"])


@router.get("", operation_id="listChallenges", response_model=Page[ChallengeOne], responses=refusals())
async def list_challenges(
    *,
    request: Request,
    tenant: Challenges,
    artist_id: UUID | None = None,
    project_id: Annotated[UUID | None, Query(description="The challenger's.")] = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: Limit = 50,
) -> Response:
    """Challenges in the order in which they were raised."""
    asked = {"artist_id": artist_id, "project_id": project_id, "status": status}
    listing = Listing.of(tenant, cursor, limit, "/v1/challenges", *asked.values())
    async with tenant.connection() as connection:
        rows = await connection.rows(
            filtered(_LIST, _FILTERS, asked), {**asked, **listing.parameters, "tenant_id": tenant.who.tenant_id}
        )
    shown, more = listing.page(rows)
    return answer(request, Page[ChallengeOne](items=[_shown(row) for row in shown], next_cursor=more))


def _shown(row: Found) -> ChallengeOne:
    details = row["details"]
    return ChallengeOne(
        id=row["challenge_id"],
        version=row["version"],
        status=row["status"],
        artist_id=row["artist_id"],
        hold_id=row["hold_id"],
        project_id=row["project_id"],
        periods=stored_times(details["spans"]),
        challenged=details["challenged"],
        answer_by=Deadline.of(_CLOCK.validate_python(details["answer_by"])),
        answers=[
            AnswerShown(
                hold_id=one["hold_id"],
                answer=one["answer"],
                periods=stored_times(one["spans"]),
                at=one["at"],
                actor=one["actor"],
            )
            for one in details["answers"]
        ],
        outcomes=[
            OutcomeShown(outcome=one["outcome"], periods=stored_times(one["spans"]), at=one["at"])
            for one in details["outcomes"]
        ],
        note=details.get("note"),
        raised_at=details["raised_at"],
        raised_by=details["raised_by"],
    )
