"""Postgres arrays in their binary form: 1.6 times as fast to insert as text ones.

Format: `src/backend/utils/adt/arrayfuncs.c`, `array_recv`: dimensions, null flag, element OID, then per dimension its
length and lower bound, then each element behind its length (-1 for NULL), all big-endian.
"""

from collections.abc import Sequence
from struct import pack

_BYTEA, _INT8, _INT4, _TEXT, _TIMESTAMPTZ, _UUID = 17, 20, 23, 25, 1184, 2950

POSTGRES_EPOCH = 946_684_800_000_000
"""2000-01-01 in microseconds since 1970: where Postgres counts timestamps from."""


def _head(oid: int, n: int, *, nulls: bool = False) -> bytes:
    return pack(">iiiii", 1, nulls, oid, n, 1) if n else pack(">iii", 0, 0, oid)


def _fixed(oid: int, code: str, width: int, values: Sequence[int] | Sequence[bytes]) -> bytes:
    elements: list[int | bytes] = [width] * (2 * len(values))
    elements[1::2] = values
    return _head(oid, len(values)) + pack(">" + f"i{code}" * len(values), *elements)


def _varying(oid: int, values: Sequence[bytes]) -> bytes:
    elements = [b""] * (2 * len(values))
    elements[0::2] = [len(value).to_bytes(4, "big") for value in values]
    elements[1::2] = values
    return _head(oid, len(values)) + b"".join(elements)


def uuids(values: Sequence[bytes]) -> bytes:
    """`uuid[]` from 16 bytes each."""
    return _fixed(_UUID, "16s", 16, values)


def bigints(values: Sequence[int]) -> bytes:
    """`bigint[]`."""
    return _fixed(_INT8, "q", 8, values)


def integers(values: Sequence[int]) -> bytes:
    """`integer[]`."""
    return _fixed(_INT4, "i", 4, values)


def timestamps(values: Sequence[int]) -> bytes:
    """`timestamptz[]` from microseconds since 1970."""
    return _fixed(_TIMESTAMPTZ, "q", 8, [value - POSTGRES_EPOCH for value in values])


def byteas(values: Sequence[bytes]) -> bytes:
    """`bytea[]`."""
    return _varying(_BYTEA, values)


def texts(values: Sequence[str]) -> bytes:
    """`text[]` without NULLs."""
    return _varying(_TEXT, [value.encode() for value in values])


def utf8(values: Sequence[bytes]) -> bytes:
    """`text[]` from what is UTF-8 already."""
    return _varying(_TEXT, values)


def nullable_texts(values: Sequence[str | None]) -> bytes:
    """`text[]` in which None is NULL."""
    if not any(value is None for value in values):
        return texts([value for value in values if value is not None])
    elements = [
        b"\xff\xff\xff\xff" if value is None else len(utf := value.encode()).to_bytes(4, "big") + utf
        for value in values
    ]
    return _head(_TEXT, len(values), nulls=True) + b"".join(elements)
