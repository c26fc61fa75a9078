"""`/board/projects` and one of them: what is needed, held and booked for each job, and what it costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from domain.money import Money
from read_api.board.page import PageRoute, page
from read_api.board.reached import reached
from read_api.door import STAFF, reading
from read_api.project_board import BoardShown, board_of
from read_api.shapes import Amount
from read_api.tenant import Tenant

router = APIRouter(prefix="/board/projects", include_in_schema=False, route_class=PageRoute)

Boards = Annotated[
    Tenant, reading("project_board", "jobs", "holds", "bookings", "artist_calendar", "directory", may=STAFF)
]


@dataclass(frozen=True, slots=True)
class Spent:
    """Cost and fees as a share of the budget, at most 1 for drawing; `over` when it is more."""

    amount: Decimal
    share: float
    over: bool


@router.get("")
async def get_projects(request: Request, tenant: Boards) -> Response:
    """Every project, the open ones first."""
    async with tenant.connection() as connection:
        projects = await connection.rows(
            """
            SELECT p.project_id, p.name, p.first_day, p.last_day, p.status,
                   (SELECT count(*)
                    FROM jobs j
                    WHERE j.tenant_id = p.tenant_id AND j.project_id = p.project_id AND j.status = 'open') AS jobs,
                   (SELECT coalesce(sum(greatest(j.quantity - j.booked, 0)), 0)
                    FROM jobs j
                    WHERE j.tenant_id = p.tenant_id AND j.project_id = p.project_id AND j.status = 'open') AS open,
                   (SELECT coalesce(sum(j.quantity), 0)
                    FROM jobs j
                    WHERE j.tenant_id = p.tenant_id AND j.project_id = p.project_id AND j.status = 'open') AS needed
            FROM projects p
            WHERE p.tenant_id = %(tenant_id)s
            ORDER BY p.status <> 'open', p.seq
            LIMIT 500
            """,
            {"tenant_id": tenant.who.tenant_id},
        )
        seq = await reached(connection, tenant)
    return page(request, "projects.html", projects=projects, seq=seq)


@router.get("/{id}")
async def get_project(id: UUID, request: Request, tenant: Boards) -> Response:
    """One project's board, with the names of those who fill its jobs."""
    board = await board_of(tenant, id)
    async with tenant.connection() as connection:
        people = await connection.rows(
            """
            SELECT a.artist_id AS id, a.name
            FROM artists a
            WHERE a.tenant_id = %(tenant_id)s AND a.artist_id = ANY (%(artist_ids)s::uuid[])
            """,
            {"tenant_id": tenant.who.tenant_id, "artist_ids": _booked(board)},
        )
        holders = await connection.rows(
            """
            SELECT h.hold_id AS id, a.name
            FROM holds h
            JOIN artists a ON a.tenant_id = h.tenant_id AND a.artist_id = h.artist_id
            WHERE h.tenant_id = %(tenant_id)s AND h.hold_id = ANY (%(hold_ids)s::uuid[])
            """,
            {"tenant_id": tenant.who.tenant_id, "hold_ids": [id for one in board.jobs for id in one.job.hold_ids]},
        )
        postponed = await connection.rows(
            """
            SELECT b.booking_id, a.name AS artist
            FROM bookings b
            JOIN artists a ON a.tenant_id = b.tenant_id AND a.artist_id = b.artist_id
            WHERE b.tenant_id = %(tenant_id)s AND b.project_id = %(project_id)s AND b.status = 'postponed'
            ORDER BY b.seq
            LIMIT 100
            """,
            {"tenant_id": tenant.who.tenant_id, "project_id": id},
        )
        seq = await reached(connection, tenant)
    names = {row["id"]: row["name"] for row in (*people, *holders)}
    budget = board.project.budget
    spent = None if budget is None else _spent(budget, (*board.total.cost, *board.total.fees))
    return page(request, "project.html", board=board, names=names, spent=spent, postponed=postponed, seq=seq)


def _booked(board: BoardShown) -> list[str]:
    return [booking.artist_id for one in board.jobs for booking in one.job.bookings]


def _spent(budget: Money, amounts: Iterable[Amount]) -> Spent:
    amount = sum((one.amount for one in amounts if one.currency == budget.currency), Decimal(0))
    share = float(amount / budget.amount) if budget.amount else 1.0
    return Spent(amount, min(share, 1.0), share > 1)
