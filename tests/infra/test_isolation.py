"""Row-level security and append-only, in the database itself: a net under the code."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from infra import append
from infra.batch import uuid_bytes
from infra.event_log import EventLog
from infra.mapper import Mapper
from infra.pipeline import Pipeline
from tests.infra.counter import COUNT, OTHER_TENANT, TENANT, CountRaised, context, count_up

READER, LOG_WRITER, PROJECTOR = (
    "production_tool_reader",
    "production_tool_log_writer",
    "production_tool_projector",
)
ROLES = (READER, LOG_WRITER, PROJECTOR)


@pytest.fixture
async def two_tenants(database: str) -> str:
    log = EventLog(database, Mapper(events=[CountRaised]))
    for tenant_id in (TENANT, OTHER_TENANT):
        await count_up(log, context("k", tenant_id=tenant_id), COUNT.stream("c"))
    await log.close()
    return database


@pytest.fixture
def owner(two_tenants: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(two_tenants) as connection:
        yield connection
        connection.rollback()


def become(connection: psycopg.Connection, role: str, **settings: str) -> None:
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
    for name, value in settings.items():
        connection.execute("SELECT set_config(%s, %s, true)", (f"app.{name}", value))


def tables(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    return [name for (name,) in rows]


def count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
    assert row
    return int(row[0])


def readable(connection: psycopg.Connection, role: str) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
        "AND has_table_privilege(%s, oid, 'SELECT')",
        (role,),
    ).fetchall()
    return [name for (name,) in rows]


@pytest.mark.anyio
@pytest.mark.parametrize("role", ROLES)
async def test_without_a_tenant_a_role_sees_no_row_of_any_table(owner: psycopg.Connection, role: str) -> None:
    seen = readable(owner, role)
    become(owner, role)

    # A projector follows every tenant's head; it learns that there is something new, and no more.
    expected = {"heads": 2} if role == PROJECTOR else {}
    assert {table: count(owner, table) for table in seen} == {table: expected.get(table, 0) for table in seen}


@pytest.mark.anyio
async def test_a_reader_sees_its_tenant_only(owner: psycopg.Connection) -> None:
    become(owner, READER, tenant=TENANT)

    assert (count(owner, "heads"), count(owner, "events")) == (1, 1)
    assert owner.execute("SELECT DISTINCT tenant_id::text FROM events").fetchall() == [(TENANT,)]


@pytest.mark.anyio
async def test_the_log_writer_sees_and_writes_the_tenants_it_named_only(owner: psycopg.Connection) -> None:
    become(owner, LOG_WRITER, tenants=f"{{{TENANT}}}")
    assert [count(owner, table) for table in ("heads", "events", "idempotency")] == [1, 1, 1]

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute(
            "INSERT INTO events SELECT %s, 2, stream, 2, event_id, event_type, data, recorded_at, actor, "
            "correlation_id, causation_id, hash FROM events",
            (OTHER_TENANT,),
        )


@pytest.mark.anyio
@pytest.mark.parametrize("statement", ["UPDATE {} SET recorded_at = now()", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["events", "idempotency"])
@pytest.mark.parametrize("role", [*ROLES, None], ids=str)
async def test_nobody_rewrites_the_log(owner: psycopg.Connection, role: str | None, table: str, statement: str) -> None:
    if role:
        become(owner, role, tenant=TENANT, tenants=f"{{{TENANT}}}")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute(sql.SQL(statement).format(sql.Identifier(table)))


@pytest.mark.anyio
async def test_every_table_is_forced_under_row_level_security_or_out_of_reach(owner: psycopg.Connection) -> None:
    forced = owner.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
        "AND relrowsecurity AND (relforcerowsecurity OR relname = 'schema_migrations')"
    ).fetchall()
    assert sorted(name for (name,) in forced) == tables(owner)


@pytest.mark.anyio
async def test_every_key_and_unique_index_begins_with_the_tenant(owner: psycopg.Connection) -> None:
    first_columns = owner.execute(
        "SELECT i.indrelid::regclass::text, a.attname FROM pg_index i "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
        "JOIN pg_class c ON c.oid = i.indrelid "
        "WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace "
        "AND c.relname NOT IN ('schema_migrations', 'relays', 'relay_shards')"
    ).fetchall()
    assert {column for _, column in first_columns} == {"tenant_id"}


@pytest.mark.anyio
async def test_the_application_roles_own_nothing_and_are_ordinary(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND "
        "(rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolcanlogin "
        "OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid))",
        (list(ROLES),),
    ).fetchall()
    assert rows == []


@pytest.mark.anyio
async def test_a_named_tenant_is_forgotten_with_the_transaction(two_tenants: str) -> None:
    with psycopg.connect(two_tenants, autocommit=True) as connection:
        with connection.transaction():
            become(connection, READER, tenant=TENANT)
            assert count(connection, "events") == 1
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(READER)))
        assert count(connection, "events") == 0


@pytest.mark.anyio
async def test_the_logs_own_connection_forgets_its_tenants_after_each_segment(two_tenants: str) -> None:
    asks = {**append.PREPARED, b"named": "SELECT coalesce(current_setting('app.tenants', true), '')"}
    pipeline = await Pipeline.connect(two_tenants, role=LOG_WRITER, settings={}, prepared=asks)
    tenants = uuid_bytes([TENANT, OTHER_TENANT])

    *_, named = await pipeline.send(append.name_tenants(tenants), (b"named", ()))
    (after,) = await pipeline.send((b"named", ()))
    pipeline.close()

    assert named.get_value(0, 0) == f"{{{TENANT},{OTHER_TENANT}}}".encode()
    assert after.get_value(0, 0) == b""
