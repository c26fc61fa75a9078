"""The one table from what went wrong to what a client sees of it: `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import psycopg
import structlog
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from commands.api_batch import Refusal
from commands.api_request import Invalid, MalformedHeader, UnsupportedMediaType
from commands.log import CommandInFlight, KeyReused, LogUnavailable
from domain.consistency import ForeignToken, TokenMalformed
from domain.errors import DomainError, NotAllowed, NotFound, Refused
from infra.key_file import KeyUnusable
from infra.mapper import UnknownEvent
from read_api.freshness import ReadModelBehind, StreamParked
from read_api.live_rooms import NotThere

_log = structlog.get_logger()


class Unauthenticated(DomainError):
    """There is no token, or none that we believe."""

    code = "unauthenticated"


class TooManyRequests(DomainError):
    """The tenant has too many requests under way."""

    code = "too_many_requests"


class TooLarge(DomainError):
    """The body is larger than this installation takes."""

    code = "too_large"


class IssuerUnreachable(Exception):
    """The keys of the token's issuer could not be had yet."""


class TookTooLong(Exception):
    """There is no answer yet, and nobody should wait for it any longer."""


_DOMAIN: Final[Mapping[type[DomainError], int]] = {
    MalformedHeader: 400,
    TokenMalformed: 400,
    ForeignToken: 400,
    NotThere: 400,
    Unauthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    Refused: 409,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    Invalid: 422,
    TooManyRequests: 429,
}
"""What knows its own code and sentence; a subclass that is not here is as its parent."""

_OTHERS: Final[Mapping[type[Exception], tuple[int, str, str]]] = {
    KeyReused: (422, "idempotency_key_reused", "This Idempotency-Key was used for another command."),
    CommandInFlight: (409, "command_in_flight", "The first command under this Idempotency-Key has not ended."),
    LogUnavailable: (503, "log_unavailable", "Nothing can be said about the outcome yet; repeat it under its key."),
    ReadModelBehind: (503, "read_model_behind", "The read models have not come as far as the Consistency-Token."),
    UnknownEvent: (503, "stream_parked", "This process is of a version that cannot read one of the events."),
    StreamParked: (503, "stream_parked", "A read model has set aside an event that this should show; it is looked at."),
    IssuerUnreachable: (503, "issuer_unreachable", "The keys of the token's issuer could not be fetched."),
    TookTooLong: (503, "took_too_long", "There is no answer yet; if it was a command, repeat it under its key."),
    KeyUnusable: (503, "feed_key_unusable", "This installation has no key of which links could be made."),
    PoolTimeout: (503, "database_unavailable", "The database does not answer."),
    psycopg.OperationalError: (503, "database_unavailable", "The database does not answer."),
    ConnectionError: (503, "database_unavailable", "The database does not answer."),
}

_HTTP: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
_MORE_HEADERS: Final = {413: {"Connection": "close"}, 429: {"Retry-After": "1"}, 503: {"Retry-After": "1"}}


def refuse(error: Exception) -> Refusal:
    """What the client sees of `error`. What nobody has foreseen is logged, and shown as nothing but a 500."""
    match error:
        case DomainError():
            status = next(_DOMAIN[kind] for kind in type(error).__mro__ if kind in _DOMAIN)
            return problem(status, error.code, error.detail, **error.helps)
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            return _of_framework(error)
        case _:
            return _of_others(error)


def _of_others(error: Exception) -> Refusal:
    for kind in type(error).__mro__:
        if kind in _OTHERS:
            return problem(*_OTHERS[kind])
    _log.error("request_crashed", exc_info=error)
    return problem(500, "crashed", "This is a defect of ours, and has been logged.")


def problem(status: int, code: str, detail: str, /, **helps: Any) -> Refusal:  # noqa: ANN401 - anything JSON can say
    """A problem document. `helps` are its further members."""
    headers = {"Content-Type": "application/problem+json", **_MORE_HEADERS.get(status, {})}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = helps.pop("challenge")
    document = {
        **helps,
        "type": f"urn:production-tool:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
    }
    return Refusal(status, headers, to_json(document, serialize_unknown=True))


def _invalid(error: RequestValidationError) -> Refusal:
    errors = [
        {"pointer": "/" + "/".join(map(str, one["loc"])), "message": one["msg"].removeprefix("Value error, ")}
        for one in error.errors()
    ]
    if any(one["loc"][0] == "header" for one in error.errors()):
        return problem(400, "malformed_header", "A header makes no sense.", errors=errors)
    return problem(422, "invalid", "The request is not what this route wants.", errors=errors)


def _of_framework(error: HTTPException) -> Refusal:
    status = error.status_code
    code = _HTTP.get(status, "refused")
    refusal = problem(status, code, HTTPStatus(status).phrase + ".")
    return Refusal(status, {**refusal.headers, **(error.headers or {})}, refusal.body)
