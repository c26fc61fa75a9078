"""Reading what you wrote: a read that brings a `Consistency-Token` waits until its read models have come that far."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from pydantic import BaseModel, ConfigDict

PATIENCE: Final = 2.0
"""Seconds that a read waits at most."""


class ReadModelBehind(Exception):
    """The read models have not come as far as the caller has seen; 503 with `Retry-After`."""

    retry_after: Final = 1
    """Seconds."""


class StreamParked(Exception):
    """A read model has left out an event that the answer should show; 503, since old news is no answer."""


class Notice(BaseModel):
    """What a projector says after each of its commits."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    projection: str
    reached: Mapping[str, int]
    """Tenant to the last seq that was applied."""


class _Waiter:
    """A read that waits for some projections of one tenant."""

    __slots__ = ("missing", "seq", "woken")

    def __init__(self, projections: Collection[str], seq: int) -> None:
        self.missing = set(projections)
        self.seq = seq
        self.woken = asyncio.Event()


class Freshness:
    """Wakes the reads of this process that wait, over one connection that listens to the projectors.

    What it hears only wakes: a read that was woken looks at the stored positions, in the snapshot that it then reads.
    """

    def __init__(self) -> None:
        """Nobody waits."""
        self._waiting: dict[str, set[_Waiter]] = {}
        self._heard: dict[tuple[str, str], int] = {}
        """Tenant and projection to the seq that the last notice told, as far as all notices since have been heard."""

    async def listen(self, notices: AsyncIterator[str]) -> None:
        """Wake those who wait for what `notices` tell; an empty one wakes all. Runs as long as the process does."""
        async for notice in notices:
            if notice:
                self._tell(Notice.model_validate_json(notice))
            else:
                self._heard.clear()
                self._wake_all()

    def is_behind(self, tenant_id: str, projections: Collection[str], seq: int) -> bool:
        """Whether one of these `projections` was before `seq` when last heard of, which may be a moment ago."""
        return any(self._heard.get((tenant_id, projection), seq) < seq for projection in projections)

    @contextmanager
    def waiting(self, tenant_id: str, projections: Collection[str], seq: int) -> Iterator[asyncio.Event]:
        """An event that is set once all of these `projections` may have reached `seq`.

        Begin to wait before looking at the positions, else the notice may come in between. Whoever was woken and still
        finds too little clears the event and waits for the next notice.
        """
        waiter = _Waiter(projections, seq)
        waiters = self._waiting.setdefault(tenant_id, set())
        waiters.add(waiter)
        try:
            yield waiter.woken
        finally:
            waiters.discard(waiter)
            if not waiters and self._waiting.get(tenant_id) is waiters:
                del self._waiting[tenant_id]

    def _tell(self, notice: Notice) -> None:
        for tenant_id, seq in notice.reached.items():
            self._heard[tenant_id, notice.projection] = seq
            for waiter in self._waiting.get(tenant_id, ()):
                if seq >= waiter.seq:
                    waiter.missing.discard(notice.projection)
                    if not waiter.missing:
                        waiter.woken.set()

    def _wake_all(self) -> None:
        for waiters in self._waiting.values():
            for waiter in waiters:
                waiter.woken.set()
