"""`infra/postgres.py`: every connection in the role that its work needs."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from infra.migrate import Migration, SchemaMismatch, migrate, migrations
from infra.postgres import PROJECTOR, READER, RoleRefused, check_database, projector_pool, reader_pool

pytestmark = pytest.mark.anyio


@pytest.fixture
def plain_owner(empty_database: str) -> Iterator[str]:
    """The URL for a login role that owns its database and nothing else, and may not make roles."""
    with psycopg.connect(empty_database, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute("CREATE ROLE plain_owner LOGIN PASSWORD 'secret'")
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO plain_owner").format(name))
        yield f"postgresql://plain_owner:secret@{empty_database.partition('@')[2]}"
        connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO CURRENT_USER").format(name))
        connection.execute("DROP OWNED BY plain_owner CASCADE")
        connection.execute("DROP ROLE plain_owner")


async def test_readers_and_projectors_are_who_they_should_be(database: str) -> None:
    for pool, role in ((reader_pool(database), READER), (projector_pool(database), PROJECTOR)):
        async with pool, pool.connection() as connection:
            cursor = await connection.execute("SELECT current_user")
            assert await cursor.fetchone() == (role,)


async def test_a_connection_that_was_cut_is_replaced_before_anybody_gets_it(database: str) -> None:
    async with reader_pool(database, max_size=1) as pool:
        async with pool.connection() as connection:
            pid = connection.info.backend_pid
        with psycopg.connect(database) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        async with pool.connection() as connection:
            cursor = await connection.execute("SELECT current_user")
            assert await cursor.fetchone() == (READER,)


async def test_a_connection_that_was_not_is_given_out_without_asking_the_server(database: str) -> None:
    async with reader_pool(database, max_size=1) as pool:
        async with pool.connection() as connection:
            pid = connection.info.backend_pid
        with psycopg.connect(database, autocommit=True) as admin:
            asked = "SELECT query_start FROM pg_stat_activity WHERE pid = %s"
            before = admin.execute(asked, [pid]).fetchone()
            async with pool.connection() as connection:
                assert connection.info.backend_pid == pid
            assert admin.execute(asked, [pid]).fetchone() == before


async def test_a_database_that_was_never_migrated_is_refused_before_the_first_request(plain_owner: str) -> None:
    with pytest.raises(SchemaMismatch, match="run `production-tool migrate`"):
        await check_database(plain_owner)


async def test_a_database_of_an_earlier_version_is_refused_and_one_of_a_later_version_is_not(
    empty_database: str,
) -> None:
    migrate(empty_database, migrations()[:-1])
    with pytest.raises(SchemaMismatch, match="run `production-tool migrate`"):
        await check_database(empty_database)
    migrate(empty_database, [*migrations(), Migration("9999_later.sql", b"CREATE TABLE later (id int)")])
    await check_database(empty_database)


async def test_an_owner_of_a_database_alone_can_migrate_and_is_told_which_roles_it_lacks(
    plain_owner: str, database: str
) -> None:
    migrate(plain_owner)
    with pytest.raises(RoleRefused, match=f"GRANT {READER} TO plain_owner"):
        await check_database(plain_owner)
    with psycopg.connect(database) as admin:
        admin.execute(
            "GRANT production_tool_reader, production_tool_log_writer, production_tool_projector TO plain_owner"
        )
    await check_database(plain_owner)


async def test_a_role_that_was_dropped_is_named(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.postgres.READER", "production_tool_nobody")
    with pytest.raises(RoleRefused, match="the server has no role production_tool_nobody"):
        await check_database(database)
