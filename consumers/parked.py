"""The parked events that are stored in Postgres, in the transaction of the positions that have gone past them."""

from collections.abc import Sequence

from psycopg import AsyncCursor
from pydantic_core import to_json

from consumers.parking import Parked


async def ask(cursor: AsyncCursor, projections: Sequence[str], tenants: Sequence[str]) -> None:
    """Ask for what these projections have parked of these tenants, in order; `answer` takes it from the cursor."""
    await cursor.execute(
        """
        SELECT tenant_id::text, projection, seq, stream, event_type, touched, reason
        FROM parked
        WHERE tenant_id = ANY (%s::uuid[]) AND projection = ANY (%s)
        ORDER BY tenant_id, projection, seq
        """,
        [list(tenants), list(projections)],
    )


async def answer(cursor: AsyncCursor) -> list[Parked]:
    """What `ask` has found."""
    return [
        Parked(tenant, name, seq, stream, type_, tuple((table, tuple(key)) for table, key in touched), reason)
        for tenant, name, seq, stream, type_, touched, reason in await cursor.fetchall()
    ]


async def park(cursor: AsyncCursor, parked: Sequence[Parked]) -> None:
    """Store these."""
    await cursor.execute(
        """
        INSERT INTO parked (tenant_id, projection, seq, stream, event_type, touched, reason)
        SELECT tenant_id, projection, seq, stream, event_type, touched, reason
        FROM json_to_recordset(%s::json) AS p (
            tenant_id uuid, projection text, seq bigint, stream text, event_type text, touched json, reason text
        )
        """,
        [to_json([one._asdict() for one in parked]).decode()],
    )


async def take_out(cursor: AsyncCursor, projection: str, tenant_id: str) -> list[int]:
    """The seqs of all that is parked of one projection and tenant, which from here on is not."""
    await cursor.execute(
        """
        DELETE FROM parked
        WHERE tenant_id = %s AND projection = %s
        RETURNING seq
        """,
        [tenant_id, projection],
    )
    return sorted(seq for (seq,) in await cursor.fetchall())
