"""Tokens: whom we believe, what we read from them, and what no forger gets past."""

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from pydantic import HttpUrl

from domain.ids import tenant_id
from domain.permission import ROLES, Permission, Who
from infra.jwks import FetchedKeys
from infra.problems import IssuerUnreachable, Unauthenticated
from infra.settings import Issuer
from infra.tokens import Trusted, Verifier

pytestmark = pytest.mark.anyio

CLERK = Issuer(
    issuer="https://clerk.example.com",
    audience="production-tool",
    jwks_url=HttpUrl("https://clerk.example.com/.well-known/jwks.json"),
)
RSA = rsa.generate_private_key(65537, 2048)
WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to see it refused
EC = ec.generate_private_key(ec.SECP256R1())
EC384 = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def jwk(key: Key, kid: str, **more: object) -> dict[str, Any]:
    match key:
        case rsa.RSAPrivateKey():
            members = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case ec.EllipticCurvePrivateKey():
            members = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case _:
            members = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**members, "kid": kid, **more}


@dataclass
class Site:
    """The issuer's site; `keys` None means that it is down."""

    keys: list[dict[str, Any]] | None = field(
        default_factory=lambda: [jwk(RSA, "rsa", use="sig", alg="RS256"), jwk(EC, "ec"), jwk(ED, "ed")]
    )
    asked: int = 0

    def answer(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(503) if self.keys is None else httpx.Response(200, json={"keys": self.keys})

    def verifier(self, issuer: Issuer = CLERK, now: Callable[[], float] = time.time) -> Verifier:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return Verifier({issuer.issuer: Trusted(issuer, FetchedKeys(str(issuer.jwks_url), http))}, now)


def claims(**more: object) -> dict[str, Any]:
    now = int(time.time())
    said = {
        "iss": CLERK.issuer,
        "aud": "production-tool",
        "sub": "user_1",
        "org_id": "org_1",
        "org_role": "org:producer",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        **more,
    }
    return {name: value for name, value in said.items() if value is not None}


def token(key: Key = RSA, alg: str = "RS256", kid: str | None = "rsa", **more: object) -> bytes:
    return jwt.encode(claims(**more), key, alg, headers={"kid": kid} if kid else None).encode()


@pytest.mark.parametrize(("key", "alg", "kid"), [(RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")])
async def test_a_token_of_each_kind_of_key_says_who_it_is(key: Key, alg: str, kid: str) -> None:
    who = await Site().verifier().verify(token(key, alg, kid))
    assert who == Who(
        tenant_id=tenant_id(CLERK.issuer, "org_1"), actor="user_1", role="producer", permissions=ROLES["producer"]
    )


async def test_clerks_newer_tokens_have_an_organisation_and_no_audience() -> None:
    clerk: dict[str, Any] = {"aud": None, "azp": "production-tool", "org_id": None, "org_role": None, "v": 2}
    who = await Site().verifier().verify(token(**clerk, o={"id": "org_1", "rol": "admin", "slg": "acme"}))
    assert who.tenant_id == tenant_id(CLERK.issuer, "org_1")
    assert who.role == "admin"


async def test_two_issuers_cannot_name_the_same_tenant() -> None:
    other = CLERK.model_copy(update={"issuer": "https://other.example.com"})
    theirs = await Site().verifier(other).verify(token(iss=other.issuer))
    ours = await Site().verifier().verify(token())
    assert theirs.tenant_id != ours.tenant_id


async def test_where_claims_lie_is_a_setting() -> None:
    issuer = CLERK.model_copy(update={"tenant": ("company.id",), "role": ("groups.main",), "subject": ("email",)})
    told = token(company={"id": "c1"}, groups={"main": "viewer"}, email="mo@example.com")
    who = await Site().verifier(issuer).verify(told)
    assert (who.tenant_id, who.actor, who.role) == (tenant_id(CLERK.issuer, "c1"), "mo@example.com", "viewer")


async def test_a_role_that_is_not_known_gives_nothing() -> None:
    who = await Site().verifier().verify(token(org_role="org:member", permissions=["audit", "rule_the_world", 7]))
    assert who.role is None
    assert who.permissions == {Permission.AUDIT}


async def test_an_artist_is_linked_to_one_artist_and_nobody_else_is() -> None:
    id = "01930000-0000-7000-8000-000000000000"
    verifier = Site().verifier()
    assert (await verifier.verify(token(org_role="artist", artist_id=id.upper()))).artist_id == id
    assert (await verifier.verify(token(org_role="producer", artist_id=id))).artist_id is None


def forged(key: object, alg: str, header: dict[str, Any], **more: object) -> bytes:
    return jwt.encode(claims(**more), key, alg, headers=header).encode()  # type: ignore[arg-type]


def unsigned() -> bytes:
    head, payload, _ = jwt.encode(claims(), "x" * 32, "HS256", headers={"kid": "rsa"}).split(".")
    head = urlsafe_b64encode(json.dumps({"alg": "none", "kid": "rsa"}).encode()).rstrip(b"=").decode()
    return f"{head}.{payload}.".encode()


def signed_with_the_public_key() -> bytes:
    """As HMAC, with the key that everybody can fetch as the secret."""
    import hashlib  # noqa: PLC0415 - PyJWT refuses to make such a token, so it is made by hand
    import hmac  # noqa: PLC0415

    secret = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "rsa", "typ": "JWT"}, claims())]
    said = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return said + b"." + urlsafe_b64encode(hmac.digest(secret, said, hashlib.sha256)).rstrip(b"=")


FORGED = {
    "unsigned": unsigned(),
    "signed with the public key": signed_with_the_public_key(),
    "signed with another key": token(rsa.generate_private_key(65537, 2048)),
    "signed with another of the issuer's keys": forged(EC, "ES256", {"kid": "rsa"}),
    "signed with another algorithm than the key's": forged(RSA, "PS256", {"kid": "rsa"}),
    "a key in the header": forged(ED, "EdDSA", {"kid": "rsa", "jwk": jwk(ED, "rsa")}),
    "a key that the issuer does not have": token(kid="new"),
    "no key named among several": token(kid=None),
    "expired": token(exp=int(time.time()) - 60),
    "not valid yet": token(nbf=int(time.time()) + 60),
    "issued in the future": token(iat=int(time.time()) + 60),
    "never expires": token(exp=None),
    "expires never": token(exp="never"),
    "another audience": token(aud="another"),
    "another audience, for an application of ours": token(aud="another", azp="production-tool"),
    "no audience": token(aud=None),
    "an audience that is none": token(aud={"production-tool": 1}),
    "another issuer": token(iss="https://evil.example.com"),
    "no issuer": token(iss=None),
    "no subject": token(sub=None),
    "no tenant": token(org_id=None),
    "an empty tenant": token(org_id=""),
    "a tenant that is a number": token(org_id=1),
    "a long tenant": token(org_id="x" * 256),
    "a NUL in the tenant": token(org_id="a\0b"),
    "a NUL in the subject": token(sub="a\0b"),
    "a line feed in the subject": token(sub="a\nb"),
    "half a surrogate pair in the subject": token(sub="\ud800"),
    "a right-to-left override in the subject": token(sub="a\u202eb"),
    "a role that is a list": token(org_role=["admin"]),
    "permissions that are a text": token(permissions="audit"),
    "far too many permissions": token(permissions=["x"] * 101),
    "an artist who is none": token(org_role="artist"),
    "an artist with another id": token(org_role="artist", artist_id="mo"),
    "too long": token(more="x" * 10_000),
    "no token": b"",
    "a word": b"hunter2",
    "dots": b"..",
    "more dots": b"a.b.c.d.e",
    "no JSON": b"e30.aGVsbG8.e30",
    "no object": b"e30.W10.e30",
    "no base64": b"e30.\xff\xfe.e30",
}


@pytest.mark.parametrize("why", FORGED)
async def test_a_token_that_is_not_right_is_refused(why: str) -> None:
    verifier = Site().verifier()
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.verify(FORGED[why])
    assert refusal.value.helps["challenge"].startswith('Bearer realm="production-tool", error="invalid_token"')
    assert verifier.remembered(FORGED[why]) is None


@given(
    st.one_of(
        st.binary(max_size=200), st.lists(st.binary(max_size=40).map(urlsafe_b64encode), max_size=4).map(b".".join)
    )
)
def test_nothing_that_is_no_token_does_worse_than_being_refused(garbage: bytes) -> None:
    with pytest.raises(Unauthenticated):
        asyncio.run(Site().verifier().verify(garbage))


async def test_every_bit_of_a_token_counts() -> None:
    good = token()
    verifier = Site().verifier()
    for at in range(0, len(good) - 1, 7):
        changed = bytearray(good)
        changed[at] = ord("A") if good[at] != ord("A") else ord("B")
        with pytest.raises(Unauthenticated):
            await verifier.verify(bytes(changed))


async def test_clocks_may_differ_a_little() -> None:
    now = int(time.time())
    await Site().verifier().verify(token(iat=now + 5, nbf=now + 5))


async def test_a_verified_token_is_remembered_until_it_expires() -> None:
    clock = [time.time()]
    site = Site()
    verifier = site.verifier(now=lambda: clock[0])
    good = token()
    assert verifier.remembered(good) is None
    who = await verifier.verify(good)
    assert verifier.remembered(good) is who
    assert verifier.remembered(good + b"x") is None
    clock[0] += 61
    assert verifier.remembered(good) is None


async def test_keys_are_fetched_once_for_all_who_need_them() -> None:
    site = Site()
    verifier = site.verifier()
    await asyncio.gather(*[verifier.verify(token(sub=f"user_{n}")) for n in range(20)])
    assert site.asked == 1


async def test_a_key_that_is_not_known_is_looked_for_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()
    verifier = site.verifier()
    await verifier.verify(token())
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await verifier.verify(token(kid="new"))
    assert site.asked == 1
    assert site.keys is not None
    site.keys.append(jwk(RSA, "new"))
    monkeypatch.setattr("infra.jwks._PAUSE", 0.0)
    await verifier.verify(token(kid="new"))
    assert site.asked == 2


async def test_old_keys_are_used_while_new_ones_are_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()
    verifier = site.verifier()
    await verifier.verify(token())
    site.keys = None
    monkeypatch.setattr("infra.jwks._PAUSE", 0.0)
    monkeypatch.setattr("infra.jwks._OLD", 0.0)
    await verifier.verify(token(sub="another"))
    await verifier.verify(token(sub="a third"))


async def test_without_any_keys_it_cannot_be_told() -> None:
    site = Site(keys=None)
    verifier = site.verifier()
    for _ in range(3):
        with pytest.raises(IssuerUnreachable):
            await verifier.verify(token())
    assert site.asked == 1


@pytest.mark.parametrize(
    ("key", "alg", "unusable"),
    [
        (RSA, "RS256", jwk(RSA, "k", use="enc")),
        (RSA, "RS256", jwk(RSA, "k", alg="RS512")),
        (WEAK, "RS256", jwk(WEAK, "k")),
        (EC384, "ES384", jwk(EC384, "k")),
        (RSA, "RS256", {**jwk(RSA, "k"), "n": "!"}),
        (RSA, "RS256", {"kty": "oct", "k": "c2VjcmV0", "kid": "k"}),
        (RSA, "RS256", {}),
        (RSA, "RS256", {**jwk(RSA, "k"), "kty": ["RSA"]}),
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_a_key_that_is_not_for_this_is_not_used(key: Key, alg: str, unusable: dict[str, Any]) -> None:
    site = Site(keys=[unusable, jwk(ED, "ed")])
    with pytest.raises(Unauthenticated):
        await site.verifier().verify(token(key, alg, "k"))


async def test_a_lone_key_needs_no_name() -> None:
    await Site(keys=[jwk(RSA, "rsa")]).verifier().verify(token(kid=None))
