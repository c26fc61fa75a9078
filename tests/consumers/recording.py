"""Events written straight into the log, chained and numbered as the log does it, for tests of what reads it."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
from pydantic_core import to_json

from domain.event import Event
from infra.chain import chained, envelope

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def record(
    url: str, tenant_id: str, *entries: tuple[str, Event], held_open: float = 0.0, rolled_back: bool = False
) -> int:
    """Append these (stream, event) pairs in one transaction; returns the seq that the tenant's log is at.

    The transaction stays open for so many seconds more, with the tenant's head locked; it may come to nothing.
    """
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO heads (tenant_id) VALUES (%s) ON CONFLICT DO NOTHING", [tenant_id])
        found = connection.execute(
            "SELECT seq, hash, clock_timestamp() FROM heads WHERE tenant_id = %s FOR UPDATE", [tenant_id]
        ).fetchone()
        assert found is not None
        seq, digest, now = found
        for stream, event in entries:
            seq += 1
            counted = connection.execute(
                "SELECT count(*) FROM events WHERE tenant_id = %s AND stream = %s", [tenant_id, stream]
            ).fetchone()
            assert counted is not None
            version, event_id = counted[0] + 1, str(uuid4())
            data = to_json(event, exclude_none=True)
            digest = chained(
                digest,
                tenant_id=tenant_id,
                seq=seq,
                stream=stream,
                version=version,
                event_id=event_id,
                event_type=event.stored_as,
                recorded_at=(now - _EPOCH) // (_EPOCH.resolution),
                envelope=envelope(actor="u1", correlation_id="c1", causation_id=None),
                data=data,
            )
            connection.execute(
                """
                INSERT INTO events (tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor,
                                    correlation_id, hash)
                VALUES (%s, %s, %s, %s, %s, %s, %s::text::json, %s, 'u1', 'c1', %s)
                """,
                [tenant_id, seq, stream, version, event_id, event.stored_as, data.decode(), now, digest],
            )
        connection.execute(
            "UPDATE heads SET seq = %s, hash = %s, recorded_at = %s WHERE tenant_id = %s", [seq, digest, now, tenant_id]
        )
        if held_open:
            connection.execute("SELECT pg_sleep(%s)", [held_open])
        if rolled_back:
            connection.rollback()
    return int(seq)
