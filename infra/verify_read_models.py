"""Read models hold what a replay of the log gives, and say truly how far they have come."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg.sql import SQL, Composed, Identifier

from consumers import folding, tables
from consumers import parked as parked_events
from consumers.parking import Parked
from consumers.store import Share
from infra.log_feed import Decode, readable
from infra.verify_snapshot import Found, Head, Snapshot
from projections.projection import Projection
from projections.recorded import Recorded
from projections.table import Table

_COPY: Final = "replayed"
_BATCH: Final = 1_000


async def replayed(at: Snapshot, projections: Sequence[Projection], decode: Decode) -> Found:
    """V7: every row of every table is what `project()` makes of the log up to the read model's position.

    Of the whole log but for what is parked, which is counted; and nothing is left out but that and what builds upon it.
    """
    found = Found()
    all_tables = [table for projection in projections for table in projection.tables]
    for table in all_tables:
        await _create_copy(at, table)
    rows = parked = 0
    async for head in at.each_tenant():
        replay = _Replay(at, head, projections, await _positions(at, head), await _parked(at, head, projections))
        await replay.run(decode)
        replay.compare(found)
        parked += len(replay.parked)
        for table in all_tables:
            rows += await _compare(at, head, table, found)
            await at.connection.execute(SQL("TRUNCATE {}").format(tables.stored_as(table, _COPY)))
    found.looked_at = at.said(f"{rows:,} rows", *([f"{parked:,} events parked"] if parked else []))
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


async def _parked(at: Snapshot, head: Head, projections: Sequence[Projection]) -> list[Parked]:
    cursor = at.connection.cursor()
    await parked_events.ask(cursor, [projection.name for projection in projections], [head.tenant_id])
    return await parked_events.answer(cursor)


async def _newest(at: Snapshot, head: Head, projection: Projection) -> int:
    """The highest seq that a row of this tenant speaks of, where rows do."""
    newest = 0
    for table in projection.tables:
        if "seq" in table.columns:
            query = SQL("SELECT coalesce(max(seq), 0) FROM {} WHERE tenant_id = %s").format(Identifier(table.name))
            cursor = await at.connection.execute(query, [head.tenant_id])
            newest = max(newest, *(seq for (seq,) in await cursor.fetchall()))
    return newest


@dataclass(slots=True)
class _Replay:
    """A tenant's log on its way into the copies, as far as each read model has come."""

    at: Snapshot
    head: Head
    projections: Sequence[Projection]
    reached: Mapping[str, int]
    stored: Sequence[Parked]
    """What the read models have left out; what builds upon it is worked out again."""
    parked: list[Parked] = field(default_factory=list)

    async def run(self, decode: Decode) -> None:
        batch = list[Recorded]()
        events = self.at.rows(
            """
            SELECT tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor, correlation_id,
                   causation_id
            FROM events
            WHERE tenant_id = %s AND seq <= %s
            ORDER BY seq
            """,
            self.head.tenant_id,
            max((self.reached.get(projection.name, 0) for projection in self.projections), default=0),
        )
        async with aclosing(events):
            async for tenant_id, seq, stream, version, event_id, type_, data, *rest in events:
                event = readable(decode, type_, data)
                batch.append(Recorded(tenant_id, seq, stream, version, event_id, type_, event, *rest))
                if len(batch) == _BATCH:
                    await self._fold(batch)
                    batch.clear()
        await self._fold(batch)

    async def _fold(self, batch: Sequence[Recorded]) -> None:
        connection = self.at.connection
        work = [
            Share(projection, [recorded for recorded in batch if recorded.seq <= self.reached.get(projection.name, 0)])
            for projection in self.projections
        ]
        touched = folding.touched(work)
        found = await tables.answers(await tables.ask_all(connection, touched.rows, copy=_COPY))
        poison = {(one.projection, one.tenant_id, one.seq): one.reason for one in self.stored}
        folded = folding.fold(work, found, {**touched.poison, **poison}, self.parked)
        await tables.store_all(connection, self.projections, folded.rows, copy=_COPY)
        self.parked += folded.parked

    def compare(self, found: Found) -> None:
        """Note every event that is parked and should not be, or is not and should be."""
        stored, replayed = ({(one.projection, one.seq) for one in parked} for parked in (self.stored, self.parked))
        for projection, seq in sorted(stored ^ replayed):
            parked = "is parked but was not come to"
            how = parked if (projection, seq) in stored else "was applied, and can or may not have been"
            found.violated(f"seq {seq} of {self.head.tenant_id} {how} in {projection}")


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
