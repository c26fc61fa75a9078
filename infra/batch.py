"""A batch: commands decided one after another in memory, each on the states that the one before left."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import getrandbits
from typing import Any, Final, TypeVar

from pydantic_core import to_json

from commands.log import Decided, KeyReused, Outcome
from domain.decider import Stream
from domain.errors import DomainError, VersionConflict
from domain.ids import RANDOM_BITS, uuid7
from infra import arrays
from infra.chain import chained, envelope
from infra.command import Command
from infra.mapper import Mapper
from infra.outcomes import Key, Known
from infra.pipeline import Statement
from infra.state_cache import Changes, Folded, Head, StateCache

S = TypeVar("S")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


Verdict = Outcome | Exception
"""What a command's caller hears once the batch has been committed: an outcome, or a refusal to raise."""


class Unproven(Exception):
    """The verdict rests on a stream that was only assumed to be empty."""


class _States:
    """The states that one decision sees, straight from the cache."""

    __slots__ = ("cache", "tenant_id")

    def __init__(self, cache: StateCache, tenant_id: str) -> None:
        self.cache = cache
        self.tenant_id = tenant_id

    def __getitem__(self, stream: Stream[S]) -> S:
        folded = self.cache.stream(self.tenant_id, stream.name)
        return stream.decider.initial if folded is None else folded[1]

    def version(self, stream: Stream[Any]) -> int:
        return self.folded(stream)[0]

    def folded(self, stream: Stream[Any]) -> Folded:
        return self.cache.stream(self.tenant_id, stream.name) or (0, stream.decider.initial, stream.decider)


class Batch:
    """Decides commands on the cache, and knows what to write and what to take back."""

    def __init__(self, cache: StateCache, mapper: Mapper, *, now: int, known: Callable[[Key], Known | None]) -> None:
        """`now` is the database's clock in microseconds since 1970; `known` finds an outcome that stands already."""
        self._cache = cache
        self._mapper = mapper
        self._now = now
        self._moment = _moment(now)
        self._known = known
        self.kept: dict[Key, Known] = {}
        """The outcomes of this batch, by tenant and key."""
        self.changes = Changes()
        self.expected: dict[str, Head] = {}
        """Where each tenant's log must end for these verdicts to stand."""
        self._events: list[tuple[Any, ...]] = []
        self._outcomes: list[tuple[Any, ...]] = []

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._outcomes)

    def decide(self, command: Command, *, proven: bool = True) -> Outcome:
        """The outcome of `command`, which holds once the batch has been committed.

        With `proven` false a stream that is not in the cache was assumed to be empty.

        Raises:
            DomainError: the decision refuses.
            KeyReused: another command has this key.
            Unproven: the verdict needs the subject's events.
        """
        context, subject = command.context, command.subject
        head = self._cache.head(context.tenant_id)
        if head is None:
            raise Unproven
        self.expected.setdefault(context.tenant_id, head)
        key = command.key
        if known := self.kept.get(key) or self._known(key):
            if known.fingerprint != context.fingerprint:
                raise KeyReused
            return known.outcome._replace(replayed=True)
        states = _States(self._cache, context.tenant_id)
        try:
            self._meets_expectation(command, states)
            moment = self._moment if head.recorded_at <= self._now else _moment(head.recorded_at)
            decided = command.decision(states, moment)
        except DomainError:
            if proven:
                raise
            raise Unproven from None
        if not (proven or decided.events.get(subject)):
            raise Unproven
        outcome = self._write(command, decided, states, head, max(self._now, head.recorded_at))
        self.kept[key] = Known(context.fingerprint, outcome)
        return outcome

    @staticmethod
    def _meets_expectation(command: Command, states: _States) -> None:
        expected = command.context.expected_version
        if expected is not None and expected != (version := states.version(command.subject)):
            raise VersionConflict(f"It is at version {version}, not at {expected}.", version=version)

    def _write(self, command: Command, decided: Decided, states: _States, head: Head, at: int) -> Outcome:
        context = command.context
        tenant_id, seq, digest, milliseconds = context.tenant_id, head.seq, head.hash, at // 1000
        shared = envelope(actor=context.actor, correlation_id=context.correlation_id, causation_id=context.causation_id)
        folded: dict[str, Folded] = {}
        rows = []
        for stream, events in decided.events.items():
            version, state, decider = folded.get(stream.name) or states.folded(stream)
            after = decided.after.get(stream)
            for event in events:
                seq, version = seq + 1, version + 1
                stored_as, data = self._mapper.encode(event)
                event_id = uuid7(milliseconds, getrandbits(RANDOM_BITS))
                digest = chained(
                    digest,
                    tenant_id=tenant_id,
                    seq=seq,
                    stream=stream.name,
                    version=version,
                    event_id=event_id,
                    event_type=stored_as,
                    recorded_at=at,
                    envelope=shared,
                    data=data,
                )
                if after is None:
                    state = decider.evolve(state, event)
                rows.append(
                    (tenant_id, seq, stream.name, version, event_id, stored_as, data, at,
                     context.actor, context.correlation_id, context.causation_id, digest)
                )  # fmt: skip
            folded[stream.name] = (version, state if after is None else after, decider)
        subject = command.subject
        version = (folded.get(subject.name) or states.folded(subject))[0]
        body = to_json({"id": subject.id, "version": version, "seq": seq, **decided.answer})
        # Nothing fails from here on, so that a command is in the batch whole or not at all.
        self._events += rows
        self._outcomes.append((tenant_id, context.key, context.fingerprint, version, seq, body, at))
        for name, stream_now in folded.items():
            self._cache.fold(tenant_id, name, stream_now, self.changes)
        if rows:
            self._cache.move_head(tenant_id, Head(seq, digest, at, head.incarnation), self.changes)
        return Outcome(body=body, version=version, seq=seq, incarnation=head.incarnation, replayed=False)

    def statement(self) -> Statement:
        """The one statement that writes the events, the outcomes and the moved heads."""
        e = list(zip(*self._events, strict=True)) or [()] * 12
        k = list(zip(*self._outcomes, strict=True))
        moved = [(tenant_id, self._cache.head(tenant_id)) for tenant_id in self.changes.heads]
        heads = [(tenant_id, head) for tenant_id, head in moved if head]
        return b"append", (
            arrays.uuids(uuid_bytes(e[0])),
            arrays.bigints(e[1]),
            arrays.texts(e[2]),
            arrays.integers(e[3]),
            arrays.uuids([bytes.fromhex(id.replace("-", "")) for id in e[4]]),
            arrays.texts(e[5]),
            arrays.utf8(e[6]),
            arrays.timestamps(e[7]),
            arrays.texts(e[8]),
            arrays.texts(e[9]),
            arrays.nullable_texts(e[10]),
            arrays.byteas(e[11]),
            arrays.uuids(uuid_bytes(k[0])),
            arrays.texts(k[1]),
            arrays.byteas(k[2]),
            arrays.integers(k[3]),
            arrays.bigints(k[4]),
            arrays.utf8(k[5]),
            arrays.timestamps(k[6]),
            arrays.uuids(uuid_bytes([tenant_id for tenant_id, _ in heads])),
            arrays.bigints([head.seq for _, head in heads]),
            arrays.byteas([head.hash for _, head in heads]),
            arrays.timestamps([head.recorded_at for _, head in heads]),
        )


@lru_cache(maxsize=4096)
def _uuid_bytes(id: str) -> bytes:
    return bytes.fromhex(id.replace("-", ""))


def uuid_bytes(ids: Iterable[str]) -> list[bytes]:
    """Canonical UUIDs as 16 bytes each; the same few, as tenants are, are worked out once."""
    return list(map(_uuid_bytes, ids))


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
