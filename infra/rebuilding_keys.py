"""`production-tool rebuild` of a read model in Redis, wired to Postgres and Redis."""

from collections.abc import Callable
from contextlib import aclosing

from consumers.projector import TooManyParked
from consumers.rebuild import Compared
from consumers.rebuild import rebuild as run
from infra.decoding import history_for
from infra.failpoint import failpoint
from infra.postgres import check_database, projector_pool
from infra.rebuilding import RebuildRefused, alone, code
from infra.redis import must_answer, open_client
from infra.redis_copy import RedisCopy
from projections.keyed import KeyedProjection


async def rebuild(
    url: str,
    redis_url: str,
    projection: KeyedProjection,
    tenant_id: str | None,
    progress: Callable[[int, int], None],
) -> Compared:
    """Make a read model anew beside the live one, of all tenants or one, and switch; returns how the old one differed.

    Raises:
        RebuildRefused, NotSwitched: it is being rebuilt, or cannot be; who was not switched reads the old one.
        RoleRefused, SchemaMismatch, RedisUnusable: a server is not ready for us.
        psycopg.OperationalError: Postgres cannot be reached, or went away; the next run goes on from there.
    """
    await check_database(url)
    async with (
        alone(url, projection),
        projector_pool(url) as pool,
        aclosing(open_client(redis_url, name="rebuild")) as client,
    ):
        await must_answer(client)
        copy = RedisCopy(
            projection=projection,
            client=client,
            pool=pool,
            history=history_for(pool, [projection]),
            only=tenant_id,
            code=code(),
            failpoint=failpoint,
        )
        try:
            return await run(copy, copy.history, only=tenant_id, progress=progress)
        except TooManyParked as error:
            raise RebuildRefused(f"nothing was switched: {error}") from error
