import json
from hashlib import sha256

import psycopg
import pytest

from infra.chain import GENESIS, chained, envelope
from infra.event_log import EventLog
from infra.mapper import Mapper
from tests.infra.counter import COUNT, TENANT, CountRaised, context, count_up

MEMBERS = {
    "tenant_id": TENANT,
    "seq": 1,
    "stream": "hold/1",
    "version": 1,
    "event_id": "e",
    "event_type": "hold.placed.v1",
    "recorded_at": 5,
    "envelope": envelope(actor="ada", correlation_id="c", causation_id=None),
    "data": b"{}",
}


@pytest.mark.parametrize(
    "changed",
    [
        {"tenant_id": "t"},
        {"seq": 2},
        {"stream": "hold/2"},
        {"version": 2},
        {"event_id": "f"},
        {"event_type": "hold.placed.v2"},
        {"recorded_at": 6},
        {"envelope": envelope(actor="bob", correlation_id="c", causation_id=None)},
        {"envelope": envelope(actor="ada", correlation_id="d", causation_id=None)},
        {"envelope": envelope(actor="ada", correlation_id="c", causation_id="x")},
        {"data": b"[]"},
    ],
    ids=str,
)
def test_every_member_of_an_event_is_in_its_hash(changed: dict[str, object]) -> None:
    assert chained(GENESIS, **MEMBERS) != chained(GENESIS, **{**MEMBERS, **changed})  # type: ignore[arg-type]


def test_the_hash_before_is_in_the_hash() -> None:
    assert chained(GENESIS, **MEMBERS) != chained(bytes([1] * 32), **MEMBERS)  # type: ignore[arg-type]


def test_no_text_can_pretend_to_be_two_members() -> None:
    one = {**MEMBERS, "stream": "hold/1", "event_id": "e"}
    other = {**MEMBERS, "stream": "hold/", "event_id": "1e"}
    assert chained(GENESIS, **one) != chained(GENESIS, **other)  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_the_chain_recomputes_from_what_is_stored(database: str) -> None:
    log = EventLog(database, Mapper(events=[CountRaised]))
    for _ in range(5):
        await count_up(log, context(), COUNT.stream("c"))
    await log.close()

    digest = GENESIS
    async with await psycopg.AsyncConnection.connect(database) as connection:
        rows = await connection.execute(
            "SELECT tenant_id::text, seq, stream, version, event_id::text, event_type, "
            "(extract(epoch FROM recorded_at) * 1000000)::bigint, actor, correlation_id, data::text, hash "
            "FROM events ORDER BY seq"
        )
        async for tenant, seq, stream, version, event_id, type_, at, actor, correlation, data, stored in rows:
            # Spelled out, so that an auditor can do the same in any language.
            record = "\0".join(
                [tenant, str(seq), stream, str(version), event_id, type_, str(at), actor, correlation, "", data]
            )
            digest = sha256(digest + record.encode()).digest()
            assert digest == stored
            assert json.loads(data)["by"] == 1
        head = await (await connection.execute("SELECT hash FROM heads")).fetchone()
    assert head == (digest,)
