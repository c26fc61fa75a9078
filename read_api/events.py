"""`GET /v1/events`: the tenant's log, exactly as it is stored, for auditors and integrations."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from pydantic_core import to_json

from domain.permission import Permission
from read_api.answer import answer_bytes
from read_api.door import reading
from read_api.errors import refusals
from read_api.shapes import Id, Page, Shown
from read_api.tenant import Connection, Found, Tenant

router = APIRouter(prefix="/v1/events", tags=["audit"])

Audit = Annotated[Tenant, reading(may=(Permission.AUDIT,))]


class EventShown(Shown):
    """An event in its envelope; `hash` chains it to the one before."""

    seq: int
    stream: str = Field(examples=["hold/018f4e0e-7c1f-7000-8000-000000000001"])
    version: int = Field(description="Its place in the stream, from 1.")
    event_id: Id
    type: str = Field(examples=["hold.placed.v1"])
    recorded_at: datetime
    actor: str
    correlation_id: str
    causation_id: str | None
    hash: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256, in hexadecimal digits.")
    data: dict[str, Any] = Field(description="The stored JSON text, byte for byte.")


@router.get("", operation_id="listEvents", response_model=Page[EventShown], responses=refusals())
async def list_events(
    request: Request,
    tenant: Audit,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="The last seq that is known already.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Events in order of `seq`, without gaps; `next_cursor` is the next `after`, null at the log's end."""
    async with tenant.connection() as connection:
        rows = await events_after(connection, tenant.who.tenant_id, after, limit + 1)
    following = str(rows[limit - 1]["seq"]) if len(rows) > limit else None
    items = b",".join(exact(row) for row in rows[:limit])
    return answer_bytes(request, b'{"items":[%b],"next_cursor":%b}' % (items, to_json(following)))


async def events_after(connection: Connection, tenant_id: str, after: int, most: int) -> list[Found]:
    """The events behind `after`, in order, for `exact`."""
    return await connection.rows(
        """
        SELECT seq, stream, version, event_id, event_type AS type, recorded_at, actor, correlation_id, causation_id,
               encode(hash, 'hex') AS hash, data::text AS data
        FROM events
        WHERE tenant_id = %(tenant_id)s AND seq > %(after)s
        ORDER BY seq
        LIMIT %(most)s
        """,
        {"tenant_id": tenant_id, "after": after, "most": most},
    )


def exact(row: Found) -> bytes:
    """The event as JSON, with its data as it is stored and not as it would be written today."""
    envelope = to_json({name: value for name, value in row.items() if name != "data"})
    return b'%b,"data":%b}' % (envelope[:-1], row["data"].encode())
