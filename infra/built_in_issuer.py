"""The built-in issuer: a key in the data directory, and tokens for whoever may read it."""

import os
import stat
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
from infra.cannot_run import CannotRun
from infra.claims import ClaimsRefused, who_says
from infra.jwks import Key, OneKey
from infra.settings import Issuer
from infra.tokens import Trusted

NAME: Final = "production-tool"
_FILE: Final = "issuer.pem"
_ISSUER: Final = Issuer(
    issuer=NAME, audience=NAME, jwks_url=HttpUrl("http://localhost/"), tenant=("org_id",), role=("org_role",)
)


class KeyUnusable(CannotRun):
    """The key of the built-in issuer is damaged, or others than its owner may read it."""


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
    """The key in `data`, made when there is none; two processes that both make one end up with the same."""
    path = data / _FILE
    if not path.exists():
        _make_key(path)
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyUnusable(f"{path} must be readable by its owner only: chmod 600 {path}")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise KeyUnusable(f"{path} cannot be read as a key; without it, a new one is made") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is not an Ed25519 key")
    return key


def _make_key(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{_FILE}.{os.getpid()}.{uuid.uuid4().hex}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
