"""LISTEN on one channel of Postgres, for as long as anybody wants to hear."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final

import psycopg
import structlog

_PAUSE: Final = 0.5
"""Seconds before a lost connection is tried again."""

_log = structlog.get_logger()


async def heard(url: str, channel: str) -> AsyncGenerator[str, None]:
    """The payload of each notification on `channel`, over a connection of its own that is replaced when it is lost.

    Gives an empty text whenever it has begun to listen: what was said before, or while the connection was away, has
    not been heard, so the caller looks for itself.
    """
    while True:
        with suppress(psycopg.OperationalError):
            connection = await psycopg.AsyncConnection.connect(
                url, autocommit=True, application_name=f"production-tool listens to {channel}"
            )
            async with connection:
                await connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
                yield ""
                async for notification in connection.notifies():
                    yield notification.payload
        _log.warning("listening_interrupted", channel=channel)
        await asyncio.sleep(_PAUSE)
