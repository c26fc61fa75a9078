"""The projector: keeps read models up with the log, wherever they are stored.

Killed anywhere, it resumes from the positions; run twice, the second writes nothing. Anything it does not understand
stops it, with the read models as they were.
"""

from collections.abc import Callable, Collection
from contextlib import aclosing

import structlog

from consumers import positions
from consumers.feed import Batch, Feed, History
from consumers.positions import Fenced, Step
from consumers.store import Share, Store, steps_of

_log = structlog.get_logger()


class Projector:
    """Applies a feed to the projections of one store.

    `failpoint` is called between any two side effects with a name of its own.
    """

    def __init__(self, *, feed: Feed, history: History, store: Store, failpoint: Callable[[str], None]) -> None:
        """`history` is the log that `feed` tells of."""
        self._feed = feed
        self._history = history
        self._store = store
        self._failpoint = failpoint
        self._last: dict[str, dict[str, int]] = {projection.name: {} for projection in store.projections}

    async def run(self) -> None:
        """Project until cancelled. Raises what it cannot deal with; a new run resumes where this one stopped."""
        self._last = await self._store.positions()
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
                self._last = await self._store.positions()
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
        """Hand the store what each projection lacks, unless every event was applied before."""
        work = list[Share]()
        for projection in self._store.projections:
            last = self._last[projection.name]
            due, reached = positions.due(batch, last)
            steps = [Step(tenant, projection.name, last.get(tenant, 0), seq) for tenant, seq in reached.items()]
            if steps:
                work.append(Share(projection, due, steps))
        if not work:
            return
        await self._store.apply(work)
        for step in steps_of(work):
            self._last[step.projection][step.tenant_id] = step.seq

    def _behind(self, tenants: Collection[str]) -> dict[str, int]:
        """For each of these tenants, where the projection is that is furthest behind."""
        return {tenant: min(last.get(tenant, 0) for last in self._last.values()) for tenant in tenants}
