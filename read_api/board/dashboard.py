"""`/board/dashboard`: how busy everybody is, and what presses, to be looked at rather than read."""

from collections import Counter
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response

from read_api.board.busy import WEEKS, busy_from
from read_api.board.page import PageRoute, page
from read_api.board.pressing import conflicts, due_next, ends_by_day, requests
from read_api.board.reached import reached
from read_api.dashboard import dashboard
from read_api.door import STAFF, reading
from read_api.tenant import Tenant

router = APIRouter(prefix="/board", include_in_schema=False, route_class=PageRoute)

Board = Annotated[Tenant, reading("artist_calendar", "directory", "jobs", "time_off", "bookings", may=STAFF)]


@router.get("/dashboard")
async def get_dashboard(request: Request, tenant: Board) -> Response:
    """Counts as `/v1/dashboard` has them, from Redis or from Postgres; charts and lists from Postgres."""
    counts = await dashboard(tenant)
    monday = counts.week.first_day
    async with tenant.connection() as connection:
        busy = await busy_from(connection, tenant, monday)
        due = await due_next(connection, tenant, counts.deadlines.next)
        ends = await ends_by_day(connection, tenant)
        clashes = await conflicts(connection, tenant)
        asked = await requests(connection, tenant)
        seq = await reached(connection, tenant)
    return page(
        request,
        "dashboard.html",
        counts=counts,
        by_rank=Counter({one.rank: one.holds for one in counts.holds.by_rank}),
        weeks=busy.weeks,
        heat=busy.heat,
        mondays=[monday + timedelta(weeks=n) for n in range(WEEKS)],
        due=due,
        ends=ends,
        most_ends=max(4, *(count for _, count in ends)),
        clashes=clashes,
        to_decide=[*clashes, *asked],
        seq=seq,
    )
