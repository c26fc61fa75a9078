from contextlib import suppress

import psycopg
import pytest

from infra.catalogue import PROJECTIONS
from projections.table import Table

_ALL = [table for projection in PROJECTIONS for table in projection.tables]
_TABLES = [pytest.param(table, id=table.name) for table in _ALL]


@pytest.mark.parametrize("table", _TABLES)
def test_a_table_is_in_the_database_as_it_is_in_its_projection(database: str, table: Table) -> None:
    with psycopg.connect(database) as connection:
        columns = connection.execute(
            """
            SELECT attname, format_type(atttypid, NULL)
            FROM pg_attribute
            WHERE attrelid = %s::regclass AND attnum > 0
            ORDER BY attnum
            """,
            [table.name],
        ).fetchall()
        key = connection.execute(
            """
            SELECT attname
            FROM pg_index, unnest(indkey) WITH ORDINALITY AS part (number, n), pg_attribute
            WHERE indrelid = %s::regclass AND indisprimary AND attrelid = indrelid AND attnum = number
            ORDER BY n
            """,
            [table.name],
        ).fetchall()
    names = {"timestamp with time zone": "timestamptz"}
    assert {name: names.get(type_, type_) for name, type_ in columns} == dict(table.columns)
    assert tuple(name for (name,) in key) == table.key


@pytest.mark.parametrize("table", _TABLES)
def test_every_unique_index_of_a_table_begins_with_the_tenant(database: str, table: Table) -> None:
    with psycopg.connect(database) as connection:
        first = connection.execute(
            """
            SELECT indexrelid::regclass::text, attname
            FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
            WHERE indrelid = %s::regclass AND indisunique
            """,
            [table.name],
        ).fetchall()
    assert {column for _, column in first} == {"tenant_id"}


@pytest.mark.parametrize("name", [*(table.name for table in _ALL), "positions"])
def test_without_a_tenant_the_reader_sees_no_row(database: str, name: str) -> None:
    with psycopg.connect(database) as connection:
        enabled = connection.execute(
            "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [name]
        ).fetchone()
        connection.execute("SET ROLE production_tool_reader")
        seen = []
        with suppress(psycopg.errors.InsufficientPrivilege):  # out of its reach altogether
            seen = connection.execute(f"SELECT 1 FROM {name}").fetchall()  # noqa: S608 - names of this test's own
    assert enabled == (True,)
    assert seen == []


def test_each_read_model_has_a_name_and_tables_of_its_own() -> None:
    names = [projection.name for projection in PROJECTIONS]
    assert len(set(names)) == len(names)
    assert len({table.name for table in _ALL}) == len(_ALL)
