"""The OpenAPI document: what FastAPI reads off the routes, and what it cannot know."""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

TITLE: Final = "Production Tool"
ABOUT: Final = "Holds, bookings and calendars of artists. Every change is a command with an Idempotency-Key."

_TAGS: Final = {
    "holds": "Ranked, tentative claims on an artist's time.",
    "challenges": "Book now or let go: what a lower hold can ask of those above it.",
    "bookings": "Binding engagements, and their clashes with time off.",
    "artists": "People, rooms and kit that can be held and booked, their calendars and their queues.",
    "time off": "When an artist is not available.",
    "people": "Whoever has done something, or is the user of an artist.",
    "projects": "What artists are held and booked for.",
    "jobs": "Lines of a project to be filled.",
    "policy": "The rules that a tenant follows.",
    "batch": "Many commands in one request.",
    "availability": "Who is free.",
    "dashboard": "Live counts.",
    "history": "What has happened, by whom and when.",
    "live": "What happens, as it happens.",
    "feeds": "Calendars to subscribe to, behind secret links.",
    "imports": "Calendars and tables from elsewhere, row by row.",
    "exports": "Everything, streamed.",
    "audit": "The log itself.",
    "operations": "For those who run it; open to all.",
}

_PROBLEM: Final = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457). Rely on `status` and `code`; `detail` is for people.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri", "examples": ["urn:production-tool:problem:not_first"]},
        "title": {"type": "string", "examples": ["Not first"]},
        "status": {"type": "integer", "examples": [409]},
        "detail": {"type": "string", "examples": ["Others come first on that time."]},
        "code": {"type": "string", "pattern": "^[a-z_]+$", "examples": ["not_first"]},
        "conflicts": {"type": "array", "items": {"type": "string"}, "description": "The ids in the way."},
        "version": {"type": "integer", "description": "The version that the thing has."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "title": "ProblemError",
                "required": ["pointer", "message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

_MADE: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "addArtist": ("id", ["/v1/artists/"]),
    "openProject": ("id", ["/v1/projects/"]),
    "openJob": ("id", ["/v1/jobs/"]),
    "placeHold": ("id", ["/v1/holds/"]),
    "raiseChallenge": ("challenge_id", ["/v1/challenges/"]),
    "makeBooking": ("id", ["/v1/bookings/", "/v1/conflicts/"]),
    "confirmHold": ("booking_id", ["/v1/bookings/", "/v1/conflicts/"]),
    "requestTimeOff": ("id", ["/v1/time-off/"]),
    "openFeed": ("id", ["/v1/feeds/"]),
}
"""By the operation that makes something: the member that names it, and where the paths begin that take such an id."""

_TOKEN: Final = "Consistency-Token"  # noqa: S105 - the name of a header

Operation = dict[str, Any]


def openapi_document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document of `routes`."""
    document = get_openapi(
        title=TITLE,
        version=version("production-tool"),
        description=ABOUT,
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
        routes=routes,
        separate_input_output_schemas=False,
    )
    document["components"]["schemas"]["Problem"] = _PROBLEM
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    document["security"] = [{"bearer": []}]
    used = {tag for _, operation in _operations(document) for tag in operation["tags"]}
    document["tags"] = [{"name": name, "description": about} for name, about in _TAGS.items() if name in used]
    for _, operation in _operations(document):
        if operation["tags"] == ["operations"]:
            operation["security"] = []
        if operation["operationId"] in _MADE:
            _link(document, operation, *_MADE[operation["operationId"]])
    _share_refusals(document)
    return document


def _share_refusals(document: dict[str, Any]) -> None:
    """Say what many operations answer alike once; it is most of the document otherwise."""
    names: dict[str, str] = {}
    shared = document["components"].setdefault("responses", {})
    for _, operation in _operations(document):
        for status, response in operation["responses"].items():
            example = response.get("content", {}).get("application/problem+json", {}).get("example")
            if example is None:
                continue
            said = json.dumps(response, sort_keys=True)
            if said not in names:
                name = "".join(map(str.capitalize, example["code"].split("_")))
                names[said] = next(one for one in (name, *(f"{name}{n}" for n in range(2, 100))) if one not in shared)
                shared[names[said]] = response
            operation["responses"][status] = {"$ref": f"#/components/responses/{names[said]}"}


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def _link(document: Mapping[str, Any], maker: Operation, member: str, beginnings: Sequence[str]) -> None:
    """Say what can be done with what `maker` makes, under the names of those operations."""
    success = next(answer for status, answer in maker["responses"].items() if status.startswith("2"))
    success["links"] = {
        operation["operationId"]: {
            "operationId": operation["operationId"],
            "parameters": {**_id_in(path, member), **_token_of(operation)},
        }
        for path, operation in _operations(document)
        if path.startswith(tuple(f"{beginning}{{" for beginning in beginnings))
    }


def _id_in(path: str, member: str) -> dict[str, str]:
    name = path.partition("{")[2].partition("}")[0]
    return {f"path.{name}": f"$response.body#/{member}"}


def _token_of(operation: Operation) -> dict[str, str]:
    """A read that follows shows at least what was made."""
    reads = any(one["name"].lower() == _TOKEN.lower() for one in operation.get("parameters", ()))
    return {f"header.{_TOKEN}": f"$response.header.{_TOKEN}"} if reads else {}
