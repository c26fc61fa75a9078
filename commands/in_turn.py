"""Several commands at once that take effect as if each had waited for the one before."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from commands.context import Context
from commands.log import Decision, Log, Outcome
from domain.decider import Stream

S = TypeVar("S")

_WRITTEN_AS_SUBJECT: Final = frozenset({"artist", "project", "tenant"})
"""Categories that commands about something else only read: any number of those may be under way at once."""


@dataclass(slots=True)
class _Users:
    """Who came to a stream, or to an idempotency key, as far as those who come next may have to wait for them."""

    alone: "InTurn | None" = None
    """The last one that may write it."""
    together: list["InTurn"] = field(default_factory=list)
    """Those that read it since."""


class Turns:
    """One batch: gives each command, in order, its own view of the log."""

    def __init__(self, log: Log) -> None:
        """Nobody has come yet."""
        self.log = log
        self.users: dict[str, _Users] = {}
        self._last: InTurn | None = None

    def next(self) -> "InTurn":
        """The view of the command that comes next; its `end` must be awaited."""
        self._last = InTurn(self, self._last)
        return self._last


class InTurn:
    """`Log` for one command of a batch.

    Each command names its streams once those before it have named theirs. It then waits for the earlier ones that
    share its key, or a stream which either may write; all others go on beside it and share its commit. A command that
    names more streams on second thoughts waits for earlier ones there too, never for later ones.
    """

    def __init__(self, turns: Turns, before: "InTurn | None") -> None:
        """Made by `Turns.next`."""
        self._turns = turns
        self._before = before
        self.place: int = 0 if before is None else before.place + 1
        self.named = asyncio.Event()
        self.ended = asyncio.Event()

    async def decide(
        self, context: Context, subject: Stream[Any], reads: Sequence[Stream[Any]], decision: Decision
    ) -> Outcome:
        """See `Log.decide`."""
        await self._others_named()
        waits = {*self._come_to(f"key {context.key}", alone=True), *self._come_to(subject.name, alone=True)}
        for stream in reads:
            waits.update(self._come_to(stream.name, alone=stream.decider.category not in _WRITTEN_AS_SUBJECT))
        self.named.set()
        await self._earlier_ended(waits)
        return await self._turns.log.decide(context, subject, reads, decision)

    async def state(self, tenant_id: str, stream: Stream[S]) -> S:
        """See `Log.state`: what an earlier command of the batch writes is there."""
        await self._others_named()
        users = self._turns.users.get(stream.name)
        if users is not None and users.alone is not None:
            await self._earlier_ended([users.alone])
        return await self._turns.log.state(tenant_id, stream)

    async def end(self) -> None:
        """The command has been answered."""
        await self._others_named()
        self.named.set()
        self.ended.set()

    async def _others_named(self) -> None:
        if self._before is not None:
            await self._before.named.wait()
            self._before = None

    def _come_to(self, name: str, *, alone: bool) -> Iterable["InTurn"]:
        users = self._turns.users.setdefault(name, _Users())
        waits = [] if users.alone is None else [users.alone]
        if alone:
            waits += users.together
            users.alone, users.together = self, []
        else:
            users.together.append(self)
        return waits

    async def _earlier_ended(self, others: Iterable["InTurn"]) -> None:
        for other in others:
            if other.place < self.place:
                await other.ended.wait()
