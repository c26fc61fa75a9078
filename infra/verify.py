"""`production-tool verify`: what must always be true, recomputed from what is stored.

Everything is read in one snapshot, so it may run beside the service: what is written meanwhile is left out. Events are
streamed and replays go to temporary tables, so memory does not grow with the log.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from psycopg import AsyncConnection, IsolationLevel

from infra import verify_bookings, verify_kafka, verify_keys, verify_log, verify_read_models
from infra.catalogue import EVENTS, KEYED, PROJECTIONS
from infra.kafka import Kafka
from infra.mapper import Mapper
from infra.postgres import PROJECTOR
from infra.verify_invariants import INVARIANTS, invariants
from infra.verify_snapshot import Found, Snapshot

Check = Callable[[Snapshot], Awaitable[Found]]

_DECODE: Final = Mapper(EVENTS).decode

CHECKS: Final[tuple[tuple[str, str, Check], ...]] = (
    ("V2", "versions of every stream are 1..n", verify_log.versions),
    ("V3", "seq of every tenant is gapless", verify_log.gapless),
    ("V4", "no two bookings overlap without an override", lambda at: verify_bookings.overlaps(at, _DECODE)),
    ("V5", "one idempotency key, one outcome", verify_log.outcomes),
    ("V7", "read models equal a replay", lambda at: verify_read_models.replayed(at, PROJECTIONS, _DECODE)),
    ("V8", "positions are where the read models are", lambda at: verify_read_models.positions(at, PROJECTIONS)),
    ("V9", "the hash chain recomputes to the head", verify_log.chain),
)


def checks(url: str, kafka: Kafka | None, redis_url: str | None) -> Sequence[tuple[str, str, Check]]:
    """All of them, in order; what is in Kafka and in Redis is looked at where there is one."""
    found = list(CHECKS)
    if kafka is not None:
        found.append(("V6", "Kafka holds the log up to the relay's marks", lambda at: verify_kafka.held(at, kafka)))
    if redis_url is not None:
        replayed = partial(verify_keys.replayed, url=url, redis_url=redis_url, projections=KEYED, decode=_DECODE)
        positions = partial(verify_keys.positions, url=url, redis_url=redis_url, projections=KEYED)
        found += [
            ("V7", "read models in Redis equal a replay", replayed),
            ("V8", "positions in Redis are where the read models are", positions),
        ]
    return sorted(found, key=lambda check: int(check[0][1:]))


def lines(kafka: Kafka | None = None, redis_url: str | None = None) -> list[tuple[str, str]]:
    """The name and the claim of every verdict, in order."""
    return [(name, claim) for name, claim, _ in (*checks("", kafka, redis_url), *INVARIANTS)]


Progress = Callable[[str, int, int], None]
"""Told while a check runs: which, how much of it is done, and out of how much."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one check."""

    name: str
    claim: str
    found: Found

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts the claim."""
        return not self.found.violations

    def __str__(self) -> str:
        """The line to print."""
        if self.ok:
            return f"{self.name} {self.claim} … ok ({self.found.looked_at})"
        shown = "; ".join(self.found.examples)
        return f"{self.name} {self.claim} … VIOLATED {self.found.violations} times ({self.found.looked_at}): {shown}"


async def verify(
    url: str, progress: Progress, kafka: Kafka | None = None, redis_url: str | None = None
) -> AsyncGenerator[Verdict, None]:
    """A verdict for each of `lines`, in order, each as soon as it is known; the invariants all at once.

    Raises:
        KafkaUnreachable, RedisUnusable: there is one that does not answer.
    """
    connection = await AsyncConnection.connect(url, application_name="production-tool verify")
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    async with connection, connection.transaction(force_rollback=True):
        await connection.execute(
            "SELECT set_config('role', %s, true), set_config('TimeZone', 'UTC', true)", [PROJECTOR]
        )
        tenants = await Snapshot.tenants_of(connection)
        for name, claim, check in checks(url, kafka, redis_url):
            yield Verdict(name, claim, await check(Snapshot(connection, tenants, partial(progress, name))))
        (first, *_), *_ = INVARIANTS
        found = await invariants(Snapshot(connection, tenants, partial(progress, first)), _DECODE)
        for (name, claim, _), one in zip(INVARIANTS, found, strict=True):
            yield Verdict(name, claim, one)
