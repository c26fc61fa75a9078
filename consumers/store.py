"""Where read models live: what a projector asks of Postgres, or of whatever else holds rows and positions."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from consumers.feed import Batch
from consumers.parking import Parked
from consumers.positions import Step
from projections.projection import Projection


class Share(NamedTuple):
    """One projection's part of a batch."""

    projection: Projection
    events: Batch
    """What it has to apply, in order: nothing that it is not about."""
    steps: Sequence[Step] = ()
    """Where that takes it, in each tenant that has any of them."""


Work = Sequence[Share]


def steps_of(work: Work) -> list[Step]:
    """Every step of every projection."""
    return [step for share in work for step in share.steps]


class RowsRefused(Exception):
    """The store takes these rows from nobody, ever; nothing was written."""


class Store(Protocol):
    """Some projections' rows, each with a position per tenant and what it has left out on the way (`parking.py`).

    Only one projector uses it in this process.
    """

    @property
    def projections(self) -> Sequence[Projection]:
        """Those whose rows are kept here."""

    async def positions(self) -> dict[str, dict[str, int]]:
        """Projection to tenant to the last seq that was dealt with, as committed; every projection is in it."""

    async def apply(self, work: Work, *, refused: str = "") -> Sequence[Parked]:
        """Take every step of `work`, which is not empty, together with the rows that its events lead to.

        Of what belongs to one tenant, all is done or nothing; reads that wait are told afterwards. Safe to repeat: a
        step that was taken is refused the second time. Returns the events that were parked instead of applied, which
        are all of them when they were `refused` for that reason before.

        Raises:
            Fenced: a position is not where its step begins. Nothing of that tenant was written, though other tenants'
                steps may have been taken: read the positions again.
            RowsRefused: the store does not take what the events lead to.
        """

    async def parked(self, projection: str) -> list[Parked]:
        """What `projection` has left out, of every tenant, in order of tenant and seq."""

    async def retry(self, share: Share) -> Sequence[Parked]:
        """Apply `share.events`, which are all that its projection has parked of one tenant; its steps are empty.

        Returns those that were parked again. The position stays where it is, and no projector moves it meanwhile.

        Raises:
            Fenced: something else is parked by now. Nothing was written.
            RowsRefused: the store does not take what the events lead to.
        """
