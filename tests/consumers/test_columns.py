from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from consumers.columns import Column, ColumnDumper, columns_of, sent_as
from projections.table import Table
from tests.projections.story import march

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uuid": st.uuids().map(str),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "text": TEXTS,
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, places=2),
    "timestamptz": st.integers(0, 7 * 10**15).map(
        lambda n: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=n)
    ),
    "date": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "json": st.dictionaries(TEXTS, st.one_of(st.integers(), TEXTS, st.lists(TEXTS, max_size=3)), max_size=3),
}
EVERYTHING = Table(name="everything", key=("uuid",), columns={type_: type_ for type_ in VALUES})


def as_postgres_reads_them(database: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    values = ", ".join(f'"{type_}"::{"text" if type_ == "uuid" else type_}' for type_ in VALUES)
    arrays = ", ".join(f"%b::{sent_as(type_)}[]" for type_ in VALUES)
    names = ", ".join(f'"{type_}"' for type_ in VALUES)
    with psycopg.connect(database, options="-c TimeZone=UTC") as connection:
        connection.adapters.register_dumper(Column, ColumnDumper)
        query = f"SELECT {values} FROM unnest({arrays}) AS r ({names})"  # noqa: S608 - no values in it
        found = connection.execute(query.encode(), columns_of(EVERYTHING, rows)).fetchall()
    return [dict(zip(VALUES, row, strict=True)) for row in found]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.fixed_dictionaries({name: st.none() | some for name, some in VALUES.items()}), min_size=1, max_size=9)
)
def test_postgres_reads_what_was_said(database: str, rows: list[dict[str, Any]]) -> None:
    assert as_postgres_reads_them(database, rows) == rows


def test_what_a_row_lacks_is_null(database: str) -> None:
    assert as_postgres_reads_them(database, [{"integer": 7}]) == [{**dict.fromkeys(VALUES), "integer": 7}]


def test_an_object_of_json_is_said_as_a_whole_row_would_say_it() -> None:
    said = {"held": (march(1, 2),), "note": None, "fee": Decimal("1.50")}
    (column,) = columns_of(Table(name="t", key=("a",), columns={"a": "json"}), [{"a": said}])
    whole = to_json([{"a": said}], exclude_none=True)
    assert column.array.endswith(whole.removeprefix(b'[{"a":').removesuffix(b"}]"))


@pytest.mark.parametrize(("type_", "value"), [("integer", 2**31), ("bigint", 2**63)])
def test_a_number_that_no_column_takes_is_refused_like_by_postgres(type_: str, value: int) -> None:
    with pytest.raises(psycopg.DataError, match="out of range"):
        columns_of(Table(name="t", key=("a",), columns={"a": type_}), [{"a": value}])
