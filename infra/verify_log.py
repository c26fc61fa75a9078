"""The log's own promises: versions, seq, outcomes, and the hash chain."""

from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic_core import from_json

from infra.chain import GENESIS, chained, envelope
from infra.verify_snapshot import Found, Snapshot

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


async def versions(at: Snapshot) -> Found:
    """V2: the events of each stream, in order of seq, have the versions 1..n."""
    found = Found(at.said())
    async for head in at.each_tenant():
        rows = at.rows(
            """
            SELECT stream, version, expected
            FROM (
                SELECT stream, version, row_number() OVER (PARTITION BY stream ORDER BY seq) AS expected
                FROM events
                WHERE tenant_id = %s
            ) AS numbered
            WHERE version <> expected
            """,
            head.tenant_id,
        )
        async for stream, version, expected in rows:
            found.violated(f"{stream} of {head.tenant_id} has version {version} where {expected} comes")
    return found


async def gapless(at: Snapshot) -> Found:
    """V3: the events of each tenant have the seqs 1..n, and n is its head's."""
    found = Found(at.said())
    async for head in at.each_tenant():
        rows = at.rows(
            """
            SELECT seq, expected
            FROM (
                SELECT seq, row_number() OVER (ORDER BY seq) AS expected
                FROM events
                WHERE tenant_id = %s
            ) AS numbered
            WHERE seq <> expected
            UNION ALL
            SELECT %s, count(*)
            FROM events
            WHERE tenant_id = %s
            HAVING count(*) <> %s
            """,
            head.tenant_id,
            head.seq,
            head.tenant_id,
            head.seq,
        )
        async for seq, expected in rows:
            found.violated(f"{head.tenant_id} has seq {seq} where {expected} comes")
    return found


async def outcomes(at: Snapshot) -> Found:
    """V5: each idempotency key has one outcome, and that outcome is in the log."""
    found, keys = Found(), 0
    await at.connection.execute("SET LOCAL ROLE production_tool_log_writer")
    async for head in at.each_tenant():
        rows = at.rows(
            """
            SELECT key, version, seq, body, count(*) OVER (PARTITION BY key)
            FROM idempotency
            WHERE tenant_id = %s
            """,
            head.tenant_id,
        )
        async for key, version, seq, body, same in rows:
            keys += 1
            told = from_json(body)
            if same > 1:
                found.violated(f"{key!r} of {head.tenant_id} has {same} outcomes")
            if seq > head.seq:
                found.violated(f"{key!r} of {head.tenant_id} tells of seq {seq}, the log ends at {head.seq}")
            if (told.get("version"), told.get("seq")) != (version, seq):
                found.violated(f"{key!r} of {head.tenant_id} answers {body} for version {version}, seq {seq}")
    await at.connection.execute("SET LOCAL ROLE production_tool_projector")
    found.looked_at = at.said(f"{keys:,} keys")
    return found


async def chain(at: Snapshot) -> Found:
    """V9: each event's hash is that of its record and of the hash before it, and the last one is the head's."""
    found = Found(at.said())
    async for head in at.each_tenant():
        previous, broken = GENESIS, False
        rows = at.rows(
            """
            SELECT seq, stream, version, event_id, event_type, recorded_at, actor, correlation_id, causation_id, data,
                   hash
            FROM events
            WHERE tenant_id = %s
            ORDER BY seq
            """,
            head.tenant_id,
        )
        async for seq, stream, version, id_, type_, recorded_at, actor, correlation, causation, data, stored in rows:
            expected = chained(
                previous,
                tenant_id=head.tenant_id,
                seq=seq,
                stream=stream,
                version=version,
                event_id=id_,
                event_type=type_,
                recorded_at=(recorded_at - _EPOCH) // _MICROSECOND,
                envelope=envelope(actor=actor, correlation_id=correlation, causation_id=causation),
                data=data,
            )
            if expected != stored:
                found.violated(f"seq {seq} of {head.tenant_id} is not what was recorded")
                broken = True
            previous = stored
        if previous != head.hash and not broken:
            found.violated(f"the chain of {head.tenant_id} does not end in its head's hash")
    return found
