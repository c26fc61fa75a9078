"""Read models hold what a replay of the log gives, and say truly how far they have come."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

from psycopg.sql import SQL, Composed, Identifier

from consumers import folding, tables
from consumers.store import Share
from infra.log_feed import Decode
from infra.verify_snapshot import UNREADABLE, Found, Head, Snapshot
from projections.projection import Projection
from projections.recorded import Recorded
from projections.table import Table

_COPY: Final = "replayed"
_BATCH: Final = 1_000


async def replayed(at: Snapshot, projections: Sequence[Projection], decode: Decode) -> Found:
    """V7: every row of every table is what `project()` makes of the log up to the read model's position."""
    found = Found()
    all_tables = [table for projection in projections for table in projection.tables]
    for table in all_tables:
        await _create_copy(at, table)
    rows = 0
    async for head in at.each_tenant():
        try:
            await _replay(at, head, projections, decode)
        except UNREADABLE as error:
            found.violated(f"the log of {head.tenant_id} cannot be replayed: {error!r}")
        for table in all_tables:
            rows += await _compare(at, head, table, found)
            await at.connection.execute(SQL("TRUNCATE {}").format(tables.stored_as(table, _COPY)))
    found.looked_at = at.said(f"{rows:,} rows")
    return found


async def positions(at: Snapshot, projections: Sequence[Projection]) -> Found:
    """V8: no read model claims more than the log has, or shows more than it claims."""
    found = Found()
    behind = 0
    async for head in at.each_tenant():
        reached = await _positions(at, head)
        for projection in projections:
            seq = reached.get(projection.name, 0)
            behind += max(0, head.seq - seq)
            if seq > head.seq:
                found.violated(f"{projection.name} of {head.tenant_id} is at {seq}, the log ends at {head.seq}")
            shown = await _newest(at, head, projection)
            if shown > seq:
                found.violated(f"{projection.name} of {head.tenant_id} is at {seq} and shows {shown}")
    found.looked_at = at.said(f"{len(projections)} read models, {behind:,} events behind")
    return found


async def _positions(at: Snapshot, head: Head) -> Mapping[str, int]:
    cursor = await at.connection.execute("SELECT projection, seq FROM positions WHERE tenant_id = %s", [head.tenant_id])
    return dict(await cursor.fetchall())


async def _newest(at: Snapshot, head: Head, projection: Projection) -> int:
    """The highest seq that a row of this tenant speaks of, where rows do."""
    newest = 0
    for table in projection.tables:
        if "seq" in table.columns:
            query = SQL("SELECT coalesce(max(seq), 0) FROM {} WHERE tenant_id = %s").format(Identifier(table.name))
            cursor = await at.connection.execute(query, [head.tenant_id])
            newest = max(newest, *(seq for (seq,) in await cursor.fetchall()))
    return newest


async def _replay(at: Snapshot, head: Head, projections: Sequence[Projection], decode: Decode) -> None:
    reached = await _positions(at, head)
    batch = list[Recorded]()
    events = at.rows(
        """
        SELECT tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor, correlation_id,
               causation_id
        FROM events
        WHERE tenant_id = %s AND seq <= %s
        ORDER BY seq
        """,
        head.tenant_id,
        max((reached.get(projection.name, 0) for projection in projections), default=0),
    )
    async with aclosing(events):
        async for tenant_id, seq, stream, version, event_id, type_, data, *rest in events:
            batch.append(Recorded(tenant_id, seq, stream, version, event_id, type_, decode(type_, data), *rest))
            if len(batch) == _BATCH:
                await _fold(at, batch, projections, reached)
                batch.clear()
    await _fold(at, batch, projections, reached)


async def _fold(
    at: Snapshot, batch: Sequence[Recorded], projections: Sequence[Projection], reached: Mapping[str, int]
) -> None:
    work = [
        Share(projection, [recorded for recorded in batch if recorded.seq <= reached.get(projection.name, 0)])
        for projection in projections
    ]
    asked = await tables.ask_all(at.connection, folding.touched(work), copy=_COPY)
    await tables.store_all(at.connection, projections, folding.fold(work, await tables.answers(asked)), copy=_COPY)


async def _create_copy(at: Snapshot, table: Table) -> None:
    await at.connection.execute(
        SQL("CREATE TEMPORARY TABLE {copy} (LIKE {table}, PRIMARY KEY ({key})) ON COMMIT DROP").format(
            copy=tables.stored_as(table, _COPY),
            table=Identifier(table.name),
            key=SQL(", ").join(map(Identifier, table.key)),
        )
    )


async def _compare(at: Snapshot, head: Head, table: Table, found: Found) -> int:
    """Note every row that differs; returns how many rows were compared."""
    counted = await at.connection.execute(
        SQL("SELECT count(*) FROM {} WHERE tenant_id = %s").format(Identifier(table.name)), [head.tenant_id]
    )
    (count,) = (await counted.fetchall())[0]
    cursor: Any = at.connection.cursor()
    await cursor.execute(_differences(table), [head.tenant_id])
    async for key, stored in cursor:
        how = "is not there" if stored is None else "differs"
        found.violated(f"{table.name} {key} of {head.tenant_id} {how}")
    return int(count)


def _differences(table: Table) -> Composed:
    # As text, since `json` has no equality: byte for byte.
    return SQL(
        """
        SELECT key, stored
        FROM (SELECT ({key})::text AS key, t::text AS stored FROM {table} t WHERE tenant_id = %s) AS s
        FULL JOIN (SELECT ({key})::text AS key, r::text AS replayed FROM {copy} r) AS r USING (key)
        WHERE stored IS DISTINCT FROM replayed
        """
    ).format(
        key=SQL("ROW(") + SQL(", ").join(map(Identifier, table.key[1:])) + SQL(")"),
        table=Identifier(table.name),
        copy=tables.stored_as(table, _COPY),
    )
