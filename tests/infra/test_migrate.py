"""`infra/migrate.py`: each file once, in order, and nothing believed that is not so."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from infra.migrate import Migration, SchemaMismatch, migrate, migrations
from infra.postgres import PROJECTOR, READER

_APPLES = Migration("0001_apples.sql", b"CREATE TABLE apples (id int); INSERT INTO apples VALUES (1);")
_PEARS = Migration("0002_pears.sql", b"CREATE TABLE pears (id int)")


def test_a_new_database_gets_every_file_in_the_order_of_the_names(empty_database: str) -> None:
    assert migrate(empty_database) == sorted(migration.name for migration in migrations())


def test_a_second_run_changes_nothing(database: str) -> None:
    assert migrate(database) == []


def test_only_what_is_new_runs(empty_database: str) -> None:
    migrate(empty_database, [_APPLES])
    assert migrate(empty_database, [_APPLES, _PEARS]) == ["0002_pears.sql"]


def test_several_at_once_run_each_file_once(empty_database: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        ran = list(threads.map(lambda _: migrate(empty_database, [_APPLES, _PEARS]), range(4)))
    assert sorted(ran) == [[], [], [], ["0001_apples.sql", "0002_pears.sql"]]


def test_two_new_databases_of_one_server_can_be_made_at_once(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE DATABASE another")
        with ThreadPoolExecutor(2) as threads:
            ran = list(threads.map(migrate, [empty_database, f"{empty_database.rpartition('/')[0]}/another"]))
        connection.execute("DROP DATABASE another")
    assert ran[0] == ran[1]


def test_an_edited_file_is_found_out(empty_database: str) -> None:
    migrate(empty_database, [_APPLES])
    with pytest.raises(SchemaMismatch, match=r"0001_apples\.sql was edited"):
        migrate(empty_database, [Migration("0001_apples.sql", b"CREATE TABLE apples (id text)"), _PEARS])


def test_a_database_of_a_later_version_is_refused(empty_database: str) -> None:
    migrate(empty_database, [_APPLES, _PEARS])
    with pytest.raises(SchemaMismatch, match="newer than the product"):
        migrate(empty_database, [_APPLES])


def test_a_file_that_fails_leaves_no_trace(empty_database: str) -> None:
    with pytest.raises(psycopg.errors.SyntaxError):
        migrate(empty_database, [_APPLES, Migration("0002_pears.sql", b"CREATE TABLE pears (id int); CREATE RUBBISH")])
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT to_regclass('pears'), to_regclass('apples')").fetchone() == (None, "apples")
    assert migrate(empty_database, [_APPLES, _PEARS]) == ["0002_pears.sql"]


@pytest.mark.parametrize("role", [READER, PROJECTOR])
def test_the_roles_of_the_application_see_nothing_of_what_ran(database: str, role: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(f"GRANT SELECT ON schema_migrations TO {role}")
        connection.execute(f"SET ROLE {role}")
        assert connection.execute("SELECT count(*) FROM schema_migrations").fetchone() == (0,)


def test_an_owner_who_is_no_superuser_can_migrate(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain_owner LOGIN CREATEROLE PASSWORD 'secret'")
        connection.execute("GRANT CREATE ON SCHEMA public TO plain_owner")
        connection.execute("ALTER ROLE plain_owner SET client_min_messages = warning")
    try:
        url = f"postgresql://plain_owner:secret@{empty_database.partition('@')[2]}"
        migrate(url, [_APPLES])
        assert migrate(url, [_APPLES]) == []
    finally:
        with psycopg.connect(empty_database, autocommit=True) as connection:
            connection.execute("DROP OWNED BY plain_owner")
            connection.execute("DROP ROLE plain_owner")


@pytest.mark.parametrize("table", ["events", "idempotency"])
def test_no_application_role_owns_a_table(database: str, table: str) -> None:
    with psycopg.connect(database) as connection:
        owner = connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = %s", (table,)).fetchone()
    assert owner == ("production_tool",)


def test_every_table_forces_row_level_security_and_begins_its_keys_with_the_tenant(database: str) -> None:
    with psycopg.connect(database) as connection:
        tables = connection.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        ).fetchall()
        keys = connection.execute(
            "SELECT i.indrelid::regclass::text, a.attname FROM pg_index i"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            " JOIN pg_class c ON c.oid = i.indrelid"
            " WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique"
        ).fetchall()
    assert [name for name, enabled, forced in tables if not (enabled and forced)] == []
    of_no_tenant = {"schema_migrations", "relays", "relay_shards"}
    assert {column for table, column in keys if table not in of_no_tenant} == {"tenant_id"}
