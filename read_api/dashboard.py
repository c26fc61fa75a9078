"""`GET /v1/dashboard`: live counts, at the database's now; from Redis, or from Postgres when Redis has none."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from read_api import dashboard_in_postgres, dashboard_in_redis
from read_api.answer import answer, answer_bytes
from read_api.dashboard_shown import DashboardShown
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.keys import KeysUnavailable
from read_api.tenant import Tenant

router = APIRouter(prefix="/v1/dashboard", tags=["dashboard"])

Claims = Annotated[Tenant, reading("artist_calendar", "jobs", "directory", may=STAFF)]


@router.get("", operation_id="getDashboard", response_model=DashboardShown, responses=refusals())
async def get_dashboard(request: Request, tenant: Claims) -> Response:
    """Holds by rank, deadlines within 24 hours, open challenges, this week's bookings, open jobs, utilisation.

    A week is that of the database's date in UTC, from Monday; bookings and days count in it by their own local days.
    """
    if tenant.seen is not None:
        return answer(request, await dashboard(tenant))
    asked = ("/v1/dashboard", tenant.who.tenant_id)
    return answer_bytes(request, await tenant.reads.together.ask(asked, lambda: _body(tenant)))


async def _body(tenant: Tenant) -> bytes:
    return (await dashboard(tenant)).model_dump_json().encode()


async def dashboard(tenant: Tenant) -> DashboardShown:
    """The dashboard of a tenant.

    Raises:
        ForeignToken, ReadModelBehind, StreamParked: see `Tenant.connection`.
    """
    try:
        return await dashboard_in_redis.dashboard(tenant)
    except KeysUnavailable:
        return await dashboard_in_postgres.dashboard(tenant)
