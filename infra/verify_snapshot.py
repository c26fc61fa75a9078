"""What every check of `verify` works on: one moment of the database, tenant by tenant."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, LiteralString, NamedTuple

from psycopg import AsyncConnection
from psycopg.types.string import TextLoader
from pydantic import ValidationError

from infra.log_feed import AsStored
from infra.mapper import UnknownEvent

_AT_ONCE: Final = 2_000
"""Rows in memory while a query is streamed."""
_SHOWN: Final = 5
"""Violations that are spelled out."""


UNREADABLE: Final = (LookupError, ValidationError, UnknownEvent)
"""What replaying a log raises that is not what it was."""


class Head(NamedTuple):
    """Where a tenant's log ends."""

    tenant_id: str
    seq: int
    hash: bytes


@dataclass(slots=True)
class Found:
    """What a check came across."""

    looked_at: str = ""
    violations: int = 0
    examples: list[str] = field(default_factory=list)

    def violated(self, what: str) -> None:
        """Note a violation."""
        self.violations += 1
        if len(self.examples) < _SHOWN:
            self.examples.append(what)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A transaction in which nothing changes."""

    connection: AsyncConnection[Any]
    tenants: Sequence[Head]
    tell: Callable[[int, int], None]
    """How many events are done, out of how many."""

    @staticmethod
    async def tenants_of(connection: AsyncConnection[Any]) -> list[Head]:
        """Every tenant that has a log, and every one that a read model thinks has one."""
        cursor = await connection.execute(
            """
            SELECT tenant_id::text, coalesce(h.seq, 0), coalesce(h.hash, decode(repeat('00', 32), 'hex'))
            FROM heads h
            FULL JOIN (SELECT DISTINCT tenant_id FROM positions) p USING (tenant_id)
            ORDER BY tenant_id
            """
        )
        return [Head(*row) for row in await cursor.fetchall()]

    @property
    def events(self) -> int:
        """How many events there are to look at."""
        return sum(head.seq for head in self.tenants)

    def said(self, *more: str) -> str:
        """The size of it all, for a verdict's line."""
        return ", ".join([f"{self.events:,} events", f"{len(self.tenants):,} tenants", *more])

    async def each_tenant(self) -> AsyncIterator[Head]:
        """Tenant by tenant, each of them named to row-level security while it is looked at."""
        done = 0
        for head in self.tenants:
            self.tell(done, self.events)
            await self.connection.execute(
                "SELECT set_config('app.tenants', %s::uuid[]::text, true)", [[head.tenant_id]]
            )
            yield head
            done += head.seq
        self.tell(done, self.events)

    async def rows(self, query: LiteralString, *parameters: object) -> AsyncGenerator[Any, None]:
        """The rows of `query`, streamed; ids as text, `json` as its stored bytes. One at a time."""
        async with self.connection.cursor(name="verify") as cursor:
            cursor.itersize = _AT_ONCE
            cursor.adapters.register_loader("uuid", TextLoader)
            cursor.adapters.register_loader("json", AsStored)
            await cursor.execute(query, parameters)
            async for row in cursor:
                yield row
