"""What reads refuse, as OpenAPI shows it."""

from typing import Any, Final

Responses = dict[int | str, dict[str, Any]]


def _problem(description: str, status: int, code: str) -> dict[str, Any]:
    example = {"type": f"urn:production-tool:problem:{code}", "title": description, "status": status, "code": code}
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema, "example": example}}}


_EVERY_READ: Final[Responses] = {
    304: {"description": "What would be answered is what the client has, by its `If-None-Match`."},
    400: _problem("The Consistency-Token is malformed, or of another log.", 400, "foreign_token"),
    401: _problem("There is no valid token.", 401, "unauthenticated"),
    403: _problem("The token lacks a permission.", 403, "permission_missing"),
    422: _problem("A parameter makes no sense.", 422, "invalid"),
    503: _problem(
        "The read models have not come as far as the Consistency-Token, or have set aside (`stream_parked`) an event"
        " that the answer should show; try again.",
        503,
        "read_model_behind",
    ),
}
_NOT_FOUND: Final = _problem("There is none, or it is another tenant's.", 404, "not_found")


def refusals(*, of_one: bool = False) -> Responses:
    """The responses of a read besides its success; `of_one` for one thing, which may not be there."""
    return {**_EVERY_READ, 404: _NOT_FOUND} if of_one else _EVERY_READ
