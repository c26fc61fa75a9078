import ast
from pathlib import Path

import psycopg
import pytest

import read_api
from domain.permission import ROLES, Who
from infra.postgres import reader_pool
from read_api.tenant import Reads, Tenant
from tests.flow.office import Office, catch_up, days, open_log
from tests.read_api.client import reads_of

pytestmark = pytest.mark.anyio

_FOLDER = Path(read_api.__path__[0])


def door(reads: Reads, tenant_id: str) -> Tenant:
    who = Who(tenant_id=tenant_id, actor="ada", role="admin", permissions=ROLES["admin"])
    return Tenant(who=who, reads=reads, projections=frozenset(), seen=None)


async def test_a_query_that_forgets_the_tenant_still_sees_its_own_rows_only(database: str) -> None:
    async with open_log(database) as log:
        mine, other = Office(log), Office(log, "other")
        for office in (mine, other):
            await office.hold(await office.artist(), await office.project(), days("2031-03-10"))
    await catch_up(database)
    async with reader_pool(database) as pool:
        reads = reads_of(pool)
        for office in (mine, other, mine):
            async with door(reads, office.tenant_id).connection() as connection:
                for table in ("holds", "artist_calendar", "artists", "projects", "positions", "events", "heads"):
                    rows = await connection.rows(f"SELECT tenant_id FROM {table}", {})  # noqa: S608
                    assert {row["tenant_id"] for row in rows} == {office.tenant_id}, table


async def test_the_next_request_on_a_connection_inherits_no_tenant(database: str) -> None:
    async with open_log(database) as log:
        await (office := Office(log)).artist()
    async with reader_pool(database, max_size=1) as pool:
        async with door(reads_of(pool), office.tenant_id).connection() as connection:
            assert await connection.rows("SELECT seq FROM events", {}) != []
        async with pool.connection() as plain:
            cursor = await plain.execute("SELECT current_setting('app.tenant', true), count(*) FROM events")
            assert await cursor.fetchall() == [("", 0)]


async def test_a_read_shows_one_moment(database: str) -> None:
    async with open_log(database) as log, reader_pool(database) as pool:
        await (office := Office(log)).artist()
        async with door(reads_of(pool), office.tenant_id).connection() as connection:
            before = await connection.rows("SELECT seq FROM events", {})
            await office.artist()
            assert await connection.rows("SELECT seq FROM events", {}) == before


async def test_a_read_cannot_write(database: str) -> None:
    async with reader_pool(database) as pool:
        tenant = door(reads_of(pool), "0f0e7a52-0000-5000-8000-00000000000a")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            async with tenant.connection() as connection:
                await connection.rows("CREATE TEMPORARY TABLE t ()", {})


@pytest.mark.parametrize("path", sorted(_FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_nothing_but_the_door_takes_a_connection(path: Path) -> None:
    """Elsewhere a connection is only ever what `async with tenant.connection()` gives."""
    if path.name == "tenant.py":
        return
    tree = ast.parse(path.read_text())
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not {name for name in imported if name.startswith("psycopg") and name != "psycopg.sql"}
    pools = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "pool"]
    assert pools == []
