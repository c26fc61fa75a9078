"""The board's files: named after what is in them, so that a browser keeps them for ever and never an old one."""

from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response

from domain.errors import NotFound
from read_api.board.compressed import compressed

router = APIRouter(prefix="/board/static", include_in_schema=False)

MOST_COLUMNS: Final = 84
"""Columns of the widest grid."""
MOST_LANES: Final = 24
"""Bars that a row shows above one another; what is below the last one shares it."""
_TYPES: Final = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_NAMES: Final = ("board.css", "board.js", "days.js", "icon.svg", "panel.js", "sign_in.js", "theme.js")


@lru_cache(maxsize=len(_NAMES))
def content(name: str) -> bytes:
    """The bytes of one of our files."""
    read = files("read_api.board").joinpath("static", name).read_bytes()
    return read + _columns() if name == "board.css" else read


@lru_cache(maxsize=len(_NAMES))
def url(name: str) -> str:
    """Where a page finds it."""
    return f"/board/static/{sha256(content(name)).hexdigest()[:12]}/{name}"


@router.get("/{digest}/{name}")
async def get_asset(digest: str, name: str, request: Request) -> Response:
    """One file; an old name of it is nobody's."""
    if name not in _NAMES or request.url.path != url(name):
        raise NotFound("There is no such file.")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{digest}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return compressed(request, content(name), media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


def _columns() -> bytes:
    """Where a bar begins, how long it is and how deep it lies, as classes: the policy allows no style on an element."""
    starts = "".join(f".c{n}{{grid-column-start:{n}}}" for n in range(1, MOST_COLUMNS + 1))
    spans = "".join(f".s{n}{{grid-column-end:span {n}}}" for n in range(1, MOST_COLUMNS + 1))
    lanes = "".join(f".l{n}{{grid-row:{n}}}" for n in range(1, MOST_LANES + 1))
    return f"{starts}{spans}{lanes}".encode()
