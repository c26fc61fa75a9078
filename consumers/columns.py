"""Rows as one binary array a column, which Postgres takes as it is: parsing JSON was half of what a row cost it.

Format: `src/backend/utils/adt/arrayfuncs.c`, `array_recv`: dimensions, null flag, element OID, length and lower bound,
then each element behind its length, -1 for NULL, all big-endian.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from struct import pack
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
_REPEATED: Final = frozenset({"uuid", "text"})


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
    try:
        # Many rows are of one tenant, one artist, one status; telling other values apart costs more than encoding.
        of = {value: encode(value) for value in set(values)}.__getitem__ if type_ in _REPEATED else encode
        elements = [*map(of, values)]
    except OverflowError as error:
        raise DataError(f"{type_} out of range") from error
    head = pack(">iiiii", 1, _NULL in elements, oid, len(values), 1)
    return Column(head + b"".join(elements))


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
