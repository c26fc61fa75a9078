"""Where read models live: what a projector asks of Postgres, or of whatever else holds rows and positions."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from consumers.feed import Batch
from consumers.positions import Step
from projections.projection import Projection


class Share(NamedTuple):
    """One projection's part of a batch."""

    projection: Projection
    events: Batch
    """What it has to apply, in order."""
    steps: Sequence[Step] = ()
    """Where that takes it, in each tenant that has any of them."""


Work = Sequence[Share]


def steps_of(work: Work) -> list[Step]:
    """Every step of every projection."""
    return [step for share in work for step in share.steps]


class Store(Protocol):
    """Some projections' rows, each with a position per tenant. Only one projector uses it in this process."""

    @property
    def projections(self) -> Sequence[Projection]:
        """Those whose rows are kept here."""

    async def positions(self) -> dict[str, dict[str, int]]:
        """Projection to tenant to the last seq that was applied, as committed; every projection is in it."""

    async def apply(self, work: Work) -> None:
        """Take every step of `work`, which is not empty, together with the rows that its events lead to.

        Of what belongs to one tenant, all is done or nothing; reads that wait are told afterwards. Safe to repeat: a
        step that was taken is refused the second time.

        Raises:
            Fenced: a position is not where its step begins. Nothing of that tenant was written, though other tenants'
                steps may have been taken: read the positions again.
        """
