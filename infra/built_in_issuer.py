"""The built-in issuer: a key in the data directory, and tokens for whoever may read it."""

import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from pydantic import HttpUrl

from domain.permission import Permission, Role
from infra.claims import ClaimsRefused, who_says
from infra.jwks import Key, OneKey
from infra.key_file import KeyUnusable, read_or_make
from infra.settings import Issuer
from infra.tokens import Trusted

NAME: Final = "production-tool"
_FILE: Final = "issuer.pem"
_ISSUER: Final = Issuer(
    issuer=NAME, audience=NAME, jwks_url=HttpUrl("http://localhost/"), tenant=("org_id",), role=("org_role",)
)


def trusted(data: Path) -> Trusted:
    """The built-in issuer of a data directory.

    Raises:
        KeyUnusable: others may read its key, or it is none.
    """
    return Trusted(_ISSUER, OneKey(Key(_key(data).public_key(), "EdDSA")))


def make_token(
    data: Path,
    *,
    tenant: str,
    role: Role,
    user: str | None = None,
    artist_id: str | None = None,
    permissions: Sequence[Permission] = (),
    expires: timedelta = timedelta(days=1),
) -> str:
    """A token of the built-in issuer, for `user` or, without one, for somebody named like the role.

    Raises:
        ClaimsRefused: the API would not accept it, such as that of an artist without `artist_id`.
        KeyUnusable: others may read the key, or it is none.
    """
    now = int(time.time())
    claims = {
        "iss": NAME,
        "aud": NAME,
        "sub": role if user is None else user,
        "org_id": tenant,
        "org_role": role,
        "permissions": [str(permission) for permission in permissions],
        "artist_id": artist_id,
        "iat": now,
        "exp": now + int(expires.total_seconds()),
        "jti": uuid.uuid4().hex,
    }
    if expires <= timedelta(0):
        raise ClaimsRefused("The token would have expired already.")
    who_says(_ISSUER, claims)
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, _key(data), "EdDSA")


def _key(data: Path) -> Ed25519PrivateKey:
    path = data / _FILE
    pem = read_or_make(path, _new_key)
    try:
        key = load_pem_private_key(pem, password=None)
    except ValueError as error:
        raise KeyUnusable(f"{path} cannot be read as a key; without it, a new one is made") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is not an Ed25519 key")
    return key


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
