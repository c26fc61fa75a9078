"""Reads one stream whole, as a reader of its tenant."""

from typing import Final, TypeVar

import psycopg

from commands.log import LogUnavailable
from domain.decider import Stream
from infra import append
from infra.batch import uuid_bytes
from infra.mapper import Mapper
from infra.pipeline import Line, StatementFailed

S = TypeVar("S")

_PREPARED: Final = {
    b"begin": "BEGIN READ ONLY",
    b"commit": "COMMIT",
    b"rollback": "ROLLBACK",
    b"name_tenant": "SELECT set_config('app.tenant', $1::uuid::text, true)",
    b"stream": """
        SELECT version, event_type, data
        FROM events
        WHERE tenant_id = $1::uuid AND stream = $2::text
        ORDER BY version
    """,
}


class StreamReader:
    """Folds streams outside of any append; what it returns may be old by the time it is used."""

    def __init__(self, url: str, mapper: Mapper) -> None:
        """Connects to `url` on first use."""
        self._line = Line(
            url,
            role="production_tool_reader",
            settings={"application_name": "production-tool reader", "plan_cache_mode": "force_generic_plan"},
            prepared=_PREPARED,
        )
        self._mapper = mapper

    async def read(self, tenant_id: str, stream: Stream[S]) -> S:
        """The state of `stream` now.

        Raises:
            LogUnavailable: the database does not answer.
        """
        (tenant,) = uuid_bytes([tenant_id])
        try:
            pipeline = await self._line.pipeline()
            try:
                *_, events, _ = await pipeline.send(
                    append.BEGIN,
                    (b"name_tenant", (tenant,)),
                    (b"stream", (tenant, stream.name.encode())),
                    append.COMMIT,
                )
            except StatementFailed:
                await pipeline.send(append.ROLLBACK)
                raise
        except (psycopg.OperationalError, ConnectionError) as error:
            raise LogUnavailable from error
        state = stream.decider.initial
        for _, stored_as, data in append.rows(events):
            state = stream.decider.evolve(state, self._mapper.decode(stored_as.decode(), data))
        return state

    def close(self) -> None:
        """Close the connection."""
        self._line.close()
