"""The log as what the relay sends: each event in its CloudEvents envelope, written by the database.

Postgres puts the envelope together, around the data as it is stored: half the work of a message, on another processor.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.string import TextLoader
from psycopg_pool import AsyncConnectionPool

from consumers.feed import CATCHING_UP
from consumers.relay import Message
from infra.listen import heard
from infra.log_feed import AsStored, LogFeed, Wanted
from infra.nudge import CHANNEL


async def read_messages(connection: AsyncConnection[Any], wanted: Sequence[Wanted]) -> list[Message]:
    """These ranges, all of which are committed, one after the other; in the caller's transaction, and its role.

    Raises:
        LookupError: an event is not there, so the log is broken.
    """
    cursor = connection.cursor()
    cursor.adapters.register_loader("uuid", TextLoader)
    cursor.adapters.register_loader("json", AsStored)
    async with connection.pipeline():
        await connection.execute(
            "SELECT set_config('app.tenants', %s::uuid[]::text, true), set_config('TimeZone', 'UTC', true)",
            [[want.tenant_id for want in wanted]],
        )
        # LATERAL with a LIMIT, so that the plan is one index range a tenant even without statistics.
        # The trace is the request's: its id is made of the correlation id, the span's of the event's.
        await cursor.execute(
            """
            SELECT h.tenant_id, e.seq, e.event_type, h.incarnation, trace.parent,
                   floor(extract(epoch FROM e.recorded_at) * 1000)::bigint,
                   (
                       SELECT row_to_json(envelope)
                       FROM (
                           SELECT '1.0' AS specversion, e.event_id AS id, '/tenants/' || h.tenant_id AS source,
                                  e.event_type AS type, e.stream AS subject, e.recorded_at AS time,
                                  'application/json' AS datacontenttype, h.tenant_id AS tenant, h.incarnation,
                                  e.seq, e.version, e.actor, e.correlation_id AS correlationid,
                                  e.causation_id AS causationid, trace.parent AS traceparent, e.data
                       ) AS envelope
                   )
            FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) WITH ORDINALITY
                AS asked (tenant_id, after, until, n)
            JOIN heads h ON h.tenant_id = asked.tenant_id
            CROSS JOIN LATERAL (
                SELECT seq, stream, version, event_id, event_type, data, recorded_at, actor, correlation_id,
                       causation_id
                FROM events
                WHERE tenant_id = asked.tenant_id AND seq > asked.after AND seq <= asked.until
                ORDER BY seq
                LIMIT asked.until - asked.after
            ) AS e
            CROSS JOIN LATERAL (
                SELECT format('00-%%s-%%s-01', md5(e.correlation_id),
                              right(replace(e.event_id::text, '-', ''), 16)) AS parent
            ) AS trace
            ORDER BY asked.n, e.seq
            """,
            [list(column) for column in zip(*wanted, strict=True)],
        )
    messages = [Message(*row) for row in await cursor.fetchall()]
    if len(messages) != sum(want.until - want.after for want in wanted):
        raise LookupError(f"{len(messages)} events where {wanted} are committed: the log is not gapless")
    return messages


class Envelopes:
    """Ranges of the log as messages; `infra.log_feed.Reader`."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        """`pool` gives connections in the role `production_tool_projector`."""
        self._pool = pool

    async def read(self, wanted: Sequence[Wanted]) -> Sequence[Message]:
        """See `read_messages`."""
        async with self._pool.connection() as connection, connection.transaction():
            return await read_messages(connection, wanted)


class LogOutbox:
    """`consumers.relay.Outbox` on the log."""

    def __init__(self, url: str, pool: AsyncConnectionPool[AsyncConnection[Any]]) -> None:
        """`pool` gives connections in the role `production_tool_projector`."""
        self._url = url
        self._pool = pool
        self._feed: LogFeed[Message] | None = None

    async def follow(
        self, after: Mapping[str, int], mine: Callable[[str], bool]
    ) -> AsyncGenerator[Sequence[Message], None]:
        """See `consumers.relay.Outbox`."""
        self._feed = LogFeed(
            pool=self._pool,
            history=Envelopes(self._pool),
            calls=heard(self._url, CHANNEL),
            mine=mine,
            catching_up=CATCHING_UP,
        )
        async with aclosing(self._feed.follow(after)) as batches:
            async for batch in batches:
                yield batch

    @property
    def behind(self) -> int:
        """See `consumers.relay.Outbox`."""
        return 0 if self._feed is None else self._feed.behind
