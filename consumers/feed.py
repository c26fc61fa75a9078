"""Where a consumer gets events from: the log itself, or a stream in front of it."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Final, Protocol

from projections.recorded import Recorded

Batch = Sequence[Recorded]

LARGEST_BATCH: Final = 500
"""Events in one batch: one transaction of a projector, with room for its heartbeats in between."""
CATCHING_UP: Final = 5_000
"""The same for whoever is behind by more than one batch, where the store bears it. What a batch costs as a whole is
shared by more events, and a row that changes often is written seldomer; reads would have to wait anyway."""


class Feed(Protocol):
    """Events of every tenant as they are recorded.

    At least once, and in order within a tenant, except that a batch may begin again behind what was given before, or
    leave something out. The consumer looks at `seq` and never trusts the feed's memory.
    """

    def follow(self, after: Mapping[str, int]) -> AsyncGenerator[Batch, None]:
        """Batches of 1 to `CATCHING_UP` events for as long as it is iterated; waits while there is nothing new.

        `after` tells the last seq that the caller has of each tenant; a tenant that is not in it begins at its first
        event. Called once in a consumer's life; whatever it raises ends that life.
        """


class History(Protocol):
    """The log, to fetch what a feed has left out."""

    def between(self, tenant_id: str, *, after: int, until: int) -> AsyncGenerator[Batch, None]:
        """Every event with `after < seq <= until`, in order, in batches of 1 to `LARGEST_BATCH`.

        The caller asks only for what it knows to be recorded, so an event that is not there is a broken log.
        """

    def of_all(self, *, after: Mapping[str, int], until: Mapping[str, int], size: int) -> AsyncGenerator[Batch, None]:
        """The same of every tenant in `until`, one after the other, in batches of 1 to `size`; after 0 if not said."""
