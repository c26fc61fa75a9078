"""Connections to Redis, or to Valkey, which speaks the same."""

from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError

from infra.cannot_run import CannotRun

Client = Redis
UNAVAILABLE: Final = (RedisError, OSError)
"""What a server that is away, or refuses to work, raises."""

_PATIENCE: Final = 5.0
"""Seconds for an answer, and for a connection."""
_POLICY: Final = "noeviction"


class RedisUnusable(CannotRun):
    """The server is there, and is not one for us."""


def open_client(url: str, *, connections: int = 8, name: str, patience: float = _PATIENCE) -> Client:
    """A client whose answers are bytes; close it with `aclose()`.

    A connection that the server has closed meanwhile is made anew, once: our scripts may be sent twice.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=patience,
        socket_timeout=patience,
        socket_connect_timeout=patience,
        protocol=2,
        client_name=f"production-tool-{name}",
        retry=Retry(ConstantBackoff(0.01), 1),
        retry_on_error=[RedisConnectionError],
    )
    return Redis.from_pool(pool)


async def check_redis(client: Client) -> None:
    """Find out at the start that the server would throw keys away when its memory is full.

    Raises:
        RedisUnusable: it would.
        RedisError, OSError: it cannot be reached.
    """
    try:
        found = await client.config_get("maxmemory-policy")
    except ResponseError:
        return  # a provider may not tell; what it has set is for its administrator to look at
    policy = found.get("maxmemory-policy", _POLICY)
    if policy != _POLICY:
        raise RedisUnusable(f"Redis has maxmemory-policy {policy}, so it may forget any key: set it to {_POLICY}")


async def must_answer(client: Client) -> None:
    """For a command that cannot wait for it.

    Raises:
        RedisUnusable: it does not answer, or is not one for us.
    """
    try:
        await check_redis(client)
    except UNAVAILABLE as error:
        raise RedisUnusable(f"Redis cannot be used: {error}") from error
