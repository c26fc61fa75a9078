"""The smallest aggregate there is, for tests whose subject is the log."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from commands.context import Context
from commands.log import Decided, Decision, Log, Outcome, States
from domain.decider import Decider, Stream
from domain.errors import Refused
from domain.event import Event
from domain.ids import RANDOM_BITS, uuid7

TENANT = "0f0e7a52-0000-5000-8000-00000000000a"
OTHER_TENANT = "0f0e7a52-0000-5000-8000-00000000000b"


class CountRaised(Event):
    stored_as: ClassVar[str] = "count.raised.v1"

    by: int
    at: datetime


class LimitReached(Refused):
    code = "limit_reached"


@dataclass(frozen=True, slots=True)
class Count:
    total: int = 0


def evolve(count: Count, event: Event) -> Count:
    match event:
        case CountRaised():
            return Count(count.total + event.by)
        case _:
            return count


COUNT = Decider(category="count", events=(CountRaised,), initial=Count(), evolve=evolve)


def new_id() -> str:
    return uuid7(0, secrets.randbits(RANDOM_BITS))


def context(
    key: str = "", *, tenant_id: str = TENANT, body: bytes = b"", expected: int | None = None, actor: str = "ada"
) -> Context:
    return Context(
        tenant_id=tenant_id,
        actor=actor,
        permissions=frozenset(),
        key=key or new_id(),
        fingerprint=body.ljust(32),
        expected_version=expected,
        correlation_id="test",
    )


def raise_count(stream: Stream[Count], by: int = 1, *, limit: int = 1_000_000) -> Decision:
    def decide(states: States, now: datetime) -> Decided:
        total = states[stream].total
        if total + by > limit:
            raise LimitReached(f"The count is {total}.", limit=limit)
        return Decided({stream: [CountRaised(by=by, at=now)] if by else []}, {"total": total + by})

    return decide


async def count_up(log: Log, of: Context, stream: Stream[Count], by: int = 1, *, limit: int = 1_000_000) -> Outcome:
    return await log.decide(of, stream, (), raise_count(stream, by, limit=limit))
