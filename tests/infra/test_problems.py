"""The table of problems: every error that we know has a status, and says no more than it should."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from commands.api import router
from commands.api_request import Invalid, MalformedHeader, UnsupportedMediaType
from commands.log import CommandInFlight, KeyReused, LogUnavailable
from domain.consistency import ForeignToken, TokenMalformed
from domain.errors import DomainError, NotAllowed, NotFound, Refused, VersionConflict
from infra.failpoint import Failed
from infra.problems import IssuerUnreachable, TookTooLong, TooLarge, TooManyRequests, refuse
from infra.tokens import missing, refused
from read_api.freshness import ReadModelBehind
from read_api.live_rooms import NotThere


def every_kind_of(parent: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in parent.__subclasses__():
        yield child
        yield from every_kind_of(child)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (MalformedHeader("x"), 400, "malformed_header"),
        (TokenMalformed("x"), 400, "malformed_token"),
        (ForeignToken("x"), 400, "foreign_token"),
        (NotThere("x"), 400, "unknown_event"),
        (missing(), 401, "unauthenticated"),
        (refused("x"), 401, "unauthenticated"),
        (NotAllowed("x"), 403, "permission_missing"),
        (NotFound("x"), 404, "not_found"),
        (HTTPException(404), 404, "not_found"),
        (HTTPException(405), 405, "method_not_allowed"),
        (Refused("x"), 409, "refused"),
        (VersionConflict("x"), 409, "version_conflict"),
        (CommandInFlight(), 409, "command_in_flight"),
        (TooLarge("x"), 413, "too_large"),
        (UnsupportedMediaType("x"), 415, "unsupported_media_type"),
        (Invalid([{"pointer": "", "message": "x"}]), 422, "invalid"),
        (KeyReused(), 422, "idempotency_key_reused"),
        (TooManyRequests("x"), 429, "too_many_requests"),
        (ValueError("x"), 500, "crashed"),
        (LogUnavailable(), 503, "log_unavailable"),
        (ReadModelBehind(), 503, "read_model_behind"),
        (IssuerUnreachable(), 503, "issuer_unreachable"),
        (TookTooLong(), 503, "took_too_long"),
        (PoolTimeout(), 503, "database_unavailable"),
        (psycopg.OperationalError(), 503, "database_unavailable"),
        (Failed("x"), 503, "database_unavailable"),
    ],
)
def test_an_error_has_its_status(error: Exception, status: int, code: str) -> None:
    refusal = refuse(error)
    document = json.loads(refusal.body)
    assert (refusal.status, document["status"], document["code"]) == (status, status, code)
    assert refusal.headers["Content-Type"] == "application/problem+json"
    assert ("Retry-After" in refusal.headers) is (status in {429, 503})
    assert ("WWW-Authenticate" in refusal.headers) is (status == 401)


def test_every_rule_of_the_business_says_no_with_409_and_a_code_of_its_own_that_the_docs_explain() -> None:
    assert router.commands  # whoever lists them has imported the whole domain, and with it every rule that refuses
    # Of the rest, those of tests and of the library's recorder, no client ever hears.
    ours = [kind for kind in every_kind_of(Refused) if kind.__module__.startswith(("domain.", "commands."))]
    rules = [kind for kind in ours if "code" in vars(kind)]
    assert len(rules) > 20
    assert len({kind.code for kind in rules}) == len(rules)
    for kind in rules:
        assert kind.code.replace("_", "").isalpha()
        assert kind.code.islower()
    described = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    assert [kind.code for kind in rules if f"| `{kind.code}` |" not in described] == []


def test_what_helps_stands_in_the_document_but_never_instead_of_its_members() -> None:
    document = json.loads(refuse(Refused("No.", conflicts=["a"], status=200, code="x", title="x")).body)
    assert document == {
        "type": "urn:production-tool:problem:refused",
        "title": "Refused",
        "status": 409,
        "detail": "No.",
        "code": "refused",
        "conflicts": ["a"],
    }


def test_a_parameter_that_makes_no_sense_is_422_and_a_header_400() -> None:
    error = {"type": "x", "msg": "Value error, makes no sense", "input": "hunter2", "ctx": {"error": "hunter2"}}
    query = refuse(RequestValidationError([{**error, "loc": ("query", "limit")}]))
    header = refuse(RequestValidationError([{**error, "loc": ("header", "consistency-token")}]))
    assert (query.status, header.status) == (422, 400)
    assert json.loads(query.body)["errors"] == [{"pointer": "/query/limit", "message": "makes no sense"}]
    assert b"hunter2" not in query.body + header.body


def test_a_crash_is_logged_and_shows_nothing() -> None:
    with capture_logs() as lines:
        refusal = refuse(ZeroDivisionError("hunter2"))
    assert b"hunter2" not in refusal.body
    assert b"ZeroDivision" not in refusal.body
    assert [line["log_level"] for line in lines] == ["error"]


def test_what_we_refuse_is_not_logged_as_a_crash() -> None:
    with capture_logs() as lines:
        refuse(NotFound("x"))
        refuse(LogUnavailable())
        refuse(HTTPException(405))
    assert lines == []
