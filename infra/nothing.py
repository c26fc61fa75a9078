"""A feed for a projector that is handed its batches."""

from collections.abc import AsyncGenerator, Mapping

from consumers.feed import Batch


class Nothing:
    """Ends at once; `consumers.feed.Feed`."""

    async def follow(self, after: Mapping[str, int]) -> AsyncGenerator[Batch, None]:  # noqa: ARG002 - it has none
        """Nothing."""
        return
        yield
