"""Verifying tokens: JWTs of the issuers in the settings, and of the built-in one when it is switched on."""

import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import jwt
from jwt.types import Options
from pydantic_core import from_json

from domain.permission import Who
from infra.claims import ClaimsRefused, who_says
from infra.jwks import Keys
from infra.problems import Unauthenticated
from infra.settings import Issuer

_LEEWAY: Final = 10.0
"""Seconds by which the clocks of issuers may differ from ours."""
_REMEMBERED: Final = 20_000
_LONGEST: Final = 8192
_CHECKS: Final[Options] = {"require": ["iss", "exp"], "verify_aud": False}


@dataclass(frozen=True, slots=True)
class Trusted:
    """An issuer and its keys."""

    issuer: Issuer
    keys: Keys


class Verifier:
    """Turns tokens into `Who`. A verified token is remembered by its hash until it expires: 100 µs become 2."""

    def __init__(self, trusted: Mapping[str, Trusted], now: Callable[[], float] = time.time) -> None:
        """`trusted` by the issuer's name; `now` is the Unix time by which remembered tokens expire."""
        self._trusted = trusted
        self._now = now
        self._remembered: OrderedDict[bytes, tuple[float, Who]] = OrderedDict()

    def remembered(self, token: bytes) -> Who | None:
        """The bearer, when `token` was verified lately and has not expired."""
        digest = sha256(token).digest()
        found = self._remembered.get(digest)
        if found is None:
            return None
        expires_at, who = found
        if self._now() >= expires_at:
            del self._remembered[digest]
            return None
        self._remembered.move_to_end(digest)
        return who

    async def verify(self, token: bytes) -> Who:
        """The bearer of `token`.

        Raises:
            Unauthenticated: it is not one of ours, not genuine, not for us, or not valid now.
            IssuerUnreachable: the keys to tell are not there yet.
        """
        if len(token) > _LONGEST:
            raise refused("The token is too long.")
        trusted = self._trusted.get(_issuer_named_in(token))
        if trusted is None:
            raise refused("The token's issuer is not one that is believed here.")
        try:
            key = await trusted.keys.find(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise refused("The token was signed with a key that its issuer does not have.")
            claims = jwt.decode(
                token,
                key.public,
                algorithms=[key.algorithm],
                issuer=trusted.issuer.issuer,
                leeway=_LEEWAY,
                options=_CHECKS,
            )
            _check_audience(claims, trusted.issuer.audience)
            who = who_says(trusted.issuer, claims)
        except jwt.ExpiredSignatureError:
            raise refused("The token has expired.") from None
        except jwt.PyJWTError:
            raise refused("The token is not valid.") from None
        except ClaimsRefused as error:
            raise refused(str(error)) from None
        self._remember(token, int(claims["exp"]), who)
        return who

    def _remember(self, token: bytes, expires_at: int, who: Who) -> None:
        self._remembered[sha256(token).digest()] = (expires_at, who)
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)


def refused(detail: str) -> Unauthenticated:
    """A token was brought, and is not accepted."""
    challenge = f'Bearer realm="production-tool", error="invalid_token", error_description="{detail}"'
    return Unauthenticated(detail, challenge=challenge)


def missing() -> Unauthenticated:
    """No token was brought."""
    return Unauthenticated("Bring a token: Authorization: Bearer …", challenge='Bearer realm="production-tool"')


def _issuer_named_in(token: bytes) -> str:
    """`iss` as the token says it: unverified, good for nothing but finding the keys to verify with."""
    try:
        _, payload, _ = token.split(b".")
        claims = from_json(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    except ValueError:
        raise refused("The token is not a JWT.") from None
    named = claims.get("iss") if isinstance(claims, dict) else None
    return named if isinstance(named, str) else ""


def _check_audience(claims: Mapping[str, Any], audience: str) -> None:
    """`aud` must name us; Clerk's session tokens have none, and say in `azp` for which application they are."""
    said = claims.get("aud", claims.get("azp"))
    if audience not in (said if isinstance(said, list) else [said]):
        raise ClaimsRefused("The token is for somebody else.")
