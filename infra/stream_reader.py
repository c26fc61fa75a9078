"""Reads streams whole, outside of any append, as a reader of their tenant."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from commands.log import LogUnavailable
from domain.decider import Stream
from infra import append
from infra.batch import uuid_bytes
from infra.mapper import Mapper
from infra.pipeline import Line, StatementFailed
from infra.state_cache import Head, Snapshot

_BEGIN: Final = (b"begin_snapshot", ())
_PREPARED: Final = {
    **{name: append.PREPARED[name] for name in (b"commit", b"rollback", b"streams")},
    b"begin_snapshot": "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    b"name_tenant": "SELECT set_config('app.tenant', $1::uuid::text, true)",
    b"head": "SELECT seq, hash, recorded_at, incarnation FROM heads WHERE tenant_id = $1::uuid",
}


class StreamReader:
    """Folds streams as they are at one moment; what it returns may be old by the time it is used."""

    def __init__(self, url: str, mapper: Mapper) -> None:
        """Connects to `url` on first use."""
        self._line = Line(
            url,
            role="production_tool_reader",
            settings={**append.SETTINGS, "application_name": "production-tool reader"},
            prepared=_PREPARED,
        )
        self._mapper = mapper

    async def read(self, tenant_id: str, streams: Sequence[Stream[Any]]) -> Snapshot | None:
        """The states of `streams` now; None when the tenant has no log yet.

        Raises:
            LogUnavailable: the database does not answer.
        """
        (tenant,) = uuid_bytes([tenant_id])
        try:
            pipeline = await self._line.pipeline()
            try:
                _, _, heads, events, _ = await pipeline.send(
                    _BEGIN,
                    (b"name_tenant", (tenant,)),
                    (b"head", (tenant,)),
                    append.streams([tenant] * len(streams), [stream.name for stream in streams]),
                    append.COMMIT,
                )
            except StatementFailed:
                await pipeline.send(append.ROLLBACK)
                raise
        except (psycopg.OperationalError, ConnectionError, StatementFailed) as error:
            raise LogUnavailable from error
        if not heads.ntuples:
            return None
        seq, digest, recorded_at, incarnation = next(append.rows(heads))
        head = Head(append.number(seq), digest, append.instant(recorded_at), append.uuid_text(incarnation))
        folded = append.folded(streams, events, self._mapper)
        return Snapshot(head, {stream.name: state for stream, state in zip(streams, folded, strict=True)})

    def close(self) -> None:
        """Close the connection."""
        self._line.close()
