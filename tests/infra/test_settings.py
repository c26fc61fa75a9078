"""`infra/settings.py`: one frozen value, read from the environment."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from infra.settings import Settings

_CLERK = '{"issuer": "https://clerk.example.com", "audience": "api", "jwks_url": "https://clerk.example.com/jwks.json"}'


def test_without_an_environment_it_is_the_embedded_default_on_this_machine_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings = Settings()
    assert (settings.database_url, settings.data, settings.host) == (None, Path("var"), "127.0.0.1")


def test_nobody_is_believed_by_default() -> None:
    assert Settings().issuers == ()
    assert not Settings().built_in_issuer


def test_the_database_is_named_as_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada:secret@db:5432/tool")
    assert Settings().database_url == "postgresql://ada:secret@db:5432/tool"


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada:secret@db:5432/tool")
    assert "secret" not in repr(Settings())


def test_a_database_url_that_libpq_does_not_understand_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://db/tool")
    with pytest.raises(ValidationError, match="DATABASE_URL"):
        Settings()


def test_an_empty_name_in_the_environment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert Settings().database_url is None


def test_issuers_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODUCTION_TOOL_ISSUERS", f"[{_CLERK}]")
    (issuer,) = Settings().issuers
    assert (issuer.issuer, issuer.tenant) == ("https://clerk.example.com", ("o.id", "org_id"))


def test_an_issuer_can_be_named_once_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODUCTION_TOOL_ISSUERS", f"[{_CLERK}, {_CLERK}]")
    with pytest.raises(ValidationError, match="two issuers have the same name"):
        Settings()


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "70000"), ("LOG_LEVEL", "loud"), ("ISSUERS", '[{"issuer": "x"}]')]
)
def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PRODUCTION_TOOL_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_it_never_changes() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]
