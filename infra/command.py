"""A command in the log's hands, from its arrival until its answer."""

import asyncio
import time
from typing import Any

from commands.context import Context
from commands.log import Decision, Outcome
from domain.decider import Stream


class Command:
    """What was asked, and the future that its caller awaits; create it in the event loop."""

    __slots__ = ("answer", "context", "decision", "key", "reads", "since", "subject", "unclear")

    def __init__(
        self, context: Context, subject: Stream[Any], reads: tuple[Stream[Any], ...], decision: Decision
    ) -> None:
        """It arrives now."""
        self.context = context
        self.subject = subject
        self.reads = reads
        self.decision = decision
        self.key = (context.tenant_id, context.key)
        self.answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.since = time.monotonic()
        self.unclear = False
        """An earlier try may have been committed without this process having heard."""
