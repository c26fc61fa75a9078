"""A feed and failpoints that never do anything, for tests that hand the batches over themselves."""

from collections.abc import AsyncGenerator, Mapping

from consumers.feed import Batch


class NoFeed:
    async def follow(self, after: Mapping[str, int]) -> AsyncGenerator[Batch, None]:
        assert not after
        return
        yield


def nowhere(_: str) -> None:
    pass
