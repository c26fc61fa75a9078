"""A log in memory that runs the same decisions: what the handlers' tests stand on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from pydantic_core import to_json

from commands.context import Context
from commands.log import Decided, Decision, KeyReused, Outcome
from domain.decider import Stream
from domain.errors import VersionConflict
from domain.event import Event

S = TypeVar("S")


@dataclass(slots=True)
class Recorded:
    """An event with its place in the log."""

    tenant_id: str
    seq: int
    stream: str
    version: int
    event: Event
    recorded_at: datetime
    actor: str


@dataclass(slots=True)
class _States:
    """The states of one tenant's streams; naming a stream is needed to see it."""

    log: "MemoryLog"
    tenant_id: str
    named: frozenset[str]

    def __getitem__(self, stream: Stream[S]) -> S:
        assert stream.name in self.named, f"{stream.name} was not named"
        return self.log.fold(self.tenant_id, stream)

    def version(self, stream: Stream[Any]) -> int:
        assert stream.name in self.named, f"{stream.name} was not named"
        return len(self.log.streams.get((self.tenant_id, stream.name), []))


@dataclass(slots=True)
class MemoryLog:
    """The log of every tenant; `now` is its database's clock, which tests set."""

    now: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)
    streams: dict[tuple[str, str], list[Event]] = field(default_factory=dict)
    recorded: list[Recorded] = field(default_factory=list)
    outcomes: dict[tuple[str, str], tuple[bytes, Outcome]] = field(default_factory=dict)
    clock: Callable[[], datetime] | None = None
    """Instead of `now`, for who wants a clock that moves."""
    _seq: dict[str, int] = field(default_factory=dict)
    _folded: dict[tuple[str, str], tuple[int, Any]] = field(default_factory=dict)

    async def decide(
        self, context: Context, subject: Stream[Any], reads: Sequence[Stream[Any]], decision: Decision
    ) -> Outcome:
        """As `commands.log.Log.decide`."""
        key = (context.tenant_id, context.key)
        if known := self.outcomes.get(key):
            if known[0] != context.fingerprint:
                raise KeyReused
            return Outcome(known[1].body, known[1].version, known[1].seq, known[1].incarnation, replayed=True)
        states = _States(self, context.tenant_id, frozenset(s.name for s in (subject, *reads)))
        expected, version = context.expected_version, states.version(subject)
        if expected is not None and expected != version:
            raise VersionConflict(f"It is at version {version}, not at {expected}.", version=version)
        now = self.clock() if self.clock else self.now
        outcome = self._write(context, subject, decision(states, now), states, now)
        self.outcomes[key] = (context.fingerprint, outcome)
        return outcome

    def _write(
        self, context: Context, subject: Stream[Any], decided: Decided, states: _States, now: datetime
    ) -> Outcome:
        tenant = context.tenant_id
        for stream, events in decided.events.items():
            assert stream.name in states.named, f"{stream.name} was not named"
            past = self.streams.setdefault((tenant, stream.name), [])
            for event in events:
                past.append(event)
                self._seq[tenant] = seq = self.seq(tenant) + 1
                self.recorded.append(Recorded(tenant, seq, stream.name, len(past), event, now, context.actor))
        for stream, state in decided.after.items():
            assert state == self.fold(tenant, stream), f"{stream.name} was folded to something else"
        version, seq = states.version(subject), self.seq(tenant)
        body = to_json({"id": subject.id, "version": version, "seq": seq, **decided.answer})
        return Outcome(body=body, version=version, seq=seq, incarnation="memory", replayed=False)

    async def state(self, tenant_id: str, stream: Stream[S]) -> S:
        """As `commands.log.Log.state`."""
        return self.fold(tenant_id, stream)

    def fold(self, tenant_id: str, stream: Stream[S]) -> S:
        """The state of a stream, folded as far as it goes."""
        key = (tenant_id, stream.name)
        count, state = self._folded.get(key, (0, stream.decider.initial))
        events = self.streams.get(key, [])
        for event in events[count:]:
            state = stream.decider.evolve(state, event)
        self._folded[key] = (len(events), state)
        return cast("S", state)

    def seq(self, tenant_id: str) -> int:
        """How many events a tenant has."""
        return self._seq.get(tenant_id, 0)
