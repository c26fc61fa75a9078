"""What all commands have in common in the OpenAPI document: their headers, and how they are refused."""

from typing import Any, Final

Responses = dict[int | str, dict[str, Any]]

PARAMETERS: Final[list[dict[str, Any]]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": "Names this command within the tenant. A repeat under the same key answers the same bytes.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        "example": "0192f0c1-2c3d-7e4f-8a9b-0c1d2e3f4a5b",
    },
    {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "Only if the thing still has this version; takes the `ETag` of a read, too.",
        "schema": {"type": "string", "pattern": '^["]?[0-9]{1,9}(\\.[0-9A-Za-z_-]{1,64})?["]?$'},
        "example": '"7"',
    },
]

HEADERS: Final[dict[str, Any]] = {
    "Consistency-Token": {
        "description": "Bring it to a read, and the read shows at least this.",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "The version that the thing has now.", "schema": {"type": "string"}, "example": '"7"'},
    "Idempotent-Replayed": {
        "description": "`true` when this is the answer to an earlier command under the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}

_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}

_REFUSALS: Final = (
    (400, "malformed_header", "A header is missing or malformed."),
    (401, "unauthenticated", "There is no valid token."),
    (403, "permission_missing", "The token lacks a permission."),
    (404, "not_found", "There is no such thing, or it is another tenant's."),
    (409, "version_conflict", "A rule says no, or the version is another one; `code` says which."),
    (413, "too_large", "The body is too large."),
    (415, "unsupported_media_type", "The body is not JSON."),
    (422, "invalid", "The body is not what the route wants, or the key was used for another command."),
    (429, "too_many_requests", "The tenant has too many requests under way; try again."),
    (500, "crashed", "A defect of ours. Whether the command was accepted is not known: repeat it under its key."),
    (503, "log_unavailable", "Nothing can be said about the outcome yet; repeat the command under its key."),
)

_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
_MORE_HEADERS: Final[dict[int, dict[str, Any]]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
    429: _RETRY_AFTER,
    503: _RETRY_AFTER,
}
_NOT_OF_A_BATCH: Final = {404, 409}
"""What only single commands answer; in a batch it stands in the items."""


def responses(status: int) -> Responses:
    """All that a command can answer: success with `status`, and every refusal."""
    return {status: {"headers": HEADERS}, **_refusals()}


def batch_responses() -> Responses:
    """All that a batch can answer as a whole."""
    return {status: refusal for status, refusal in _refusals().items() if status not in _NOT_OF_A_BATCH}


def import_responses() -> Responses:
    """All that an import can answer as a whole; what becomes of a row stands in the report."""
    return _refusals()


def _refusals() -> Responses:
    found: Responses = {}
    for refusal, code, description in _REFUSALS:
        example = {
            "type": f"urn:production-tool:problem:{code}",
            "title": code.replace("_", " ").capitalize(),
            "status": refusal,
            "detail": description,
            "code": code,
        }
        content = {"application/problem+json": {"schema": _PROBLEM, "example": example}}
        found[refusal] = {
            "description": description,
            "content": content,
            "headers": _MORE_HEADERS.get(refusal, {}),
        }
    return found
