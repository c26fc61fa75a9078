"""How far each projection has come in each tenant's log, and the rule that makes its effect exactly-once.

An event is applied if it is the next one, dropped if it was applied before, and otherwise what lies between is
fetched first. The position is written in the transaction of the rows it speaks of, and only from the value that was
read before: whoever lost that race, a paused process that wakes up for example, writes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from psycopg import AsyncCursor
from pydantic_core import to_json

from projections.recorded import Recorded

_tenant = attrgetter("tenant_id")


class Fenced(Exception):
    """Somebody else has moved a position since it was read; nothing was written."""


class Gap(NamedTuple):
    """Events that a feed left out: `after < seq <= until`."""

    tenant_id: str
    after: int
    until: int


class Step(NamedTuple):
    """One projection's way through a batch in one tenant: from the seq it was at to the seq it will be at."""

    tenant_id: str
    projection: str
    was: int
    seq: int


def gaps(batch: Iterable[Recorded], last: Mapping[str, int]) -> list[Gap]:
    """What must be fetched before `batch` can be applied by one that is at `last`."""
    reached = dict[str, int]()
    found = list[Gap]()
    for tenant_id, events in groupby(batch, key=_tenant):
        at = reached.get(tenant_id, last.get(tenant_id, 0))
        for recorded in events:
            seq = recorded.seq
            if seq > at + 1:
                found.append(Gap(tenant_id, at, seq - 1))
            at = max(at, seq)
        reached[tenant_id] = at
    return found


def due(batch: Iterable[Recorded], last: Mapping[str, int]) -> tuple[list[Recorded], dict[str, int]]:
    """What one that is at `last` has to apply, and where that takes it. `batch` leaves nothing out."""
    reached = dict[str, int]()
    events = list[Recorded]()
    for tenant_id, some in groupby(batch, key=_tenant):
        before = at = reached.get(tenant_id, last.get(tenant_id, 0))
        for recorded in some:
            seq = recorded.seq
            if seq <= at:
                continue
            if seq != at + 1:
                msg = f"tenant {tenant_id} goes from {at} to {seq}: the log is not gapless"
                raise LookupError(msg)
            events.append(recorded)
            at = seq
        if at > before:
            reached[tenant_id] = at
    return events, reached


def furthest_behind(reached: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Tenant to the seq of the projection that is furthest behind there, from projection to tenant to seq."""
    tenants = {tenant_id for last in reached.values() for tenant_id in last}
    return {tenant_id: min(last.get(tenant_id, 0) for last in reached.values()) for tenant_id in tenants}


async def stored(cursor: AsyncCursor, projections: Sequence[str]) -> dict[str, dict[str, int]]:
    """Projection to tenant to seq, as committed; every projection asked for is in it."""
    found: dict[str, dict[str, int]] = {name: {} for name in projections}
    await cursor.execute(
        """
        SELECT projection, tenant_id::text, seq
        FROM positions
        WHERE projection = ANY (%s)
        """,
        [list(projections)],
    )
    for projection, tenant_id, seq in await cursor.fetchall():
        found[projection][tenant_id] = seq
    return found


async def hold(cursor: AsyncCursor, tenant_id: str, projection: str) -> int:
    """Keep a position from moving until the transaction ends; returns where it is, 0 when it was never written."""
    await cursor.execute(
        """
        SELECT seq
        FROM positions
        WHERE tenant_id = %s AND projection = %s
        FOR UPDATE
        """,
        [tenant_id, projection],
    )
    found = await cursor.fetchone()
    return found[0] if found else 0


async def open_missing(cursor: AsyncCursor, steps: Sequence[Step]) -> None:
    """Give each position that has never been written its row, at 0."""
    first = [{"tenant_id": step.tenant_id, "projection": step.projection} for step in steps if step.was == 0]
    if not first:
        return
    await cursor.execute(
        """
        INSERT INTO positions (tenant_id, projection, seq)
        SELECT tenant_id, projection, 0
        FROM json_to_recordset(%s::json) AS first (tenant_id uuid, projection text)
        ORDER BY tenant_id, projection
        ON CONFLICT (tenant_id, projection) DO NOTHING
        """,
        [to_json(first).decode()],
    )


async def advance(cursor: AsyncCursor, steps: Sequence[Step]) -> None:
    """Take all of these steps; the cursor's `rowcount` tells how many could be taken (see `refuse_if_fenced`)."""
    # Locked in one order, so that two projectors never wait for each other.
    await cursor.execute(
        """
        WITH step AS (
            SELECT tenant_id, projection, was, seq
            FROM json_to_recordset(%s::json) AS s (tenant_id uuid, projection text, was bigint, seq bigint)
        ), locked AS (
            SELECT p.tenant_id, p.projection
            FROM positions p
            JOIN step s ON s.tenant_id = p.tenant_id AND s.projection = p.projection
            WHERE p.seq = s.was
            ORDER BY p.tenant_id, p.projection
            FOR UPDATE OF p
        )
        UPDATE positions p
        SET seq = s.seq
        FROM step s
        JOIN locked l ON l.tenant_id = s.tenant_id AND l.projection = s.projection
        WHERE p.tenant_id = s.tenant_id AND p.projection = s.projection AND p.seq = s.was
        """,
        [to_json([step._asdict() for step in steps]).decode()],
    )


def refuse_if_fenced(cursor: AsyncCursor, steps: Sequence[Step]) -> None:
    """Raise `Fenced` unless `advance` took every step."""
    if cursor.rowcount != len(steps):
        msg = f"{len(steps) - cursor.rowcount} of {len(steps)} positions have moved"
        raise Fenced(msg)
