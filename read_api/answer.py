"""An answer's bytes, and the tag that lets a client ask whether they are still the same."""

from hashlib import sha256

from fastapi import Request, Response
from pydantic import BaseModel


def answer(request: Request, shown: BaseModel, *, version: int | None = None) -> Response:
    """`shown` as JSON with its `ETag`, or 304 when the client has it already.

    The tag begins with `version`, that of the one thing that is shown, which is what `If-Match` takes.
    """
    return answer_bytes(request, shown.model_dump_json().encode(), version=version)


def answer_bytes(
    request: Request, body: bytes, *, version: int | None = None, media_type: str = "application/json"
) -> Response:
    """The same for what is JSON already, or something else."""
    digest = sha256(body).hexdigest()[:12]
    tag = f'"{digest}"' if version is None else f'"{version}.{digest}"'
    # Private, since every answer is of one tenant; to be asked again, since a deadline may pass at any moment.
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _has(wanted: str, tag: str) -> bool:
    tags = {one.strip().removeprefix("W/") for one in wanted.split(",")}
    return tag in tags or "*" in tags
