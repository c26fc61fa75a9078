"""Read models in Postgres: a batch is one transaction of its rows and the positions that say so."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import AsyncConnection, AsyncPipeline, DataError, IntegrityError
from psycopg_pool import AsyncConnectionPool

from consumers import folding, parked, positions, tables
from consumers.folding import Folded
from consumers.notices import tell
from consumers.parking import Parked, said
from consumers.positions import Fenced, Step
from consumers.store import RowsRefused, Share, Work, steps_of
from projections.projection import Projection
from projections.table import Key, Row, Table


class PostgresStore:
    """A `consumers.store.Store`. A batch is done as a whole or not at all, whatever the number of its tenants.

    `failpoint` is called between any two side effects with a name of its own.

    A batch is one pipeline with a Sync before each of them: only if that is the last it heard, Postgres ends a
    transaction in which we fall asleep, with the positions locked for everybody else.
    """

    def __init__(
        self,
        *,
        pool: AsyncConnectionPool[AsyncConnection[Any]],
        projections: Sequence[Projection],
        failpoint: Callable[[str], None],
        tells: bool = True,
    ) -> None:
        """`pool` gives connections in the role `production_tool_projector`; one is used at a time.

        Which tables they find is theirs: those of a rebuild are elsewhere, and it `tells` nobody how far it is.
        """
        self._tells = tells
        self.projections = projections
        self._pool = pool
        self._failpoint = failpoint

    async def positions(self) -> dict[str, dict[str, int]]:
        """See `consumers.store.Store`."""
        async with self._pool.connection() as connection:
            return await positions.stored(connection.cursor(), [projection.name for projection in self.projections])

    async def apply(self, work: Work, *, refused: str = "") -> Sequence[Parked]:
        """See `consumers.store.Store`."""
        steps = steps_of(work)
        touched = folding.touched(work)
        poison = {**touched.poison, **(folding.refused(work, refused) if refused else {})}
        async with self._pool.connection() as connection:
            with _permanently_refused():
                async with connection.pipeline() as pipeline:
                    async with connection.transaction():
                        found, standing = await _begin(connection, pipeline, steps, touched.rows)
                        folded = folding.fold(work, found, poison, standing)
                        self._failpoint("projector.mid_batch")
                        await _store(connection, work, folded)
                        await pipeline.sync()
                        self._failpoint("projector.before_commit")
                    if self._tells:
                        await tell(connection, steps)
            self._failpoint("projector.after_commit")
        return folded.parked

    async def parked(self, projection: str) -> list[Parked]:
        """See `consumers.store.Store`."""
        async with self._pool.connection() as connection, connection.transaction():
            reached = await positions.stored(connection.cursor(), [projection])
            tenants = list(reached[projection])
            await _name(connection, tenants)
            cursor = connection.cursor()
            await parked.ask(cursor, [projection], tenants)
            return await parked.answer(cursor)

    async def retry(self, share: Share) -> Sequence[Parked]:
        """See `consumers.store.Store`."""
        tenant_id = share.events[0].tenant_id
        touched = folding.touched([share])
        async with self._pool.connection() as connection:
            with _permanently_refused():
                async with connection.transaction():
                    await _name(connection, [tenant_id])
                    await positions.hold(connection.cursor(), tenant_id, share.projection.name)
                    taken = await parked.take_out(connection.cursor(), share.projection.name, tenant_id)
                    if taken != [recorded.seq for recorded in share.events]:
                        raise Fenced(f"other events of {tenant_id} are parked in {share.projection.name} by now")
                    found = await tables.answers(await tables.ask_all(connection, touched.rows))
                    folded = folding.fold([share], found, touched.poison)
                    await _store(connection, [share], folded)
        return folded.parked


@contextmanager
def _permanently_refused() -> Iterator[None]:
    """Around a transaction whose rows may be such that no table takes them."""
    try:
        yield
    except (DataError, IntegrityError) as error:
        raise RowsRefused(said(error)) from error


async def _name(connection: AsyncConnection[Any], tenants: Iterable[str]) -> None:
    """Tell row-level security which tenants this transaction is about."""
    await connection.execute("SELECT set_config('app.tenants', %s::uuid[]::text, true)", [list(tenants)])


async def _begin(
    connection: AsyncConnection[Any], pipeline: AsyncPipeline, steps: Sequence[Step], wanted: Mapping[Table, set[Key]]
) -> tuple[dict[Table, dict[Key, Row]], list[Parked]]:
    """In one round trip: name the tenants, take the positions or raise `Fenced`, load the rows and what is parked."""
    tenants = {step.tenant_id for step in steps}
    fence, standing = connection.cursor(), connection.cursor()
    await _name(connection, tenants)
    await positions.open_missing(connection.cursor(), steps)
    await positions.advance(fence, steps)
    await parked.ask(standing, list({step.projection for step in steps}), list(tenants))
    asked = await tables.ask_all(connection, wanted)
    await pipeline.sync()
    positions.refuse_if_fenced(fence, steps)
    return await tables.answers(asked), await parked.answer(standing)


async def _store(connection: AsyncConnection[Any], work: Work, folded: Folded) -> None:
    await tables.store_all(connection, [share.projection for share in work], folded.rows)
    if folded.parked:
        await parked.park(connection.cursor(), folded.parked)
