"""The built-in issuer: one key for a data directory, and tokens that the API believes."""

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.ids import tenant_id
from domain.permission import ROLES, Permission, Who
from infra.built_in_issuer import NAME, make_token, trusted
from infra.claims import ClaimsRefused
from infra.key_file import KeyUnusable
from infra.problems import Unauthenticated
from infra.tokens import Verifier

pytestmark = pytest.mark.anyio


def built_in(data: Path) -> Verifier:
    return Verifier({NAME: trusted(data)})


async def test_the_built_in_issuer_makes_tokens_that_the_api_believes(tmp_path: Path) -> None:
    made = make_token(tmp_path, tenant="acme", role="coordinator", user="u1", permissions=[Permission.AUDIT])
    assert await built_in(tmp_path).verify(made.encode()) == Who(
        tenant_id=tenant_id(NAME, "acme"),
        actor="u1",
        role="coordinator",
        permissions=ROLES["coordinator"] | {Permission.AUDIT},
    )


async def test_a_key_of_another_directory_is_another_key(tmp_path: Path) -> None:
    made = make_token(tmp_path / "a", tenant="acme", role="admin")
    with pytest.raises(Unauthenticated):
        await built_in(tmp_path / "b").verify(made.encode())


def test_only_its_owner_may_read_the_key(tmp_path: Path) -> None:
    make_token(tmp_path, tenant="acme", role="admin")
    (key,) = tmp_path.iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        make_token(tmp_path, tenant="acme", role="admin")


def test_a_damaged_key_is_said_to_be_one(tmp_path: Path) -> None:
    make_token(tmp_path, tenant="acme", role="admin")
    (key,) = tmp_path.iterdir()
    key.write_text("-----BEGIN PRIVATE KEY-----\n")
    with pytest.raises(KeyUnusable, match="cannot be read"):
        trusted(tmp_path)


def test_whoever_makes_the_key_at_once_makes_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as threads:
        jobs = [threads.submit(make_token, tmp_path, tenant="acme", role="viewer") for _ in range(8)]
    verifier = built_in(tmp_path)
    for job in jobs:
        asyncio.run(verifier.verify(job.result().encode()))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "said",
    [{"tenant": ""}, {"tenant": "a\0"}, {"role": "artist"}, {"user": "x" * 300}, {"expires": timedelta(0)}],
)
def test_a_token_that_would_be_refused_is_not_made(tmp_path: Path, said: dict[str, Any]) -> None:
    with pytest.raises(ClaimsRefused):
        make_token(tmp_path, **{"tenant": "acme", "role": "viewer", **said})
