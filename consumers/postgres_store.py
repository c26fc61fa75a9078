"""Read models in Postgres: a batch is one transaction of its rows and the positions that say so."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from consumers import folding, positions, tables
from consumers.notices import CHANNEL, notices
from consumers.positions import Step
from consumers.store import Work, steps_of
from projections.projection import Projection
from projections.table import Key, Row, Table


class PostgresStore:
    """A `consumers.store.Store`. A batch is done as a whole or not at all, whatever the number of its tenants.

    `failpoint` is called between any two side effects with a name of its own.
    """

    def __init__(
        self,
        *,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        projections: Sequence[Projection],
        failpoint: Callable[[str], None],
    ) -> None:
        """`pool` gives connections in the role `production_tool_projector`; one is used at a time."""
        self.projections = projections
        self._pool = pool
        self._failpoint = failpoint

    async def positions(self) -> dict[str, dict[str, int]]:
        """See `consumers.store.Store`."""
        async with self._pool.connection() as connection:
            return await positions.stored(connection.cursor(), [projection.name for projection in self.projections])

    async def apply(self, work: Work) -> None:
        """See `consumers.store.Store`."""
        steps = steps_of(work)
        async with self._pool.connection() as connection:
            async with connection.transaction():
                rows = folding.fold(work, await _begin(connection, steps, folding.touched(work)))
                self._failpoint("projector.mid_batch")
                await tables.store_all(connection, [share.projection for share in work], rows)
                self._failpoint("projector.before_commit")
            self._failpoint("projector.after_commit")
            # After the commit: inside, it would make every commit of the database wait.
            await connection.execute(
                "SELECT pg_notify(%s, notice) FROM unnest(%s::text[]) AS notice", [CHANNEL, notices(steps)]
            )


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
        asked = await tables.ask_all(connection, wanted)
    positions.refuse_if_fenced(fence, steps)
    return await tables.answers(asked)
