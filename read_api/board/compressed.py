"""Answers for browsers, compressed when they are worth it."""

import gzip
from collections.abc import Mapping
from typing import Final

from fastapi import Request, Response

_WORTH_IT: Final = 500
"""Bytes."""


def compressed(
    request: Request, body: bytes, *, media_type: str, headers: Mapping[str, str], status: int = 200
) -> Response:
    """`body`, as gzip if the browser takes that.

    What is secret is in a cookie and what a client chose is in the address, so a page's length tells nobody anything.
    """
    all_headers = {**headers, "Vary": "Accept-Encoding, Cookie"}
    if len(body) > _WORTH_IT and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=6, mtime=0)
        all_headers["Content-Encoding"] = "gzip"
    return Response(body, status, all_headers, media_type)
