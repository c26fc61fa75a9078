"""An answer's bytes, and the tag that lets a client ask whether they are still the same."""

from hashlib import sha256
from typing import Any, Final

from fastapi import Request, Response
from pydantic import BaseModel

NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "What the client has, by its `If-None-Match`, is what would be answered."}
}


def answer(request: Request, shown: BaseModel, *, version: int | None = None) -> Response:
    """`shown` as JSON with its `ETag`, or 304 when the client has it already.

    The tag begins with `version`, that of the one thing that is shown, which is what `If-Match` takes.
    """
    body = shown.model_dump_json().encode()
    digest = sha256(body).hexdigest()[:12]
    tag = f'"{digest}"' if version is None else f'"{version}.{digest}"'
    # Private, since every answer is of one tenant; to be asked again, since a deadline may pass at any moment.
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _has(wanted: str, tag: str) -> bool:
    tags = {one.strip().removeprefix("W/") for one in wanted.split(",")}
    return tag in tags or "*" in tags
