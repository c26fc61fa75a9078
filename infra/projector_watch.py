"""Watches a projector from beside: where its positions are, where the heads are, and whether these are followed."""

import asyncio
from typing import Final

from consumers.lag import Lags
from consumers.projector import Projector
from consumers.store import Store
from infra.postgres import Pool
from infra.projector_health import ProjectorHealth

_EVERY: Final = 5.0
"""Seconds."""


async def watch(pool: Pool, store: Store, projector: Projector, health: ProjectorHealth) -> None:
    """Tell `health` how far `store` is, until cancelled."""
    lags = Lags()
    while True:
        # Heads first: a position is then never ahead of the head that it is held against for being behind.
        async with pool.connection() as connection:
            heads = dict(await (await connection.execute("SELECT tenant_id::text, seq FROM heads")).fetchall())
        health.saw(lags.look(await store.positions(), heads, asyncio.get_running_loop().time()), projector.stopped)
        await asyncio.sleep(_EVERY)
