"""What the log asks for is looked up by index, on an empty log and on a full one alike."""

import json
from typing import Any

import psycopg
import pytest

from infra import append
from infra.append import SETTINGS
from tests.infra.counter import TENANT

INDEX = {
    b"lock_heads": ("heads_pkey", "tenant_id"),
    b"expect_heads": ("heads_pkey", "tenant_id"),
    b"known_keys": ("idempotency_pkey", "key"),
    b"tails": ("events_pkey", "seq"),
    b"streams": ("events_tenant_id_stream_version_key", "stream"),
}
PARAMETERS = {
    b"lock_heads": "'{{{0}}}'",
    b"expect_heads": "'{{{0}}}', '{{1}}', '{{abc}}'",
    b"known_keys": "'{{{0}}}', '{{k}}'",
    b"tails": "'{{{0}}}', '{{1}}'",
    b"streams": "'{{{0}}}', '{{hold/1}}'",
}


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *[node for child in plan.get("Plans", []) for node in nodes(child)]]


@pytest.mark.parametrize("rows", [0, 20_000])
@pytest.mark.parametrize("analyzed", [False, True], ids=["without statistics", "with statistics"])
def test_no_statement_of_the_append_scans_a_table(database: str, rows: int, analyzed: bool) -> None:  # noqa: FBT001
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO heads (tenant_id) SELECT gen_random_uuid() FROM generate_series(1, %s)", (rows,)
        )
        connection.execute(
            "INSERT INTO events SELECT %s, n, 'hold/' || n, 1, gen_random_uuid(), 'a.b.v1', '{}', now(), 'a', 'c', "
            "NULL, '' FROM generate_series(1, %s) n",
            (TENANT, rows),
        )
        connection.execute(
            "INSERT INTO idempotency SELECT %s, 'k' || n, '', 1, n, '', now() FROM generate_series(1, %s) n",
            (TENANT, rows),
        )
        if analyzed:
            connection.execute("ANALYZE")
        for setting, value in {**SETTINGS, "role": "production_tool_log_writer"}.items():
            connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
        for name, (index, column) in INDEX.items():
            statement = name.decode()
            connection.execute(f"PREPARE {statement} AS {append.PREPARED[name]}".encode())
            parameters = PARAMETERS[name].format(TENANT)
            row = connection.execute(f"EXPLAIN (FORMAT JSON) EXECUTE {statement}({parameters})".encode()).fetchone()
            assert row
            plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
            looked_up = [node for node in nodes(plan[0]["Plan"]) if "Index Name" in node]
            assert [node["Index Name"] for node in looked_up] == [index], statement
            assert f"({column} " in looked_up[0]["Index Cond"], statement
            assert not [node for node in nodes(plan[0]["Plan"]) if node["Node Type"] == "Seq Scan"], statement
