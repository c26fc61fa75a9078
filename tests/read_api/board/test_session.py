"""Signing in to the board and out: whose token it is, where it is kept, and who had it asked for."""

import asyncio
from hashlib import sha256
from unittest.mock import ANY
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from playwright.async_api import expect
from pydantic import HttpUrl

from infra.built_in_issuer import NAME
from infra.settings import Issuer
from read_api.board.session import COOKIE, STATE
from tests.clients import Api, Client
from tests.read_api.board.browser import Studio
from tests.read_api.board.looking import cookie, see

pytestmark = pytest.mark.anyio


def saying(running: Api, client: Client, claims: dict[str, str]) -> str:
    """The client's token, made to say more."""
    token = client.headers["Authorization"].removeprefix("Bearer ")
    said = jwt.decode(token, options={"verify_signature": False})
    key = load_pem_private_key((running.data / "issuer.pem").read_bytes(), None)
    return jwt.encode({**said, **claims}, key, "EdDSA")  # type: ignore[arg-type]


async def test_who_has_not_signed_in_is_led_to_where_one_does(running: Api) -> None:
    for path in ("/", "/board/projects", f"/board/holds/{uuid4()}"):
        answer = await running.http.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/board/sign-in")
    stale = await running.http.get("/", headers={"Cookie": f"{COOKIE}=x.y.z"})
    assert stale.status_code == 303
    assert (await running.http.get("/v1/holds")).status_code == 401


async def test_signing_in_keeps_the_token_where_no_script_and_no_other_site_gets_it(
    running: Api, client: Client
) -> None:
    token = client.headers["Authorization"].removeprefix("Bearer ")
    page = await running.http.get("/board/sign-in")
    assert '<form method="post" action="/board/sign-in"' in page.text
    answer = await running.http.post("/board/sign-in", data={"token": f" {token}\n"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    kept = answer.headers["set-cookie"]
    assert kept.startswith(f"{COOKIE}={token}; HttpOnly; Path=/; SameSite=strict")
    out = await running.http.post("/board/sign-out", headers=cookie(client))
    assert (out.status_code, out.headers["location"]) == (303, "/board/sign-in")
    assert "Max-Age=0" in out.headers["set-cookie"]


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
async def test_a_token_that_is_not_believed_signs_nobody_in(running: Api, token: str) -> None:
    answer = await running.http.post("/board/sign-in", data={"token": token})
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers


async def test_the_board_is_for_those_who_may_read_everything(running: Api, client: Client) -> None:
    artist = running.client("artist", artist_id=await client.artist())
    token = artist.headers["Authorization"].removeprefix("Bearer ")
    assert (await running.http.post("/board/sign-in", data={"token": token})).status_code == 403
    page = await see(artist, "/", 403)
    assert "permission" in page


async def test_no_other_site_signs_anybody_in_or_out(running: Api, client: Client) -> None:
    for path in ("/board/sign-in", "/board/sign-out"):
        answer = await running.http.post(path, headers={**cookie(client), "Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


async def test_a_form_of_another_site_commands_nothing(running: Api, client: Client) -> None:
    answer = await running.http.post("/v1/artists", json={"name": "Mo", "time_zone": "UTC"}, headers=cookie(client))
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_header")
    keyed = {**cookie(client), "Idempotency-Key": "k"}
    answer = await running.http.post("/v1/artists", json={"name": "Mo", "time_zone": "UTC"}, headers=keyed)
    assert answer.status_code == 201


async def test_who_has_an_issuer_with_a_page_of_its_own_signs_in_there(running: Api) -> None:
    assert "Continue with" not in (await running.http.get("/board/sign-in")).text
    running.app.state.sign_in_at = [
        Issuer(
            issuer="https://id.example.com",
            audience="board",
            jwks_url=HttpUrl("https://id.example.com/jwks"),
            sign_in_url=HttpUrl("https://id.example.com/authorize?client_id=board"),
        )
    ]
    page = await running.http.get("/board/sign-in")
    assert '<a class="button primary" href="/board/sign-in/at?issuer=https%3A//id.example.com">' in page.text
    assert "Continue with https://id.example.com" in page.text
    for asked in ("nobody", "production-tool"):
        assert (await running.http.get("/board/sign-in/at", params={"issuer": asked})).status_code == 404
    left = await running.http.get("/board/sign-in/at?issuer=https%3A//id.example.com")
    url = urlsplit(left.headers["location"])
    said = dict(parse_qsl(url.query))
    assert (left.status_code, url.netloc, url.path) == (303, "id.example.com", "/authorize")
    assert said == {"client_id": "board", "state": ANY, "nonce": sha256(said["state"].encode()).hexdigest()}
    kept = left.headers["set-cookie"]
    assert kept.startswith(f"{STATE}={said['state']}; HttpOnly; Max-Age=600; Path=/board/sign-in; SameSite=strict")


async def test_a_token_by_a_link_is_taken_by_the_browser_that_asked_for_it_and_by_no_other(
    running: Api, client: Client
) -> None:
    running.app.state.sign_in_at = [
        Issuer(issuer=NAME, audience=NAME, jwks_url=HttpUrl("https://x.test/"), sign_in_url=HttpUrl("https://x.test/"))
    ]

    async def come(kept: str | None, state: str, **claims: str) -> int:
        cookies = {} if kept is None else {"Cookie": f"{STATE}={kept}"}
        form = {"token": saying(running, client, claims), "state": state, "came": "by link"}
        return (await running.http.post("/board/sign-in", data=form, headers=cookies)).status_code

    nonce = sha256(b"secret").hexdigest()
    assert await come("secret", "secret", nonce=nonce) == 303
    assert await come("secret", "secret") == 303
    assert await come("secret", "secret", nonce="another") == 403
    assert await come("secret", "another", nonce=nonce) == 403
    assert await come("secret", "gehe\u00efm", nonce=nonce) == 403
    assert await come(None, "", nonce=sha256(b"").hexdigest()) == 403
    pasted = await running.http.post("/board/sign-in", data={"token": saying(running, client, {})})
    assert pasted.status_code == 303


@pytest.mark.parametrize("postgres_url", [None], indirect=True, ids=["embedded"])
async def test_signing_in_at_an_issuer_ends_in_the_browser_that_began_it(at_work: Studio) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = dict(parse_qsl(urlsplit((await reader.readline()).decode().split()[1]).query))
        back = f"{at_work.url}/board/sign-in#id_token={at_work.token}&state={asked['state']}"
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {back}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "localhost", 0)
    there = HttpUrl(f"http://localhost:{server.sockets[0].getsockname()[1]}/authorize")
    issuer = Issuer(issuer=NAME, audience=NAME, jwks_url=there, sign_in_url=there)
    at_work.served.api.app.state.sign_in_at = [issuer]
    page = await (await at_work.context()).new_page()
    await page.goto("/board/sign-in")
    await page.get_by_role("link", name="Continue with").click()
    await expect(page.locator("#live")).to_have_text("Live")

    lured = await (await at_work.context()).new_page()
    await lured.goto(f"/board/sign-in#id_token={at_work.token}&state=made-up")
    await expect(lured.get_by_role("alert").first).to_contain_text("has not asked for that token")
    server.close()
