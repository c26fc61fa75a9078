"""The append in SQL: what is prepared on the log's connection, and how its parameters and rows look.

Statements of the two ways to append, lock first and decide ahead. All lists are binary arrays; every statement runs as
`production_tool_log_writer` inside a transaction that has named its tenants.
"""

from collections.abc import Iterator, Sequence
from struct import unpack
from typing import Any, Final

from psycopg.pq.abc import PGresult

from domain.decider import Stream
from infra import arrays
from infra.mapper import Mapper
from infra.pipeline import Statement
from infra.state_cache import Folded, Head

FOLLOWED: Final = 1_000
"""How many events of other processes are folded into the cache before a tenant is dropped from it instead.

One more is read, in `tails`.
"""

SETTINGS: Final = {
    # Every statement looks a few rows up by index, on an empty log as on a full one.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

PREPARED: Final = {
    b"begin": "BEGIN",
    b"commit": "COMMIT",
    b"rollback": "ROLLBACK",
    b"clock": "SELECT clock_timestamp()",
    b"name_tenants": "SELECT set_config('app.tenants', $1::uuid[]::text, true)",
    # In a transaction of its own: two processes that meet a new tenant must not wait for each other's batches.
    b"open_tenants": "INSERT INTO heads (tenant_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING",
    b"lock_heads": """
        SELECT tenant_id, seq, hash, recorded_at, incarnation
        FROM heads
        WHERE tenant_id = ANY ($1::uuid[])
        ORDER BY tenant_id
        FOR UPDATE
    """,
    # The hash, too: where a batch ahead of this one has failed, another process may have written as many events.
    b"expect_heads": """
        WITH locked AS (
            SELECT tenant_id, seq, hash FROM heads WHERE tenant_id = ANY ($1::uuid[]) ORDER BY tenant_id FOR UPDATE
        )
        SELECT 1 / (count(*) = cardinality($1::uuid[]))::integer
        FROM locked
        JOIN unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS expected (tenant_id, seq, hash)
            USING (tenant_id, seq, hash)
    """,
    # Here and below LATERAL, so that each row asked for is one look into an index even before there are statistics.
    b"known_keys": """
        SELECT asked.n, i.fingerprint, i.version, i.seq, i.body
        FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked (tenant_id, key, n)
        CROSS JOIN LATERAL (
            SELECT fingerprint, version, seq, body
            FROM idempotency
            WHERE tenant_id = asked.tenant_id AND key = asked.key
            OFFSET 0
        ) AS i
    """,
    b"tails": """
        SELECT asked.n, e.stream, e.version, e.event_type, e.data
        FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS asked (tenant_id, seq, n)
        CROSS JOIN LATERAL (
            SELECT stream, version, event_type, data
            FROM events
            WHERE tenant_id = asked.tenant_id AND seq > asked.seq
            ORDER BY seq
            LIMIT 1001
        ) AS e
    """,
    b"streams": """
        SELECT asked.n, e.version, e.event_type, e.data
        FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS asked (tenant_id, stream, n)
        CROSS JOIN LATERAL (
            SELECT version, event_type, data
            FROM events
            WHERE tenant_id = asked.tenant_id AND stream = asked.stream
            ORDER BY version
        ) AS e
    """,
    b"append": """
        WITH kept AS (
            INSERT INTO idempotency (tenant_id, key, fingerprint, version, seq, body, recorded_at)
            SELECT tenant_id, key, fingerprint, version, seq, body, recorded_at
            FROM unnest($13::uuid[], $14::text[], $15::bytea[], $16::integer[], $17::bigint[], $18::text[],
                        $19::timestamptz[])
                AS k (tenant_id, key, fingerprint, version, seq, body, recorded_at)
        ), moved AS (
            UPDATE heads
            SET seq = h.seq, hash = h.hash, recorded_at = h.recorded_at
            FROM unnest($20::uuid[], $21::bigint[], $22::bytea[], $23::timestamptz[])
                AS h (tenant_id, seq, hash, recorded_at)
            WHERE heads.tenant_id = h.tenant_id
        )
        INSERT INTO events (tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor,
                            correlation_id, causation_id, hash)
        SELECT tenant_id, seq, stream, version, event_id, event_type, data::json, recorded_at, actor,
               correlation_id, causation_id, hash
        FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::integer[], $5::uuid[], $6::text[], $7::text[],
                    $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::bytea[])
            AS e (tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor,
                  correlation_id, causation_id, hash)
    """,
}

BEGIN: Final[Statement] = (b"begin", ())
COMMIT: Final[Statement] = (b"commit", ())
ROLLBACK: Final[Statement] = (b"rollback", ())
CLOCK: Final[Statement] = (b"clock", ())


def name_tenants(tenants: Sequence[bytes]) -> Statement:
    """Open row-level security for these tenants (16 bytes each) until the transaction ends."""
    return b"name_tenants", (arrays.uuids(tenants),)


def open_tenants(tenants: Sequence[bytes]) -> Statement:
    """Give each tenant an empty log unless it has one; in a transaction of its own."""
    return b"open_tenants", (arrays.uuids(tenants),)


def lock_heads(tenants: Sequence[bytes]) -> Statement:
    """Lock the tenants' logs, always in the same order."""
    return b"lock_heads", (arrays.uuids(tenants),)


def expect_heads(tenants: Sequence[bytes], heads: Sequence[Head]) -> Statement:
    """Lock the tenants' logs and fail (22012) unless each ends at its head."""
    seqs, hashes = [head.seq for head in heads], [head.hash for head in heads]
    return b"expect_heads", (arrays.uuids(tenants), arrays.bigints(seqs), arrays.byteas(hashes))


def known_keys(tenants: Sequence[bytes], keys: Sequence[str]) -> Statement:
    """Outcomes that these idempotency keys have already."""
    return b"known_keys", (arrays.uuids(tenants), arrays.texts(keys))


def tails(tenants: Sequence[bytes], seqs: Sequence[int]) -> Statement:
    """What came after these seqs, at most `FOLLOWED + 1` events a tenant."""
    return b"tails", (arrays.uuids(tenants), arrays.bigints(seqs))


def streams(tenants: Sequence[bytes], names: Sequence[str]) -> Statement:
    """Every event of these streams."""
    return b"streams", (arrays.uuids(tenants), arrays.texts(names))


def number(value: bytes | None) -> int:
    """A binary `integer` or `bigint`."""
    return int.from_bytes(value or b"", "big", signed=True)


def instant(value: bytes | None) -> int:
    """A binary `timestamptz`, as microseconds since 1970."""
    return number(value) + arrays.POSTGRES_EPOCH


def uuid_text(value: bytes | None) -> str:
    """A binary `uuid` in its canonical form."""
    return "{:08x}-{:04x}-{:04x}-{:02x}{:02x}-{:04x}{:08x}".format(*unpack(">IHHBBHI", value or b""))


def rows(result: PGresult) -> Iterator[tuple[bytes, ...]]:
    """The rows of a result without NULLs, in binary form."""
    get, columns = result.get_value, range(result.nfields)
    for row in range(result.ntuples):
        yield tuple(get(row, column) or b"" for column in columns)


def folded(asked: Sequence[Stream[Any]], events: PGresult, mapper: Mapper) -> list[Folded]:
    """What `streams` found, folded; a stream without events is at version 0."""
    found: list[Folded] = [(0, stream.decider.initial, stream.decider) for stream in asked]
    for n, version, stored_as, data in rows(events):
        at = number(n) - 1
        _, state, decider = found[at]
        found[at] = (number(version), decider.evolve(state, mapper.decode(stored_as.decode(), data)), decider)
    return found
