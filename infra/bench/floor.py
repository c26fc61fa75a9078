"""The floor: what Postgres takes when nobody decides anything. Two batches of 128 rows in flight on one connection."""

import asyncio
import time
from typing import Final
from uuid import uuid4

from infra import arrays
from infra.pipeline import Pipeline

_BATCH: Final = 128
_DATA: Final = b'{"artist_id":"0192f0c1-2b7a-7000-8000-000000000001","periods":[{"first_day":"2031-01-06"}]}' * 3
_INSERT: Final = """
    INSERT INTO bare_events (tenant_id, seq, data)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bytea[])
"""


async def bare_inserts(url: str, seconds: float) -> float:
    """Rows a second."""
    role = {"role": "none", "settings": {}}
    making = await Pipeline.connect(url, prepared={b"make": _TABLE, b"clear": "TRUNCATE bare_events"}, **role)  # type: ignore[arg-type]
    await making.send((b"make", ()))
    await making.send((b"clear", ()))
    making.close()
    pipeline = await Pipeline.connect(url, prepared={b"insert": _INSERT}, **role)  # type: ignore[arg-type]
    tenant, seq, start = [uuid4().bytes] * _BATCH, 0, time.perf_counter()

    async def insert() -> None:
        nonlocal seq
        while time.perf_counter() < start + seconds:
            numbers = range(seq + 1, seq + 1 + _BATCH)
            seq += _BATCH
            parameters = (arrays.uuids(tenant), arrays.bigints(numbers), arrays.byteas([_DATA] * _BATCH))
            await pipeline.send((b"insert", parameters))

    await asyncio.gather(insert(), insert())
    rate = seq / (time.perf_counter() - start)
    pipeline.close()
    return rate


_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS bare_events (
        tenant_id uuid, seq bigint, data bytea, PRIMARY KEY (tenant_id, seq)
    )
"""
