"""Rows as one binary array a column, which Postgres takes as it is: parsing JSON was half of what a row cost it.

Format: `src/backend/utils/adt/arrayfuncs.c`, `array_recv`: dimensions, null flag, element OID, length and lower bound,
then each element behind its length, -1 for NULL, all big-endian.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain, repeat
from typing import Any, Final

from psycopg import DataError
from psycopg.adapt import Dumper
from psycopg.pq import Format
from pydantic_core import to_json

from projections.table import Row, Table

_NULL: Final = b"\xff\xff\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = _EPOCH.date().toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Column:
    """An array's bytes."""

    array: bytes


class ColumnDumper(Dumper):
    """Hands a `Column` on as it is; the statement says what it is an array of."""

    format = Format.BINARY
    oid = 0

    def dump(self, obj: Column) -> bytes:
        """Its bytes."""
        return obj.array


def columns_of(table: Table, rows: Sequence[Row]) -> list[Column]:
    """The columns of `table` with the values of `rows`, at least one; a value that a row lacks is NULL.

    Raises:
        DataError: a number is larger than its column takes.
    """
    return [_column(table.columns[name], [row.get(name) for row in rows]) for name in table.columns]


def sent_as(type_: str) -> str:
    """The type of the elements by which a column of that type travels; the table's own follows by a cast."""
    return "text" if type_ == "numeric" else type_


def _column(type_: str, values: Sequence[Any]) -> Column:
    oid, encode = _ENCODE[type_]
    has_null = None in values
    try:
        if type_ in _AT_ONCE and not has_null:
            elements = _AT_ONCE[type_](values)
        else:
            # Many rows have one status; telling other values apart costs more than encoding.
            of = {value: encode(value) for value in set(values)}.__getitem__ if type_ == "text" else encode
            elements = b"".join(map(of, values))
    except (OverflowError, struct.error) as error:
        raise DataError(f"{type_} out of range") from error
    return Column(struct.pack(">iiiii", 1, has_null, oid, len(values), 1) + elements)


def _uuids(values: Sequence[str]) -> bytes:
    sized = "00000010"
    return bytes.fromhex((sized + sized.join(values)).replace("-", ""))


def _numbers(size: int, format_: str) -> Callable[[Sequence[int]], bytes]:
    def elements(values: Sequence[int]) -> bytes:
        return struct.pack(
            ">" + f"i{format_}" * len(values), *chain.from_iterable(zip(repeat(size), values, strict=False))
        )

    return elements


_AT_ONCE: Final[Mapping[str, Callable[[Sequence[Any]], bytes]]] = {
    "uuid": _uuids,
    "bigint": _numbers(8, "q"),
    "integer": _numbers(4, "i"),
}
"""By type of column: all elements of one without NULL, several times as fast as one by one."""


def _sized(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Each element behind its length."""

    def element(value: Any) -> bytes:  # noqa: ANN401 - whatever the column holds
        if value is None:
            return _NULL
        encoded = encode(value)
        return len(encoded).to_bytes(4, "big") + encoded

    return element


def _uuid(value: str) -> bytes:
    return bytes.fromhex(value.replace("-", ""))


def _timestamptz(value: datetime) -> bytes:
    return ((value - _EPOCH) // _MICROSECOND).to_bytes(8, "big", signed=True)


def _date(value: date) -> bytes:
    return (value.toordinal() - _FIRST_DAY).to_bytes(4, "big", signed=True)


def _json(value: object) -> bytes:
    return to_json(value, exclude_none=True)


_ENCODE: Final[Mapping[str, tuple[int, Callable[[Any], bytes]]]] = {
    "uuid": (2950, _sized(_uuid)),
    "bigint": (20, _sized(lambda value: value.to_bytes(8, "big", signed=True))),
    "integer": (23, _sized(lambda value: value.to_bytes(4, "big", signed=True))),
    "text": (25, _sized(str.encode)),
    "numeric": (25, _sized(lambda value: str(value).encode())),
    "timestamptz": (1184, _sized(_timestamptz)),
    "date": (1082, _sized(_date)),
    "json": (114, _sized(_json)),
}
"""By type of column: the OID of what its elements are sent as, and how."""
