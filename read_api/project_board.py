"""`GET /v1/projects/{id}/board`: a project's jobs and what they have come to, its cost against its budget."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from domain.errors import NotFound
from domain.money import Money
from read_api.answer import answer
from read_api.directory import ProjectShown, project_shown
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.held import Held, by_job, held_for
from read_api.job_shown import JobShown, job_shown
from read_api.listing import Limit, Listing
from read_api.shapes import Amount, Maybe, Shown
from read_api.tenant import Connection, Found, Tenant

router = APIRouter(prefix="/v1/projects", tags=["projects"])

Boards = Annotated[Tenant, reading("project_board", "jobs", "holds", "artist_calendar", "directory", may=STAFF)]


class Sums(Shown):
    """Holds and bookings added up."""

    holds: int
    held_hours: float = Field(description="A whole day is 8.")
    bookings: int = Field(description="Those that stand on a calendar.")
    booked_days: int
    booked_hours: float
    cost: list[Amount] = Field(description="Days at their rates, one amount a currency.")
    fees: list[Amount] = Field(description="What cancelling has cost.")


class JobOnBoard(Shown):
    """A job with what it comes to."""

    job: JobShown
    sums: Sums


class BoardShown(Shown):
    """A project's jobs, a page of them, and all of the project added up."""

    project: ProjectShown
    jobs: list[JobOnBoard]
    without_job: Sums = Field(description="What is held and booked for the project and for no job of it.")
    total: Sums = Field(description="Of all its jobs, on whichever page, and of none.")
    left: Maybe[Amount] = Field(
        default=None, description="The budget less cost and fees in its currency; below zero is over it."
    )
    next_cursor: str | None = Field(description="Give it as `cursor` for more jobs; null at their end.")


@router.get("/{id}/board", operation_id="getProjectBoard", response_model=BoardShown, responses=refusals(of_one=True))
async def get_project_board(
    id: UUID,
    request: Request,
    tenant: Boards,
    cursor: str | None = None,
    limit: Limit = 200,
) -> Response:
    """A project's jobs with needed, held, booked and open, and hours and money added up per job and in all."""
    return answer(request, await board_of(tenant, id, cursor, limit))


async def board_of(tenant: Tenant, id: UUID, cursor: str | None = None, limit: int = 200) -> BoardShown:
    """The board of one project, with at most `limit` jobs.

    Raises:
        NotFound: there is no such project.
    """
    listing = Listing.of(tenant, cursor, limit, "/v1/projects/{id}/board", id)
    of = {"tenant_id": tenant.who.tenant_id, "project_id": id}
    async with tenant.connection() as connection:
        project = await connection.row(
            """
            SELECT project_id, version, name, time_zone, first_day, last_day, budget, status
            FROM projects
            WHERE tenant_id = %(tenant_id)s AND project_id = %(project_id)s
            """,
            of,
        )
        if project is None:
            raise NotFound("There is no such project.")
        rows = await connection.rows(
            """
            SELECT job_id, seq, version, project_id, role, status, quantity, booked, days, minutes, details
            FROM jobs
            WHERE tenant_id = %(tenant_id)s AND project_id = %(project_id)s AND seq > %(after)s
            ORDER BY seq
            LIMIT %(most)s
            """,
            {**of, **listing.parameters},
        )
        held = await held_for(connection, tenant, [str(id)])
        lines = await _lines(connection, of)
    holds, jobs = by_job(held), list[JobOnBoard]()
    on_page, more = listing.page(rows)
    for row in on_page:
        theirs = holds.get(row["job_id"], [])
        jobs.append(JobOnBoard(job=job_shown(row, theirs), sums=_sums(theirs, _of(row["job_id"], lines))))
    shown = project_shown(project)
    total = _sums(held, lines)
    return BoardShown(
        project=shown,
        jobs=jobs,
        without_job=_sums(holds.get(None, []), _of(None, lines)),
        total=total,
        left=None if shown.budget is None else _left(shown.budget, total),
        next_cursor=more,
    )


async def _lines(connection: Connection, of: dict[str, Any]) -> list[Found]:
    """What is booked for the project, by job and currency."""
    return await connection.rows(
        """
        SELECT job_id, currency, count(*) FILTER (WHERE days > 0) AS bookings, sum(days) AS days,
               sum(minutes) AS minutes, sum(days * rate) AS cost, sum(fees) AS fees
        FROM project_board
        WHERE tenant_id = %(tenant_id)s AND project_id = %(project_id)s
        GROUP BY job_id, currency
        ORDER BY currency
        """,
        of,
    )


def _of(job_id: str | None, lines: Iterable[Found]) -> list[Found]:
    return [line for line in lines if line["job_id"] == job_id]


def _sums(held: Sequence[Held], lines: Sequence[Found]) -> Sums:
    return Sums(
        holds=len(held),
        held_hours=sum(hold.hours for hold in held),
        bookings=sum(line["bookings"] for line in lines),
        booked_days=sum(line["days"] for line in lines),
        booked_hours=sum(line["minutes"] for line in lines) / 60,
        cost=_money(lines, "cost"),
        fees=_money(lines, "fees"),
    )


def _money(lines: Iterable[Found], of: str) -> list[Amount]:
    amounts: dict[str, Decimal] = {}
    for line in lines:
        if line["currency"] is not None and line[of]:
            amounts[line["currency"]] = amounts.get(line["currency"], Decimal(0)) + line[of]
    return [Amount(amount=amount, currency=currency) for currency, amount in amounts.items()]


def _left(budget: Money, total: Sums) -> Amount:
    spent = (money.amount for money in (*total.cost, *total.fees) if money.currency == budget.currency)
    return Amount(amount=budget.amount - sum(spent), currency=budget.currency)
