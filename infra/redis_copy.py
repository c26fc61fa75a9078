"""A second edition of a read model in Redis, and how it takes the place of the one that is read.

It is a read model of its own, with a position of its own, under names with the edition in them. The position of the
live one says which edition is read; the switch writes that, tenant by tenant, and takes the old one's keys away in the
same script. Killed anywhere, the next run goes on: who has been switched reads this edition, and the others' copies say
how far they are.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from consumers.projector import Projector
from consumers.rebuild import Compared
from infra.cannot_run import CannotRun
from infra.log_feed import LogHistory
from infra.nothing import Nothing
from infra.postgres import Pool
from infra.redis_contents import contents
from infra.redis_keys import KEYS, POSITION, key_of
from infra.redis_script import DROP
from infra.redis_store import RedisStore
from projections.keyed import KeyedProjection

_HOLD: Final = 10
"""Seconds for which a read model is kept where it is; said again while we need it, and over by itself if we die."""
_AGAIN: Final = 3.0

_KEEP: Final = """
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
redis.call('HSET', KEYS[1], 'held_until', redis.call('TIME')[1] + ARGV[1])
return redis.call('HGET', KEYS[1], 'seq')
"""
_SWITCH: Final = (
    DROP
    + """
local live, copy = KEYS[1], KEYS[2]
local here, there = redis.call('HMGET', live, 'seq', 'incarnation'), redis.call('HMGET', copy, 'seq', 'incarnation')
if not here[1] or here[1] ~= there[1] or here[2] ~= there[2] then return 0 end
local old = redis.call('HGET', live, 'edition')
redis.call('HSET', live, 'edition', ARGV[1])
redis.call('HDEL', live, 'held_until')
redis.call('UNLINK', copy)
drop(ARGV[2] .. (old and old .. ':' or '') .. ARGV[3])
return 1
"""
)
"""1: the copy is the live one, the old keys are gone. 0: the two are not at the same place, and nothing was done."""
_CLEAR: Final = (
    DROP
    + """
if redis.call('HGET', KEYS[1], 'edition') == ARGV[1] then return end
drop(KEYS[3])
redis.call('UNLINK', KEYS[2])
"""
)


class NotSwitched(CannotRun):
    """A read model has moved though it was to stay where it is."""


@dataclass(slots=True, kw_only=True)
class RedisCopy:
    """`consumers.rebuild.Copy`."""

    projection: KeyedProjection
    client: Any
    """Its answers are bytes, which it does not say."""
    pool: Pool
    """Connections in the role `production_tool_projector`."""
    history: LogHistory
    only: str | None
    """The tenant that the run is about, or all."""
    code: str
    """Changes whenever what this process would build may be another read model."""
    failpoint: Callable[[str], None]
    edition: str = field(default="", init=False)
    store: RedisStore = field(init=False)
    projector: Projector = field(init=False)

    async def begin(self, _: str | None) -> None:
        """See `consumers.rebuild.Copy`."""
        code, edition = await self.client.hmget(self._run, "code", "edition")
        if code is not None and code.decode() == self.code:
            self.edition = edition.decode()
        else:
            if edition is not None:
                self.edition = edition.decode()
                await self._clear(list(await self._heads()))
            # At random, so that it was never that of any other.
            self.edition = f"v{uuid4().hex[:8]}"
            await self.client.hset(self._run, mapping={"code": self.code, "edition": self.edition})
        self.store = RedisStore(
            client=self.client,
            pool=self.pool,
            projections=[self.projection],
            failpoint=self.failpoint,
            beside=self.edition,
        )
        self.projector = Projector(feed=Nothing(), history=self.history, store=self.store, failpoint=self.failpoint)

    async def remaining(self, only: str | None) -> dict[str, int]:
        """See `consumers.rebuild.Copy`."""
        heads = await self._heads()
        asked = [tenant for tenant in heads if only in {None, tenant}]
        async with self.client.pipeline(transaction=False) as pipe:
            for tenant in asked:
                pipe.hmget(self._key(tenant, POSITION), "seq", "incarnation", "edition")
            answers = await pipe.execute()
        return {
            tenant: int(seq)
            for tenant, (seq, incarnation, edition) in zip(asked, answers, strict=True)
            if seq is not None and incarnation.decode() == heads[tenant] and (edition or b"").decode() != self.edition
        }

    async def filled(self) -> dict[str, int]:
        """See `consumers.rebuild.Copy`."""
        return (await self.store.positions())[self.projection.name]

    @asynccontextmanager
    async def switching(self, tenants: Sequence[str]) -> AsyncIterator["RedisSwitch"]:
        """See `consumers.rebuild.Copy`."""
        live = await self._keep(tenants)
        keeping = asyncio.create_task(self._go_on_keeping(tenants), name="rebuild keeps")
        try:
            yield RedisSwitch(self, live)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await self._release(tenants)

    async def end(self, _: str | None) -> None:
        """See `consumers.rebuild.Copy`."""
        await self.client.delete(self._run)

    async def switch(self, tenant: str) -> None:
        """From now on its copy is what is read.

        Raises:
            NotSwitched: the two are not at the same place.
        """
        keys = self._key(tenant, POSITION), self._copy(tenant, POSITION)
        model = self._key(tenant, "")
        if await self.client.eval(_SWITCH, len(keys), *keys, self.edition, model, KEYS) != 1:
            raise NotSwitched(f"{self.projection.name} of {tenant} has moved meanwhile; run it again to go on")

    async def _clear(self, tenants: Collection[str]) -> None:
        """Take away the keys of this edition; who reads it by now keeps it."""
        async with self.client.pipeline(transaction=False) as pipe:
            for tenant in tenants:
                keys = self._key(tenant, POSITION), self._copy(tenant, POSITION), self._copy(tenant, KEYS)
                pipe.eval(_CLEAR, len(keys), *keys, self.edition)
            await pipe.execute()

    async def _keep(self, tenants: Sequence[str]) -> dict[str, int]:
        """Keep the live read models where they are for some seconds; returns where that is."""
        async with self.client.pipeline(transaction=False) as pipe:
            for tenant in tenants:
                pipe.eval(_KEEP, 1, self._key(tenant, POSITION), _HOLD)
            answers = await pipe.execute()
        return {tenant: int(seq) for tenant, seq in zip(tenants, answers, strict=True) if seq is not None}

    async def _go_on_keeping(self, tenants: Sequence[str]) -> None:
        while True:
            await asyncio.sleep(_AGAIN)
            await self._keep(tenants)

    async def _release(self, tenants: Sequence[str]) -> None:
        async with self.client.pipeline(transaction=False) as pipe:
            for tenant in tenants:
                pipe.hdel(self._key(tenant, POSITION), "held_until")
            await pipe.execute()

    async def _heads(self) -> dict[str, str]:
        """The life of each tenant's log."""
        async with self.pool.connection() as connection:
            found = await connection.execute("SELECT tenant_id::text, incarnation::text FROM heads")
            return dict(await found.fetchall())

    @property
    def _run(self) -> str:
        """The run that is under way: `code` and `edition`. That of one tenant is that tenant's."""
        return self._key(self.only, "rebuilding") if self.only else f"pt:rebuilding:{self.projection.name}"

    def _key(self, tenant: str, name: str) -> str:
        return key_of(tenant, self.projection.name, name)

    def _copy(self, tenant: str, name: str) -> str:
        return key_of(tenant, self.projection.name, name, self.edition)


@dataclass(frozen=True, slots=True)
class RedisSwitch:
    """`consumers.rebuild.Switch`, as long as the read models are kept where they are."""

    copy: RedisCopy
    live: Mapping[str, int]

    async def compare(self) -> Compared:
        """See `consumers.rebuild.Switch`."""
        compared, name = Compared(), self.copy.projection.name
        for tenant in self.live:
            old = (await contents(self.copy.client, tenant, name)).keys
            new = (await contents(self.copy.client, tenant, name, beside=self.copy.edition)).keys
            compared.rows += len(new)
            for key in sorted(old.keys() | new.keys()):
                if old.get(key) != new.get(key):
                    how = "was missing" if key not in old else "was too many" if key not in new else "was otherwise"
                    compared.differs(f"{key} of {tenant} {how}")
        return compared

    async def switch(self) -> None:
        """See `consumers.rebuild.Switch`; one tenant after the other."""
        self.copy.failpoint("rebuild.before_switch")
        for tenant in self.live:
            await self.copy.switch(tenant)
        self.copy.failpoint("rebuild.after_switch")
