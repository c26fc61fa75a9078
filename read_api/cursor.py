"""Cursors: where a list goes on, good for that list and that tenant only."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from struct import Struct
from struct import error as StructError  # noqa: N812 - an exception
from typing import Final

from fastapi.exceptions import RequestValidationError

_PARTS: Final = Struct(">8sq")


def cursor_after(seq: int, *of: object, name: str = "") -> str:
    """The cursor that goes on behind `seq` in the list that `of` names: its tenant, its route, its filters.

    `name` tells those apart that share a seq, in a list that has such.
    """
    return urlsafe_b64encode(_PARTS.pack(_list(of), seq) + name.encode()).decode()


def seq_in(cursor: str | None, *of: object) -> int:
    """The seq behind which the list that `of` names goes on; 0 without a cursor.

    Raises:
        RequestValidationError: it is not a cursor of that list.
    """
    return place_in(cursor, *of)[0]


def place_in(cursor: str | None, *of: object) -> tuple[int, str]:
    """The same, for a list in which some share a seq, with the name behind which it goes on.

    Raises:
        RequestValidationError: it is not a cursor of that list.
    """
    if cursor is None:
        return 0, ""
    try:
        said = b64decode(cursor.encode(), altchars=b"-_", validate=True)
        list_, seq = _PARTS.unpack(said[: _PARTS.size])
        name = said[_PARTS.size :].decode()
    except (NotBase64, ValueError, StructError):
        raise _refused(cursor) from None
    if list_ != _list(of) or seq < 0 or "\0" in name:
        raise _refused(cursor)
    return int(seq), name


def _list(of: tuple[object, ...]) -> bytes:
    return sha256("\0".join(map(str, of)).encode()).digest()[:8]


def _refused(cursor: str) -> RequestValidationError:
    what = {"type": "cursor", "loc": ("query", "cursor"), "msg": "is not a cursor of this list", "input": cursor}
    return RequestValidationError([what])
