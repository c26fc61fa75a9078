"""Decide ahead: the fast way to append, one round trip, with the next batch decided while one is in flight.

A batch is decided on the states that the batches in flight will leave, and sent behind them on the same connection.
Its transaction fails unless every tenant's log ends where the verdicts assume. Two half-size batches in flight beat a
whole one. Only what is warm goes this way: heads and streams in the cache, a clock read at most 50 ms ago, no conflict
within a second.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from psycopg.pq.abc import PGresult

from infra import append
from infra.batch import Batch, Unproven, Verdict, uuid_bytes
from infra.clock import Clock
from infra.command import Command
from infra.mapper import Mapper
from infra.outcomes import Outcomes
from infra.pipeline import Pipeline
from infra.state_cache import StateCache

IN_FLIGHT: Final = 2
_COOL_DOWN: Final = 1.0
"""Seconds for which a tenant locks first after another process was faster."""


_CLOCK_AT: Final = 2
"""Where the clock's reading stands among a segment's results."""


@dataclass(slots=True)
class Flight:
    """A batch that was sent: whose verdicts wait, and how it ended."""

    batch: Batch
    verdicts: list[tuple[Command, Verdict]]
    error: Exception | None = None


@dataclass(slots=True)
class DecideAhead:
    """Sends batches and says how each landed; `landed` is called after each, in order."""

    pipeline: Pipeline
    cache: StateCache
    mapper: Mapper
    outcomes: Outcomes
    clock: Clock
    failpoint: Callable[[str], None]
    landed: Callable[[Flight], None]
    in_flight: deque[Flight] = field(default_factory=deque)
    _conflicts: dict[str, float] = field(default_factory=dict)
    _failed: list[Flight] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether another batch has to wait."""
        return len(self.in_flight) >= IN_FLIGHT

    @property
    def failing(self) -> bool:
        """Whether a batch has failed, so that nothing may be decided before the rest has landed."""
        return bool(self._failed)

    def takes(self, command: Command) -> bool:
        """Whether `command` is warm."""
        tenant = command.context.tenant_id
        return (
            self.cache.head(tenant) is not None
            and not self.cache.missing(tenant, command.reads)
            and self._conflicts.get(tenant, 0.0) < time.monotonic()
        )

    def send(self, commands: Sequence[Command], now: int) -> list[Command]:
        """Decide `commands` and send them off; those that only the events can decide come back, to lock first."""
        batch = Batch(self.cache, self.mapper, now=now, known=self.outcomes.get)
        verdicts: list[tuple[Command, Verdict]] = []
        unproven: list[Command] = []
        for command in commands:
            proven = self.cache.stream(command.context.tenant_id, command.subject.name) is not None
            try:
                verdicts.append((command, batch.decide(command, proven=proven)))
            except Unproven:
                unproven.append(command)
            except Exception as refusal:  # noqa: BLE001 - its caller's to hear, not its neighbours'
                verdicts.append((command, refusal))
        self.failpoint("log.after_decide")
        if verdicts:
            self._send(Flight(batch, verdicts))
        return unproven

    def _send(self, flight: Flight) -> None:
        tenants = sorted(flight.batch.expected)
        as_bytes = uuid_bytes(tenants)
        answer = self.pipeline.send(
            append.name_tenants(as_bytes),
            append.expect_heads(as_bytes, [flight.batch.expected[tenant] for tenant in tenants]),
            append.CLOCK,
            *([flight.batch.statement()] if flight.batch else []),
            lambda: self.failpoint("log.before_commit"),
        )
        self.in_flight.append(flight)
        answer.add_done_callback(self._land)

    def _land(self, answer: "asyncio.Future[list[PGresult]]") -> None:
        flight = self.in_flight.popleft()
        try:
            clock = answer.result()[_CLOCK_AT].get_value(0, 0)
            self.failpoint("log.after_commit")
        except Exception as error:  # noqa: BLE001 - whatever it was, what is committed is found again by locking first
            flight.error = error
            self._failed.append(flight)
            cold_until = time.monotonic() + _COOL_DOWN
            self._conflicts.update(dict.fromkeys(flight.batch.expected, cold_until))
        else:
            self.clock.read(append.instant(clock))
            self.outcomes.keep(flight.batch.kept)
        self.landed(flight)

    def take_back(self) -> list[Flight]:
        """Undo the batches that failed, and forget them; only when nothing is in flight."""
        failed, self._failed = self._failed, []
        for flight in reversed(failed):
            self.cache.undo(flight.batch.changes)
        return failed
