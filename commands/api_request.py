"""A command's request: its headers and its body, read strictly and cheaply."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from domain.errors import DomainError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

C = TypeVar("C", bound=BaseModel)

_KEY: Final = re.compile(rb"[\x20-\x7e]{1,255}")
_ETAG: Final = re.compile(rb'(?:W/)?"?([0-9]{1,9})(?:\.[0-9A-Za-z_-]{1,64})?"?')
_MOST_ERRORS: Final = 50
_NUL: Final = b"\\u0000"


class MalformedHeader(DomainError):
    """A header is missing or says nothing that it could say."""

    code = "malformed_header"


class UnsupportedMediaType(DomainError):
    """The body is not JSON."""

    code = "unsupported_media_type"


class Invalid(DomainError):
    """The body is not what the route wants; `errors` says where."""

    code = "invalid"

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        """Each error is a JSON `pointer` into the body and a `message`."""
        first = errors[0]
        where = f" at {first['pointer']}" if first["pointer"] else ""
        super().__init__(f"The body is not what this route wants{where}: {first['message']}.", errors=list(errors))


class ClientGone(Exception):
    """Whoever asked has hung up before the question was complete."""


@dataclass(frozen=True, slots=True)
class Headers:
    """What a command's headers say."""

    key: str
    expected_version: int | None


def headers_in(raw: Iterable[tuple[bytes, bytes]], *, keyed: bool = True) -> Headers:
    """Those of a command; without `keyed` no `Idempotency-Key` is asked for.

    Raises:
        MalformedHeader: one of them is missing, said twice, or says nothing that it could say.
        UnsupportedMediaType: the body is said to be something else than JSON.
    """
    found: dict[bytes, bytes] = {}
    for name, value in raw:
        if name in _READ:
            if name in found:
                raise MalformedHeader(f"{_READ[name]} is there twice.", header=_READ[name])
            found[name] = value
    media_type = found.get(b"content-type", b"application/json")
    if media_type != b"application/json" and not _is_json(media_type):
        raise UnsupportedMediaType("Send application/json, in UTF-8.")
    return Headers(_key(found.get(b"idempotency-key")) if keyed else "", _expected(found.get(b"if-match")))


_READ: Final = {b"idempotency-key": "Idempotency-Key", b"if-match": "If-Match", b"content-type": "Content-Type"}


def _key(value: bytes | None) -> str:
    if value is None:
        raise MalformedHeader("A command needs an Idempotency-Key.", header="Idempotency-Key")
    if not _KEY.fullmatch(value):
        raise MalformedHeader("Idempotency-Key takes 1 to 255 printable ASCII characters.", header="Idempotency-Key")
    return value.decode("ascii")


def _expected(value: bytes | None) -> int | None:
    if value is None:
        return None
    match = _ETAG.fullmatch(value)
    if match is None:
        raise MalformedHeader('If-Match takes one version, such as "7", or one ETag of ours.', header="If-Match")
    return int(match[1])


def _is_json(media_type: bytes) -> bool:
    essence, *parameters = media_type.lower().replace(b" ", b"").replace(b'"', b"").split(b";")
    return essence == b"application/json" and all(parameter in {b"", b"charset=utf-8"} for parameter in parameters)


async def body_in(receive: Receive) -> bytes:
    """All of the body.

    Raises:
        ClientGone: there will be no more of it.
    """
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False) or message["type"] == "http.disconnect":
        if message["type"] == "http.disconnect":
            raise ClientGone
        message = await receive()
        body += message.get("body", b"")
    return body


def parsed(model: type[C], body: bytes) -> C:
    """The command that `body` says.

    Raises:
        Invalid: it says something else, or holds text that cannot be stored (NUL; half a surrogate pair).
    """
    command = validated(model, body)
    if _NUL in body and (pointers := list(_with_nul(from_json(body)))):
        raise Invalid([{"pointer": pointer, "message": "U+0000 cannot be stored"} for pointer in pointers])
    return command


def validated(model: type[C], body: bytes) -> C:
    """What `body` says; no body says `{}`, and of a member that is there twice the last one counts.

    Raises:
        Invalid: it says something else.
    """
    try:
        return model.__pydantic_validator__.validate_json(body or b"{}")  # type: ignore[no-any-return]
    except ValidationError as error:
        raise Invalid(_errors(error, body)) from None


def _errors(error: ValidationError, body: bytes) -> list[dict[str, str]]:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_ERRORS]
    if found[0]["type"] == "json_invalid":
        return [{"pointer": "", "message": found[0]["msg"]}]
    said = from_json(body or b"{}")
    return [
        {"pointer": _pointer(one, said), "message": one["msg"].removeprefix("Value error, ")}
        for one in found
        if not (one["type"] == "too_short" and _has_inner(one, found))
    ]


def _has_inner(outer: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Whether a list is only too short because of what is wrong in it."""
    depth = len(outer["loc"])
    return any(len(one["loc"]) > depth and one["loc"][:depth] == outer["loc"] for one in found)


def _pointer(error: ErrorDetails, said: Any) -> str:  # noqa: ANN401 - any JSON
    """Where in `said` it went wrong; steps that only name a kind of thing, as pydantic adds them, are left out."""
    steps = []
    for step in error["loc"]:
        inside = step in said if isinstance(said, dict) else isinstance(said, list) and step in range(len(said))
        if inside:
            said = said[step]
        elif not (error["type"] == "missing" and step == error["loc"][-1]):
            continue
        steps.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in steps)


def _with_nul(said: Any, pointer: str = "") -> Iterable[str]:  # noqa: ANN401 - any JSON
    match said:
        case str() if "\0" in said:
            yield pointer
        case list():
            for n, item in enumerate(said):
                yield from _with_nul(item, f"{pointer}/{n}")
        case dict():
            for name, item in said.items():
                if "\0" in name:
                    yield pointer
                yield from _with_nul(item, f"{pointer}/{name}")
        case _:
            pass
