"""The projector: keeps read models in Postgres up with the log.

A batch is one transaction: its rows, each written once whatever the number of events, and the positions that say so.
Killed anywhere, it resumes from the positions; run twice, the second writes nothing. Anything it does not understand
stops it, with the read models as they were.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

import structlog
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic_core import to_json

from consumers import folding, positions
from consumers.feed import Batch, Feed, History
from consumers.positions import Fenced, Step
from projections.projection import Projection
from projections.table import Key, Row, Table

CHANNEL: Final = "production_tool_positions"
"""Notified after each batch, so that a read which waits for its write wakes up."""

_TENANTS_IN_A_NOTICE: Final = 100
"""Postgres carries less than 8,000 bytes in one notification, and a tenant takes about 60."""

_log = structlog.get_logger()


class Projector:
    """Applies a feed to some projections, which share their transactions.

    `failpoint` is called between any two side effects with a name of its own.
    """

    def __init__(
        self,
        *,
        feed: Feed,
        history: History,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        projections: Sequence[Projection],
        failpoint: Callable[[str], None],
    ) -> None:
        """`pool` gives connections in the role `production_tool_projector`; one is used at a time."""
        self._feed = feed
        self._history = history
        self._pool = pool
        self._projections = projections
        self._names = [projection.name for projection in projections]
        self._failpoint = failpoint
        self._last: dict[str, dict[str, int]] = {name: {} for name in self._names}

    async def run(self) -> None:
        """Project until cancelled. Raises what it cannot deal with; a new run resumes where this one stopped."""
        await self._read_positions()
        tenants = {tenant_id for last in self._last.values() for tenant_id in last}
        async with aclosing(self._feed.follow(self._behind(tenants))) as batches:
            async for batch in batches:
                self._failpoint("projector.after_poll")
                await self.apply(batch)

    async def apply(self, batch: Batch) -> None:
        """Bring every projection to the end of `batch`, fetching what the feed has left out; safe to repeat."""
        while True:
            try:
                await self._fill(batch)
                await self._write(batch)
            except Fenced as fenced:
                _log.warning("projector_fenced", reason=str(fenced))
                await self._read_positions()
            else:
                return

    async def _fill(self, batch: Batch) -> None:
        """Apply what lies between the positions and `batch`."""
        for gap in positions.gaps(batch, self._behind({recorded.tenant_id for recorded in batch})):
            _log.info("gap_fetched", tenant_id=gap.tenant_id, after=gap.after, until=gap.until)
            async with aclosing(self._history.between(gap.tenant_id, after=gap.after, until=gap.until)) as missing:
                async for page in missing:
                    await self._write(page)

    async def _write(self, batch: Batch) -> None:
        """One transaction, unless every event was applied before."""
        work = list[tuple[Projection, Batch]]()
        steps = list[Step]()
        for projection in self._projections:
            last = self._last[projection.name]
            due, reached = positions.due(batch, last)
            work.append((projection, due))
            steps += [Step(tenant, projection.name, last.get(tenant, 0), seq) for tenant, seq in reached.items()]
        if not steps:
            return
        async with self._pool.connection() as connection:
            async with connection.transaction():
                rows = folding.fold(work, await _begin(connection, steps, folding.touched(work)))
                self._failpoint("projector.mid_batch")
                await folding.store(connection, work, rows)
                self._failpoint("projector.before_commit")
            self._failpoint("projector.after_commit")
            for step in steps:
                self._last[step.projection][step.tenant_id] = step.seq
            await _tell(connection, steps)

    def _behind(self, tenants: Collection[str]) -> dict[str, int]:
        """For each of these tenants, where the projection is that is furthest behind."""
        return {tenant: min(last.get(tenant, 0) for last in self._last.values()) for tenant in tenants}

    async def _read_positions(self) -> None:
        async with self._pool.connection() as connection:
            self._last = await positions.stored(connection.cursor(), list(self._last))


async def _begin(
    connection: AsyncConnection[Any], steps: Sequence[Step], wanted: Mapping[Table, set[Key]]
) -> dict[Table, dict[Key, Row]]:
    """In one round trip: name the tenants, take the positions or raise `Fenced`, load the rows."""
    fence = connection.cursor()
    async with connection.pipeline():
        await connection.execute(
            "SELECT set_config('app.tenants', %s::uuid[]::text, true)", [list({step.tenant_id for step in steps})]
        )
        await positions.open_missing(connection.cursor(), steps)
        await positions.advance(fence, steps)
        asked = await folding.ask(connection, wanted)
    positions.refuse_if_fenced(fence, steps)
    return await folding.answers(asked)


async def _tell(connection: AsyncConnection[Any], steps: Sequence[Step]) -> None:
    """Wake the reads that wait. After the commit: inside, it would make every commit of the database wait."""
    reached: dict[str, list[tuple[str, int]]] = {}
    for step in steps:
        reached.setdefault(step.projection, []).append((step.tenant_id, step.seq))
    notices = [
        to_json({"projection": projection, "reached": dict(some)}).decode()
        for projection, all_ in reached.items()
        for some in (all_[i : i + _TENANTS_IN_A_NOTICE] for i in range(0, len(all_), _TENANTS_IN_A_NOTICE))
    ]
    await connection.execute("SELECT pg_notify(%s, notice) FROM unnest(%s::text[]) AS notice", [CHANNEL, notices])
