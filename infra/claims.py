"""What a verified token says about its bearer."""

from collections.abc import Mapping
from typing import Any, Final, cast
from uuid import UUID

from domain.ids import tenant_id
from domain.permission import ROLES, Permission, Role, Who
from infra.settings import Issuer

_LONGEST: Final = 255
_MOST_PERMISSIONS: Final = 100
_PREFIX: Final = "org:"
"""What Clerk puts before the roles and permissions of an organisation."""


class ClaimsRefused(Exception):
    """The token is genuine but does not say who asks; the message says what is wrong with it."""


def who_says(issuer: Issuer, claims: Mapping[str, Any]) -> Who:
    """The bearer of a token with these verified `claims`.

    A role or a permission that is not known here gives nothing.

    Raises:
        ClaimsRefused: there is no tenant, no subject, or one of them is nothing that could be recorded.
    """
    tenant = _text(claims, issuer.tenant, "tenant")
    subject = _text(claims, issuer.subject, "subject")
    if tenant is None or subject is None:
        raise ClaimsRefused("The token names no tenant." if tenant is None else "The token names no subject.")
    role = _role(_text(claims, issuer.role, "role"))
    return Who(
        tenant_id=tenant_id(issuer.issuer, tenant),
        actor=subject,
        role=role,
        permissions=_permissions(claims, issuer) | (ROLES[role] if role else frozenset()),
        artist_id=_artist(claims, issuer) if role == "artist" else None,
    )


def _role(said: str | None) -> Role | None:
    name = (said or "").removeprefix(_PREFIX)
    return cast("Role", name) if name in ROLES else None


def _permissions(claims: Mapping[str, Any], issuer: Issuer) -> frozenset[Permission]:
    said = _found(claims, issuer.permissions)
    if said is None:
        return frozenset()
    if not isinstance(said, list) or len(said) > _MOST_PERMISSIONS:
        raise ClaimsRefused("The token's permissions are not a short list.")
    names = {name.removeprefix(_PREFIX) for name in said if isinstance(name, str)}
    return frozenset(permission for permission in Permission if permission in names)


def _artist(claims: Mapping[str, Any], issuer: Issuer) -> str:
    said = _text(claims, issuer.artist, "artist")
    if said is None:
        raise ClaimsRefused("The token of an artist names no artist.")
    try:
        return str(UUID(said))
    except ValueError:
        raise ClaimsRefused("The token's artist is not an id.") from None


def _text(claims: Mapping[str, Any], paths: tuple[str, ...], what: str) -> str | None:
    """What one of `paths` leads to: printable, so that it can be recorded, logged and shown."""
    said = _found(claims, paths)
    if said is None:
        return None
    if not isinstance(said, str) or not 0 < len(said) <= _LONGEST or not said.isprintable():
        raise ClaimsRefused(f"The token's {what} is not 1 to {_LONGEST} printable characters.")
    return said


def _found(claims: Mapping[str, Any], paths: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON
    for path in paths:
        value: Any = claims
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None
