"""`GET /v1/policy`: the rules that the tenant's next command follows."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from domain.policy import Policy
from domain.tenant import TENANT
from read_api.answer import answer
from read_api.door import STAFF, reading
from read_api.errors import refusals
from read_api.past import stream
from read_api.shapes import Maybe, Shown
from read_api.tenant import Tenant

router = APIRouter(prefix="/v1/policy", tags=["policy"])

Policies = Annotated[Tenant, reading(may=STAFF)]


class PolicyShown(Shown):
    """The policy in force; version 0 is the preset that everybody begins with."""

    version: int = Field(description="What `If-Match` takes.")
    policy: Policy
    adopted_at: Maybe[datetime] = None
    adopted_by: Maybe[str] = None


@router.get("", operation_id="getPolicy", response_model=PolicyShown, responses=refusals())
async def get_policy(request: Request, tenant: Policies) -> Response:
    """The policy in force. Clocks that run keep the one under which they were started."""
    state, last = TENANT.initial, None
    async with tenant.connection() as connection:
        async for one in stream(connection, tenant, TENANT.stream(tenant.who.tenant_id).name):
            state, last = TENANT.evolve(state, one.event), one
    shown = PolicyShown(
        version=0 if last is None else last.version,
        policy=state.policy,
        adopted_at=None if last is None else last.recorded_at,
        adopted_by=None if last is None else last.actor,
    )
    return answer(request, shown, version=shown.version)
