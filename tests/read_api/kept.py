"""The keys of a story in a real Redis, and a tenant who asks them at the story's own time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from redis import Redis

from consumers import folding
from consumers.positions import Step
from consumers.store import Share
from domain.permission import ROLES, Who
from infra.catalogue import EVENTS, KEYED
from infra.mapper import Mapper
from infra.redis_made import made
from infra.redis_reads import RedisKeys
from infra.redis_script import APPLY, NOWHERE, Move, Place, keys_and_arguments
from projections.recorded import Recorded
from read_api.freshness import Freshness
from read_api.tenant import Reads, Tenant
from tests.given import Studio

_MAPPER = Mapper(EVENTS)


@dataclass
class StoryClock:
    at: datetime

    async def now(self) -> datetime:
        return self.at


def kept(redis_url: str, studio: Studio) -> None:
    """Write the keys of all that a studio has recorded."""
    recorded = [
        Recorded(
            one.tenant_id, one.seq, one.stream, one.version, "e", *_again(one.event), one.recorded_at, "ada", "c", None
        )
        for one in studio.log.recorded
    ]
    last = recorded[-1].seq
    moves = []
    for projection in KEYED:
        share = Share(projection, recorded, [Step(studio.tenant, projection.name, 0, last)])
        rows, ops = made(share, folding.fold([share], {}, {}))
        some = rows.get(studio.tenant, {}), ops.get(studio.tenant, ())
        moves.append(Move(projection.name, NOWHERE, Place(last, "life"), last, *some))
    with Redis.from_url(redis_url) as client:
        client.flushall()
        keys, arguments = keys_and_arguments(studio.tenant, moves)
        assert cast("Any", client).eval(APPLY, len(keys), *keys, *arguments) == 1


def _again(event: Any) -> tuple[str, Any]:  # noqa: ANN401 - any event
    stored_as, data = _MAPPER.encode(event)
    return stored_as, _MAPPER.decode(stored_as, data)


@asynccontextmanager
async def asking_at(redis_url: str, tenant_id: str, now: datetime) -> AsyncIterator[Tenant]:
    """Staff of that tenant, with Redis and nothing else."""
    keys = RedisKeys(redis_url)
    clock = cast("Any", StoryClock(now))
    reads = Reads(pool=cast("Any", None), freshness=Freshness(), decode=cast("Any", None), clock=clock, keys=keys)
    who = Who(tenant_id=tenant_id, actor="ada", role="admin", permissions=ROLES["admin"], artist_id=None)
    try:
        yield Tenant(who=who, reads=reads, projections=frozenset(), seen=None)
    finally:
        await keys.aclose()
