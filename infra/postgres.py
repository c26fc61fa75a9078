"""Connections to Postgres, each in the role that its work needs and no more."""

import os
import select
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Final
from weakref import WeakSet

import psycopg
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from infra.cannot_run import CannotRun
from infra.migrate import check_schema

READER: Final = "production_tool_reader"
PROJECTOR: Final = "production_tool_projector"
LOG_WRITER: Final = "production_tool_log_writer"

Connection = psycopg.AsyncConnection[Any]
Pool = AsyncConnectionPool[Connection]


_PATIENCE: Final = 5.0
"""Seconds that somebody waits for a connection."""
_COMING_BACK: Final = 5.0
"""Seconds for which a pool tries again by itself, ever more seldom: after minutes without a server it would wait for
minutes more. Later on whoever wants a connection makes it try at once."""
_VANISHED: Final = {"tcp_user_timeout": 5000, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2}
"""A server that has gone without a word is noticed in seconds, where TCP alone takes a quarter of an hour."""
_ASLEEP: Final = 10
"""Seconds after which a projector that sleeps within a transaction has lost it: it keeps its successor waiting."""
_open = WeakSet[Connection]()
"""What the pools of this process have opened."""


class RoleRefused(CannotRun):
    """The login role of the database's URL cannot become a role of the application."""


def reader_pool(url: str, *, max_size: int = 8) -> Pool:
    """Connections that read one tenant at a time; `await pool.open(wait=True)` before the first use."""
    return _pool(url, READER, max_size)


def projector_pool(url: str, *, max_size: int = 4) -> Pool:
    """Connections that read the log and write read models; `await pool.open(wait=True)` before the first use."""
    return _pool(url, PROJECTOR, max_size)


def relay_pool(url: str, *, max_size: int = 4) -> Pool:
    """The same for a relay, of which a paused one must keep no lock: others wait for it to take its shards over."""

    async def configure(connection: Connection) -> None:
        await _become(connection, PROJECTOR)
        await connection.execute("SET idle_in_transaction_session_timeout = '4s'")

    return _pool(url, PROJECTOR, max_size, configure)


def rebuilding_pool(url: str) -> Pool:
    """The projector's connections, to which the tables of `rebuilding` hide the live ones of the same name."""

    async def look_there_first(connection: Connection) -> None:
        await _become(connection, PROJECTOR)
        await connection.execute(
            "SELECT set_config('search_path', 'rebuilding, ' || current_setting('search_path'), false)"
        )

    return _pool(url, PROJECTOR, 2, look_there_first)


async def check_database(url: str) -> None:
    """Find out at the start, not at the first request, that the database is not ready for us.

    Raises:
        RoleRefused, SchemaMismatch: what to do is in the message.
        psycopg.OperationalError: it cannot be reached.
    """
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await check_schema(connection)
        for role in (READER, PROJECTOR, LOG_WRITER):
            await _become(connection, role)


def _pool(url: str, role: str, max_size: int, configure: Callable[[Connection], Awaitable[None]] | None = None) -> Pool:
    async def become(connection: Connection) -> None:
        await _become(connection, role)
        if role == READER:
            # Each of its transactions shows one moment, and can write nothing.
            await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
        else:
            await connection.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', %s, false)", [f"{_ASLEEP}s"]
            )

    async def make_ready(connection: Connection) -> None:
        await (configure or become)(connection)
        _open.add(connection)

    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=max_size,
        open=False,
        timeout=_PATIENCE,
        reconnect_timeout=_COMING_BACK,
        configure=make_ready,
        check=_check,
        kwargs={
            "autocommit": True,
            "application_name": f"production-tool {role.removeprefix('production_tool_')}",
            **_VANISHED,
        },
        name=role,
    )


def cut() -> None:
    """Break every connection of this process's pools, as a network does that goes away; for a failpoint."""
    for connection in list(_open):
        if not connection.closed:
            with socket.socket(fileno=os.dup(connection.fileno())) as its:
                its.shutdown(socket.SHUT_RDWR)


async def _check(connection: Connection) -> None:
    """Ask the server only if it has said something, which between two uses is its farewell: asking is a round trip."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


async def _become(connection: Connection, role: str) -> None:
    """Take `role` for as long as the connection lives."""
    try:
        await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    except psycopg.errors.InvalidParameterValue as error:
        raise RoleRefused(f"the server has no role {role}, though `production-tool migrate` made it") from error
    except psycopg.errors.InsufficientPrivilege as error:
        login = connection.info.user
        raise RoleRefused(f"{login} may not SET ROLE {role}: GRANT {role} TO {login}") from error
