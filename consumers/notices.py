"""What a projector tells the reads that wait for it, after each of its commits."""

from collections.abc import Iterable
from typing import Any, Final

from psycopg import AsyncConnection
from pydantic_core import to_json

from consumers.positions import Step

CHANNEL: Final = "production_tool_positions"
"""The channel of Postgres that every API process listens to, whatever the store of a read model."""

_TENANTS_IN_A_NOTICE: Final = 100
"""Postgres carries less than 8,000 bytes in one notification, and a tenant takes about 60."""


async def tell(connection: AsyncConnection[Any], steps: Iterable[Step]) -> None:
    """Tell everybody that these steps are committed; within their transaction all commits would wait for each other."""
    await connection.execute(
        "SELECT pg_notify(%s, notice) FROM unnest(%s::text[]) AS notice", [CHANNEL, notices(steps)]
    )


def notices(steps: Iterable[Step]) -> list[str]:
    """The payloads that say how far each projection has come, as `read_api.freshness.Notice` reads them."""
    reached: dict[str, list[tuple[str, int]]] = {}
    for step in steps:
        reached.setdefault(step.projection, []).append((step.tenant_id, step.seq))
    return [
        to_json({"projection": projection, "reached": dict(some)}).decode()
        for projection, all_ in reached.items()
        for some in (all_[i : i + _TENANTS_IN_A_NOTICE] for i in range(0, len(all_), _TENANTS_IN_A_NOTICE))
    ]
