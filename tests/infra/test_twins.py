import psycopg
import pytest

from infra.catalogue import PROJECTIONS
from infra.migrate import migrate
from projections.table import Table

_TABLES = [pytest.param(table, id=table.name) for projection in PROJECTIONS for table in projection.tables]


def columns(database: str, name: str) -> list[str]:
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum", [name]
        ).fetchall()
    return [column for (column,) in found]


@pytest.mark.parametrize("table", _TABLES)
def test_every_table_of_a_read_model_can_be_rebuilt_and_shows_nobody_another_tenants_rows(
    database: str, table: Table
) -> None:
    name = f"rebuilding.{table.name}"
    assert columns(database, name) == list(table.columns)
    with psycopg.connect(database) as connection:
        forced = connection.execute(
            "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [name]
        ).fetchone()
        assert forced == (True,)
        connection.execute("SET ROLE production_tool_projector")
        assert connection.execute(f"SELECT 1 FROM {name}").fetchall() == []  # noqa: S608 - names of this test's own
        connection.execute("SET ROLE production_tool_reader")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT 1 FROM {name}")  # noqa: S608


def test_a_live_table_that_has_changed_gets_another_twin_and_what_was_under_way_begins_anew(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO rebuilding.runs (projection, code) VALUES ('holds', 'c')")
        connection.execute(
            """
            INSERT INTO rebuilding.conflicts (tenant_id, booking_id, time_off_id, seq, artist_id, found_at, spans)
            SELECT id, id, id, 1, id, now(), '[]' FROM gen_random_uuid() AS id
            """
        )
    migrate(database)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT code FROM rebuilding.runs").fetchall() == [("c",)]
        assert connection.execute("SELECT seq FROM rebuilding.conflicts").fetchall() == [(1,)]
        connection.execute("ALTER TABLE holds ADD COLUMN colour text")
    migrate(database)
    assert columns(database, "rebuilding.holds")[-1] == "colour"
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT code FROM rebuilding.runs").fetchall() == []
        assert connection.execute("SELECT seq FROM rebuilding.conflicts").fetchall() == []
