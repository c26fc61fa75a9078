"""Read models in Redis hold, key by key, what a replay of the log gives, and say truly how far they have come.

They go on while this looks: each is read as of one moment of its own, and replayed to the position that it had then.
What its keys ought to be is worked out here, from the rows that the whole replay leads to, and not by Redis.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from psycopg import AsyncConnection
from pydantic_core import to_json

from infra.log_feed import Decode, readable
from infra.postgres import PROJECTOR
from infra.redis import must_answer, open_client
from infra.redis_contents import Value, contents
from infra.redis_keys import POSITION, field_of, key_of
from infra.verify_snapshot import Found, Snapshot
from projections.keyed import KeyedProjection, Op
from projections.recorded import Recorded
from projections.rows import Rows

_REASONS: Final = ":reasons"


async def replayed(
    at: Snapshot, url: str, redis_url: str, projections: Iterable[KeyedProjection], decode: Decode
) -> Found:
    """V7: every key is what a replay of the log up to the read model's position makes of it."""
    found, keys = Found(), 0
    async with _opened(url, redis_url) as (connection, client):
        fresh = Snapshot(connection, at.tenants, at.tell)
        async for head in fresh.each_tenant():
            for projection in projections:
                stored = await contents(client, head.tenant_id, projection.name)
                expected = await _replay(
                    fresh, head.tenant_id, projection, decode, until=stored.seq, parked=stored.parked
                )
                for name in sorted(stored.keys.keys() | expected.keys()):
                    keys += 1
                    if stored.keys.get(name) != expected.get(name):
                        found.violated(f"{projection.name} of {head.tenant_id}: the key {name!r} differs")
    found.looked_at = at.said(f"{keys:,} keys")
    return found


async def positions(at: Snapshot, url: str, redis_url: str, projections: Iterable[KeyedProjection]) -> Found:
    """V8: no read model claims more than the log has, or is of another life of it."""
    found, behind, count = Found(), 0, 0
    async with _opened(url, redis_url) as (connection, client):
        fresh = Snapshot(connection, at.tenants, at.tell)
        async for head in fresh.each_tenant():
            for projection in projections:
                count += 1
                place = await client.hgetall(key_of(head.tenant_id, projection.name, POSITION))
                cursor = await connection.execute(
                    "SELECT seq, incarnation::text FROM heads WHERE tenant_id = %s", [head.tenant_id]
                )
                reached, incarnation = await cursor.fetchone() or (0, "")
                seq = int(place.get(b"seq", 0))
                behind += max(0, reached - seq)
                named = f"{projection.name} of {head.tenant_id}"
                if seq > reached:
                    found.violated(f"{named} is at {seq}, the log ends at {reached}")
                if place and place[b"incarnation"].decode() != incarnation:
                    found.violated(f"{named} is of another life of the log")
    found.looked_at = at.said(f"{count:,} read models, {behind:,} events behind")
    return found


@asynccontextmanager
async def _opened(url: str, redis_url: str) -> AsyncIterator[tuple[AsyncConnection[Any], Any]]:
    """A connection that sees the log as it is by now, and a client."""
    client = open_client(redis_url, name="verify")
    connection = await AsyncConnection.connect(url, application_name="production-tool verify")
    async with aclosing(client), connection, connection.transaction(force_rollback=True):
        await must_answer(client)
        await connection.execute(
            "SELECT set_config('role', %s, true), set_config('TimeZone', 'UTC', true)", [PROJECTOR]
        )
        yield connection, client


async def _replay(
    at: Snapshot, tenant_id: str, projection: KeyedProjection, decode: Decode, *, until: int, parked: Collection[int]
) -> dict[str, Value]:
    """The keys that the log leads to, up to and with `until`, and less what is parked."""
    rows, keys = Rows({}), _Keys()
    events = at.rows(
        """
        SELECT tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor, correlation_id,
               causation_id
        FROM events
        WHERE tenant_id = %s AND seq <= %s
        ORDER BY seq
        """,
        tenant_id,
        until,
    )
    async with aclosing(events):
        async for tenant, number, stream, version, event_id, type_, data, *rest in events:
            if number not in parked:
                event = readable(decode, type_, data)
                recorded = Recorded(tenant, number, stream, version, event_id, type_, event, *rest)
                projection.project(recorded, rows)
                keys.run(projection.told(recorded))
    for table in projection.tables:
        for key, _, row in rows.changes(table):
            if row is not None:
                keys.run([("HSET", table.name, field_of(key), to_json(row).decode())])
                keys.run(projection.derived(table, None, row))
    return keys.found()


class _Keys:
    """What commands lead to that only ever add, since they come from rows as they have ended up."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}
        self._reasons: dict[str, Counter[int]] = {}
        self._now = time.time()

    def run(self, ops: Iterable[Op]) -> None:
        for command, name, *arguments in ops:
            self._run(str(command), str(name), [str(one) for one in arguments])

    def _run(self, command: str, name: str, arguments: list[str]) -> None:
        match command, arguments:
            case "HSET", [field, value]:
                self._values.setdefault(name, {})[field] = value
            case "TALLY", [field, by]:
                counts = self._values.setdefault(name, {})
                counts[field] = str(int(counts.get(field, 0)) + int(by))
            case "ZADD", [score, member]:
                self._values.setdefault(name, {})[member] = int(score)
            case "SADD", [member]:
                self._values.setdefault(name, set()).add(member)
            case "SETBIT", [bit, _]:
                self._reasons.setdefault(name, Counter())[int(bit)] += 1
            case "COUNT", [bit, _, useless_after]:
                if int(useless_after) > self._now:
                    self._reasons.setdefault(name, Counter())[int(bit)] += 1
                    self._reasons.setdefault(name + _REASONS, Counter())[int(bit)] += 1
            case _:
                raise LookupError(f"nobody has said what {command} does")

    def found(self) -> dict[str, Value]:
        bits = {
            name: _as_numbers(reasons) if name.endswith(_REASONS) else _as_bits(reasons)
            for name, reasons in self._reasons.items()
        }
        return {**self._values, **bits}


def _as_bits(reasons: Mapping[int, int]) -> bytes:
    found = bytearray(max(reasons) // 8 + 1)
    for bit in reasons:
        found[bit // 8] |= 0x80 >> bit % 8
    return bytes(found)


def _as_numbers(reasons: Mapping[int, int]) -> bytes:
    """Sixteen bits each."""
    found = bytearray(2 * max(reasons) + 2)
    for bit, count in reasons.items():
        found[2 * bit : 2 * bit + 2] = count.to_bytes(2, "big")
    return bytes(found).rstrip(b"\0")
