"""Lock first: the way to append that assumes nothing.

Two round trips. The first locks the heads of the batch's tenants and brings the cache up to them; then everything the
batch needs is known and cannot move, so every verdict is final. The second writes and commits.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.pq.abc import PGresult

from commands.log import Outcome
from domain.decider import Stream
from infra import append
from infra.batch import Batch, Verdict, uuid_bytes
from infra.clock import Clock
from infra.command import Command
from infra.mapper import Mapper
from infra.outcomes import Key, Known, Outcomes
from infra.pipeline import Pipeline
from infra.state_cache import Changes, Head, StateCache

_NEVER = 2**62
"""Past any seq: asks for no tail, for a tenant that the cache does not hold."""


class MovedTooFar(Exception):
    """Other processes have written more than is worth following."""


@dataclass(frozen=True, slots=True)
class LockFirst:
    """Appends whole batches, one at a time."""

    pipeline: Pipeline
    cache: StateCache
    mapper: Mapper
    outcomes: Outcomes
    clock: Clock
    failpoint: Callable[[str], None]

    async def append(self, commands: Sequence[Command]) -> list[Verdict]:
        """Decide and write `commands`: a verdict each, in order.

        Raises:
            StatementFailed: nothing was written.
            ConnectionLost: whether it was written is not known.
        """
        await self._open_new_tenants(commands)
        known = await self._prepared(commands)
        batch = Batch(self.cache, self.mapper, now=self.clock.reading, known=known.get)
        verdicts = [self._verdict(batch, command) for command in commands]
        self.failpoint("log.after_decide")
        try:
            if batch:
                await self.pipeline.send(batch.statement(), lambda: self.failpoint("log.before_commit"), append.COMMIT)
            else:
                await self.pipeline.send(append.COMMIT)
        except BaseException:
            self.cache.undo(batch.changes)
            raise
        self.failpoint("log.after_commit")
        self.outcomes.keep(batch.kept)
        return verdicts

    @staticmethod
    def _verdict(batch: Batch, command: Command) -> Verdict:
        # Whatever a decision raises is its caller's to hear, and not its neighbours': decisions are pure.
        try:
            return batch.decide(command)
        except Exception as refusal:  # noqa: BLE001
            return refusal

    async def _open_new_tenants(self, commands: Sequence[Command]) -> None:
        tenants = {command.context.tenant_id for command in commands}
        new = uuid_bytes(sorted(tenant for tenant in tenants if self.cache.head(tenant) is None))
        if new:
            await self.pipeline.send(append.BEGIN, append.name_tenants(new), append.open_tenants(new), append.COMMIT)

    async def _prepared(self, commands: Sequence[Command]) -> dict[Key, Known]:
        while True:
            try:
                return await self._prepare(commands)
            except MovedTooFar:  # the cache has forgotten these tenants: now everything is read
                await self.pipeline.send(append.ROLLBACK)

    async def _prepare(self, commands: Sequence[Command]) -> dict[Key, Known]:
        """Lock the heads and bring cache and clock up to now; the outcomes that the keys have already."""
        tenants = sorted({command.context.tenant_id for command in commands})
        as_bytes = dict(zip(tenants, uuid_bytes(tenants), strict=True))
        heads = [self.cache.head(tenant) for tenant in tenants]
        cold = self._cold(commands)
        keys = [(command.context.tenant_id, command.context.key) for command in commands]
        _, _, locked, clock, known, tails, streams = await self.pipeline.send(
            append.BEGIN,
            append.name_tenants(list(as_bytes.values())),
            append.lock_heads(list(as_bytes.values())),
            append.CLOCK,
            append.known_keys([as_bytes[tenant] for tenant, _ in keys], [key for _, key in keys]),
            append.tails(list(as_bytes.values()), [head.seq if head else _NEVER for head in heads]),
            append.streams([as_bytes[tenant] for tenant, _ in cold], [stream.name for _, stream in cold]),
        )
        self.clock.read(append.instant(clock.get_value(0, 0)))
        try:
            self._follow(tenants, tails)
            self._move_heads(locked)
            self._load(cold, streams)
        except BaseException:  # half followed is worse than not at all
            for tenant in tenants:
                self.cache.forget(tenant)
            raise
        return self._known(keys, known)

    def _cold(self, commands: Sequence[Command]) -> list[tuple[str, Stream[Any]]]:
        return list(
            {
                (tenant, stream.name): (tenant, stream)
                for command in commands
                for tenant in (command.context.tenant_id,)
                for stream in (command.subject, *command.reads)
                if self.cache.stream(tenant, stream.name) is None
            }.values()
        )

    def _follow(self, tenants: Sequence[str], tails: PGresult) -> None:
        """Fold what other processes have written into the states that are in the cache."""
        followed = Counter[str]()
        for n, name, version, stored_as, data in append.rows(tails):
            tenant = tenants[append.number(n) - 1]
            followed[tenant] += 1
            if folded := self.cache.stream(tenant, name.decode()):
                _, state, decider = folded
                event = self.mapper.decode(stored_as.decode(), data)
                moved = (append.number(version), decider.evolve(state, event), decider)
                self.cache.fold(tenant, name.decode(), moved, Changes())
        if max(followed.values(), default=0) > append.FOLLOWED:
            raise MovedTooFar

    def _move_heads(self, locked: PGresult) -> None:
        for tenant_id, seq, digest, recorded_at, incarnation in append.rows(locked):
            head = Head(append.number(seq), digest, append.instant(recorded_at), append.uuid_text(incarnation))
            self.cache.meet(append.uuid_text(tenant_id), head)

    def _load(self, cold: Sequence[tuple[str, Stream[Any]]], streams: PGresult) -> None:
        """Fold whole streams; one without events is kept as empty."""
        loaded = append.folded([stream for _, stream in cold], streams, self.mapper)
        for (tenant, stream), folded in zip(cold, loaded, strict=True):
            self.cache.fold(tenant, stream.name, folded, Changes())

    def _known(self, keys: Sequence[Key], known: PGresult) -> dict[Key, Known]:
        outcomes = {}
        for n, fingerprint, version, seq, body in append.rows(known):
            key = keys[append.number(n) - 1]
            head = self.cache.head(key[0])
            outcomes[key] = Known(
                fingerprint,
                Outcome(
                    body=body,
                    version=append.number(version),
                    seq=append.number(seq),
                    incarnation=head.incarnation if head else "",
                    replayed=False,
                ),
            )
        return outcomes
