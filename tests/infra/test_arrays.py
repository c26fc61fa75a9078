from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg import pq

from infra import arrays

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_postgres_reads_it(database: str, encoded: bytes, type_name: str) -> object:
    with psycopg.connect(database) as connection:
        result = connection.pgconn.exec_params(
            f"SELECT $1::{type_name}[]::text".encode(), [encoded], param_formats=[pq.Format.BINARY]
        )
        assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
        value = result.get_value(0, 0)
        assert value is not None
        row = connection.execute(f"SELECT %s::{type_name}[]".encode(), (value.decode(),)).fetchone()
        assert row
        return row[0]


@pytest.mark.parametrize("values", [[], [b"", b"\0\xff", b"x" * 70_000]], ids=["none", "some"])
def test_bytea(database: str, values: Sequence[bytes]) -> None:
    assert as_postgres_reads_it(database, arrays.byteas(values), "bytea") == values


@pytest.mark.parametrize("values", [[], ["", "plain", 'quo"ted, {}', "ü€🎬"]], ids=["none", "some"])
def test_text(database: str, values: list[str]) -> None:
    assert as_postgres_reads_it(database, arrays.texts(values), "text") == values
    assert as_postgres_reads_it(database, arrays.utf8([value.encode() for value in values]), "text") == values
    assert as_postgres_reads_it(database, arrays.nullable_texts(values), "text") == values


def test_text_with_nulls(database: str) -> None:
    values = [None, "", "a", None]
    assert as_postgres_reads_it(database, arrays.nullable_texts(values), "text") == values


def test_numbers(database: str) -> None:
    assert as_postgres_reads_it(database, arrays.bigints([-(2**63), 0, 2**63 - 1]), "bigint") == [
        -(2**63),
        0,
        2**63 - 1,
    ]
    assert as_postgres_reads_it(database, arrays.integers([-1, 0, 7]), "integer") == [-1, 0, 7]


def test_timestamps_keep_their_microseconds(database: str) -> None:
    instant = datetime(2027, 3, 28, 1, 59, 59, 999_999, tzinfo=UTC)
    microseconds = (instant - EPOCH) // timedelta(microseconds=1)
    assert as_postgres_reads_it(database, arrays.timestamps([microseconds]), "timestamptz") == [instant]


def test_uuids(database: str) -> None:
    ids = [UUID(int=0), UUID("01935d2a-b49b-7d7d-9eed-1b1ff5571e01")]
    assert as_postgres_reads_it(database, arrays.uuids([id.bytes for id in ids]), "uuid") == ids
