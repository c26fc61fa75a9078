"""The projector: keeps read models up with the log, wherever they are stored.

Killed anywhere, it resumes from the positions; run twice, the second writes nothing. An event that can never be
applied is parked with whatever builds upon it, and the others go on; a projection that parks more than a few stops.
"""

from collections.abc import Callable, Collection
from contextlib import aclosing

import structlog

from consumers import positions
from consumers.feed import Batch, Feed, History
from consumers.parking import too_many
from consumers.positions import Fenced, Step
from consumers.store import RowsRefused, Share, Store, Work, steps_of
from projections.projection import Projection
from projections.recorded import Unreadable

_log = structlog.get_logger()


class TooManyParked(Exception):
    """So many events are parked that it is no accident of theirs; the message says what to do."""


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
        self._going = list(store.projections)
        self._last: dict[str, dict[str, int]] = {projection.name: {} for projection in store.projections}
        self.stopped: dict[str, str] = {}
        """Projections that have parked too much to go on, and the sentence that says so."""

    async def run(self) -> None:
        """Project until cancelled; a new run resumes where this one stopped.

        Raises:
            TooManyParked: every projection has left out too much.
            LookupError: the log is broken.
        """
        await self.begin()
        tenants = {tenant_id for last in self._last.values() for tenant_id in last}
        async with aclosing(self._feed.follow(self._behind(tenants))) as batches:
            async for batch in batches:
                self._failpoint("projector.after_poll")
                await self.apply(batch)

    async def begin(self) -> None:
        """See where everything is.

        Raises:
            TooManyParked: every projection has left out too much.
        """
        self._last = await self._store.positions()
        await self._stop_those_with_too_many(self._last)

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
        """Hand the store what each projection lacks, unless every event was dealt with before."""
        work = list[Share]()
        tenants = {recorded.tenant_id for recorded in batch}
        same: dict[tuple[int, ...], tuple[Batch, dict[str, int]]] = {}
        for projection in self._going:
            last = self._last[projection.name]
            # Most of the time all of them are at the same place, and lack the same.
            at = tuple(last.get(tenant, 0) for tenant in tenants)
            if at not in same:
                same[at] = positions.due(batch, last)
            due, reached = same[at]
            steps = [Step(tenant, projection.name, last.get(tenant, 0), seq) for tenant, seq in reached.items()]
            if steps:
                work.append(Share(projection, _concerning(projection, due), steps))
        if not work:
            return
        try:
            await self._apply(work)
        except RowsRefused as refused:
            await self._find(batch, work, str(refused))

    async def _apply(self, work: Work, *, refused: str = "") -> None:
        parked = await self._store.apply(work, refused=refused)
        for step in steps_of(work):
            self._last[step.projection][step.tenant_id] = step.seq
        for one in parked:
            _log.error("event_parked", **one._asdict())
        await self._stop_those_with_too_many({one.projection for one in parked})

    async def _find(self, batch: Batch, work: Work, reason: str) -> None:
        """Some event's rows are refused by the store: find out whose by halves, and park it."""
        if len(batch) > 1:
            half = len(batch) // 2
            await self._write(batch[:half])
            await self._write(batch[half:])
            return
        for share in work:
            try:
                await self._apply([share])
            except RowsRefused:
                await self._apply([share], refused=reason)

    async def _stop_those_with_too_many(self, names: Collection[str]) -> None:
        """Raises `TooManyParked` when none is left that goes on."""
        for name in names:
            parked, seen = len(await self._store.parked(name)), sum(self._last[name].values())
            if too_many(parked, seen):
                _log.critical("projection_stopped", projection=name, parked=parked, seen=seen)
                self._going = [projection for projection in self._going if projection.name != name]
                self.stopped[name] = (
                    f"{name} has stopped: {parked:,} of the {seen:,} events that it has seen are parked."
                    f" Mend what is wrong, then `production-tool parked retry {name}` and start it again"
                )
        if not self._going:
            raise TooManyParked("; ".join(self.stopped.values()))

    def _behind(self, tenants: Collection[str]) -> dict[str, int]:
        """For each of these tenants, where the projection is that is furthest behind."""
        return {
            tenant: min(self._last[projection.name].get(tenant, 0) for projection in self._going) for tenant in tenants
        }


def _concerning(projection: Projection, events: Batch) -> Batch:
    """The events that the projection is about, and those of which nobody knows what they are about."""
    about = projection.about
    if about is None:
        return events
    return [one for one in events if one.type in about or type(one.event) is Unreadable]
