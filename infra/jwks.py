"""An issuer's public keys, fetched from its JWKS URL and kept fresh beside the requests, not in them."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import httpx
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWKError
from pydantic import BaseModel, ValidationError

from infra.problems import IssuerUnreachable

_log = structlog.get_logger()

_OLD: Final = 600.0
"""Seconds after which keys are fetched again; those at hand are used meanwhile."""
_PAUSE: Final = 10.0
"""Seconds between two fetches at least, whatever unknown keys tokens name."""
_TIMEOUT: Final = 3.0
_WEAKEST_RSA: Final = 2048

ALGORITHMS: Final = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
"""By type and curve of a key: the one algorithm that we verify with it, whatever a token's header says."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the algorithm that goes with it."""

    public: Any
    algorithm: str


class _Jwks(BaseModel):
    keys: list[dict[str, Any]]


class _Jwk(BaseModel):
    """The members by which we tell what a key is for."""

    kty: str
    crv: str | None = None
    kid: str | None = None
    use: str = "sig"
    alg: str | None = None


class Keys(Protocol):
    """Where the keys of an issuer come from."""

    async def find(self, kid: str | None) -> Key | None:
        """The key that a token names; None when the issuer has no such key.

        Raises:
            IssuerUnreachable: nothing is known about the issuer's keys.
        """


@dataclass(frozen=True, slots=True)
class OneKey:
    """An issuer with a single key, whatever its tokens call it."""

    key: Key

    async def find(self, kid: str | None) -> Key | None:  # noqa: ARG002 - there is only one
        """See `Keys.find`."""
        return self.key


class FetchedKeys:
    """The keys behind a URL; create it in the event loop that uses it."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        """Nothing is fetched before the first token."""
        self._url = url
        self._http = http
        self._keys: Mapping[str | None, Key] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None) -> Key | None:
        """See `Keys.find`; a key that is not known yet is waited for, unless it was looked for just now."""
        now = time.monotonic()
        if (kid not in self._keys or now - self._fetched_at > _OLD) and now - self._tried_at > _PAUSE:
            self._tried_at = now
            self._fetching = asyncio.create_task(self._fetch())
        if kid not in self._keys and self._fetching:
            await asyncio.shield(self._fetching)
        if self._fetched_at == float("-inf"):
            raise IssuerUnreachable
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        try:
            answer = await self._http.get(self._url, timeout=_TIMEOUT)
            answer.raise_for_status()
            self._keys = _usable(_Jwks.model_validate_json(answer.content).keys)
        except (httpx.HTTPError, ValidationError) as error:
            _log.warning("keys_not_fetched", url=self._url, error=str(error))
        else:
            self._fetched_at = time.monotonic()
        finally:
            self._fetching = None


def _usable(jwks: list[dict[str, Any]]) -> Mapping[str | None, Key]:
    """Those that we can verify with, by `kid`; a lone key also answers for tokens that name none."""
    keys: dict[str | None, Key] = {}
    for jwk in jwks:
        try:
            about = _Jwk.model_validate(jwk)
            algorithm = ALGORITHMS.get((about.kty, about.crv))
            if algorithm is None or about.use != "sig" or about.alg not in {None, algorithm}:
                continue
            public = PyJWK(jwk, algorithm).key
        except (PyJWKError, ValueError) as error:
            _log.warning("key_unusable", kid=jwk.get("kid"), error=str(error))
            continue
        if algorithm != "RS256" or public.key_size >= _WEAKEST_RSA:
            keys[about.kid] = Key(public, algorithm)
    if len(keys) == 1:
        keys[None] = next(iter(keys.values()))
    return keys
