"""The log behind something that fails now and then, before a command gets there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from commands.context import Context
from commands.log import Decision, Outcome
from domain.decider import Stream
from infra.event_log import EventLog

S = TypeVar("S")


@dataclass
class FailingLog:
    """`fails` is shown each command's subject, and raises whatever is to happen to it."""

    log: EventLog
    fails: Callable[[Stream[Any]], None]

    async def decide(
        self, context: Context, subject: Stream[Any], reads: Sequence[Stream[Any]], decision: Decision
    ) -> Outcome:
        self.fails(subject)
        return await self.log.decide(context, subject, reads, decision)

    async def state(self, tenant_id: str, stream: Stream[S]) -> S:
        return await self.log.state(tenant_id, stream)
