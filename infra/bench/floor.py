"""The floor: what Postgres takes when nobody decides anything. Two batches of 128 rows in flight on one connection."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from infra import arrays
from infra.pipeline import Pipeline, Statement

_BATCH: Final = 128
_TENANT: Final = uuid4().bytes
_DATA: Final = b'{"artist_id":"0192f0c1-2b7a-7000-8000-000000000001","periods":[{"first_day":"2031-01-06"}]}' * 3
_ROLE: Final[Mapping[str, Any]] = {"role": "none", "settings": {}}


async def bare_inserts(url: str, seconds: float) -> float:
    """Rows a second."""
    pipeline = await bare_pipeline(url, "bare_events")
    seq, start = 0, time.perf_counter()

    async def work() -> None:
        nonlocal seq
        while time.perf_counter() < start + seconds:
            numbers = range(seq + 1, seq + 1 + _BATCH)
            seq += _BATCH
            await pipeline.send(insert(numbers))

    await asyncio.gather(work(), work())
    rate = seq / (time.perf_counter() - start)
    pipeline.close()
    return rate


async def bare_pipeline(url: str, table: str) -> Pipeline:
    """A connection that knows `insert`, into an empty table of that name."""
    making = await Pipeline.connect(url, prepared={b"make": _TABLE.format(table=table)}, **_ROLE)
    await making.send((b"make", ()))
    making.close()
    clearing = {b"clear": f"TRUNCATE {table}", b"insert": _INSERT.format(table=table)}
    pipeline = await Pipeline.connect(url, prepared=clearing, **_ROLE)
    await pipeline.send((b"clear", ()))
    return pipeline


def insert(seqs: Sequence[int]) -> Statement:
    """A row for each number."""
    tenants, data = [_TENANT] * len(seqs), [_DATA] * len(seqs)
    return b"insert", (arrays.uuids(tenants), arrays.bigints(seqs), arrays.byteas(data))


_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS {table} (
        tenant_id uuid, seq bigint, data bytea, PRIMARY KEY (tenant_id, seq)
    )
"""
_INSERT: Final = """
    INSERT INTO {table} (tenant_id, seq, data)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bytea[])
"""
