"""The board's pages as a browser gets them, on a real database behind the whole edge."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import HttpUrl

from infra.settings import Issuer
from read_api.board.page import POLICY
from read_api.board.session import COOKIE
from tests.clients import Api, Client, api
from tests.flow.office import catch_up, days

pytestmark = pytest.mark.anyio

MARCH = "/?from=2031-03-03"
PERIODS = days("2031-03-05", "2031-03-07")


@pytest.fixture
async def running(database: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with api(tmp_path, database=database) as it:
        yield it


@pytest.fixture
def client(running: Api) -> Client:
    return running.client("admin")


def cookie(client: Client) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={client.headers['Authorization'].removeprefix('Bearer ')}"}


async def see(client: Client, path: str, status: int = 200) -> str:
    """A page's HTML."""
    answer = await client.http.get(path, headers=cookie(client))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return answer.text


def bar(page: str, id: str) -> str:
    """The classes of a bar."""
    found = re.search(rf'<a class="bar ([^"]*)"[^>]*data-bar="{id}"', page)
    assert found, f"no bar {id}"
    return found[1]


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


async def test_the_grid_shows_holds_by_rank_bookings_time_off_and_what_clashes(client: Client, database: str) -> None:
    artist, whale, seal = await client.artist(name="Ana"), await client.project(), await client.project()
    first = await client.hold(artist, whale, periods=PERIODS, strength="heavy")
    second = await client.hold(artist, seal, periods=days("2031-03-06", "2031-03-10"), strength="soft")
    booking = await client.add(
        "/v1/bookings", {"artist_id": artist, "project_id": whale, "periods": days("2031-03-17", "2031-03-18")}
    )
    off = await client.add(f"/v1/artists/{artist}/time-off", {"periods": days("2031-03-18")})
    await client.send(f"/v1/time-off/{off}/approve")
    await client.send(f"/v1/holds/{second}/challenge")
    await catch_up(database)
    page = await see(client, MARCH)
    assert bar(page, first).split() == ["r1", "heavy", "live", "challenged", "c5", "s6", "l1"]
    assert bar(page, booking).split() == ["booking", "normal", "live", "conflict", "c29", "s4", "l1"]
    assert bar(page, off).split() == ["off", "c31", "s2"]
    seconds = re.findall(rf'<a class="bar ([^"]*)"[^>]*data-bar="{second}"', page)
    assert [one.split()[:2] for one in seconds] == [["r1", "soft"], ["r2", "soft"]]
    assert "Ana" in page


async def test_the_grid_of_another_tenant_shows_nothing_of_this_one(
    running: Api, client: Client, database: str
) -> None:
    hold = await client.hold(await client.artist(name="Secretive"), await client.project(), periods=PERIODS)
    await catch_up(database)
    stranger = running.client("admin", tenant="other")
    page = await see(stranger, MARCH)
    assert "Nobody here yet" in page
    for path in (
        f"/board/holds/{hold}",
        f"/board/bookings/{hold}",
        f"/board/time-off/{hold}",
        f"/board/projects/{hold}",
    ):
        assert "Secretive" not in await see(stranger, path, 404)


async def test_filters_find_who_has_a_skill_who_works_for_a_project_and_who_is_free(
    client: Client, database: str
) -> None:
    ana = await client.artist(name="Ana", skills=["roto"])
    await client.artist(name="Ben", skills=["fx"])
    whale = await client.project()
    await client.hold(ana, whale, periods=PERIODS)
    await catch_up(database)

    async def shown(query: str) -> list[str]:
        return re.findall(r'data-name="(\w+)"', await see(client, f"{MARCH}&{query}"))

    assert await shown("") == ["Ana", "Ben"]
    assert await shown("skill=&project=&free_from=&free_until=") == ["Ana", "Ben"]
    assert await shown("skill=fx") == ["Ben"]
    assert await shown(f"project={whale}") == ["Ana"]
    assert await shown("free_from=2031-03-07") == ["Ben"]
    assert await shown("free_from=2031-03-08&free_until=2031-03-20") == ["Ana", "Ben"]
    assert "Nobody fits" in await see(client, f"{MARCH}&skill=none")


async def test_a_row_alone_is_as_new_as_its_reader_asks(client: Client, database: str) -> None:
    artist, project = await client.artist(), await client.project()
    await catch_up(database)
    placed = await client.send("/v1/holds", {"artist_id": artist, "project_id": project, "periods": PERIODS})
    path, token = f"/board/rows/{artist}?from=2031-03-03", {"Consistency-Token": placed.headers["Consistency-Token"]}
    behind = await client.http.get(path, headers={**cookie(client), **token})
    assert (behind.status_code, behind.headers["retry-after"]) == (503, "1")
    await catch_up(database)
    row = await client.http.get(path, headers={**cookie(client), **token})
    assert "r1" in bar(row.text, placed.json()["id"])
    assert len(row.content) < 3000
    await see(client, f"/board/rows/{uuid4()}?from=2031-03-03", 404)


async def test_a_holds_panel_shows_its_queue_its_clocks_and_its_history(client: Client, database: str) -> None:
    artist = await client.artist(name="Ana")
    hold = await client.hold(artist, await client.project(), periods=PERIODS, note="two <b>weeks</b>")
    behind = await client.hold(artist, await client.project(), periods=PERIODS)
    await catch_up(database)
    page = await see(client, f"/board/holds/{hold}")
    assert "Placed the hold" in page
    assert "two &lt;b&gt;weeks&lt;/b&gt;" in page
    assert f'href="/board/holds/{behind}"' in page
    assert re.search(r'data-until="20\d\d-[^"]*Z"', page)
    assert f'data-command="/v1/holds/{hold}/confirm"' in page
    assert f'data-command="/v1/holds/{behind}/challenge"' in await see(client, f"/board/holds/{behind}?panel=true")
    await client.send(f"/v1/holds/{hold}/release")
    await catch_up(database)
    assert "data-command" not in await see(client, f"/board/holds/{hold}")


async def test_who_may_only_look_is_offered_nothing_to_do(running: Api, client: Client, database: str) -> None:
    hold = await client.hold(await client.artist(), await client.project(), periods=PERIODS)
    await catch_up(database)
    viewer = running.client("viewer")
    assert "data-command" not in await see(viewer, f"/board/holds/{hold}")
    assert 'id="place"' not in await see(viewer, MARCH)


async def test_bookings_and_time_off_have_panels_of_their_own(client: Client, database: str) -> None:
    artist, project = await client.artist(name="Ana"), await client.project()
    body = {"artist_id": artist, "project_id": project, "periods": PERIODS}
    booking = await client.add("/v1/bookings", {**body, "rate": {"amount": "500.00", "currency": "EUR"}})
    off = await client.add(f"/v1/artists/{artist}/time-off", {"periods": PERIODS})
    await client.send(f"/v1/time-off/{off}/approve")
    await catch_up(database)
    page = await see(client, f"/board/bookings/{booking}")
    assert "1500.00 EUR" in page or "1500 EUR" in page
    assert f"/v1/conflicts/{booking}/resolve" in page
    assert "approved" in await see(client, f"/board/time-off/{off}")
    await client.send(f"/v1/bookings/{booking}/cancel", {"by": "client"})
    await client.send(f"/v1/time-off/{off}/withdraw")
    await catch_up(database)
    assert "cancelled" in await see(client, f"/board/bookings/{booking}")
    await see(client, f"/board/time-off/{off}", 404)


async def test_projects_show_what_is_needed_held_and_booked(client: Client, database: str) -> None:
    assert "No projects yet" in await see(client, "/board/projects")
    project = await client.add(
        "/v1/projects",
        {"name": "Whale", "time_zone": "Europe/Berlin", "budget": {"amount": "1000.00", "currency": "EUR"}},
    )
    await catch_up(database)
    assert "No jobs yet" in await see(client, f"/board/projects/{project}")
    job = await client.add(f"/v1/projects/{project}/jobs", {"role": "Diver", "periods": PERIODS, "quantity": 3})
    ana, ben = await client.artist(name="Ana"), await client.artist(name="Ben")
    await client.hold(ana, project, periods=PERIODS, job_id=job)
    hold = await client.hold(ben, project, periods=PERIODS, job_id=job)
    await client.send(f"/v1/holds/{hold}/confirm", {"rate": {"amount": "500.00", "currency": "EUR"}})
    await catch_up(database)
    page = await see(client, f"/board/projects/{project}")
    assert 'aria-label="3 needed, 1 booked, 1 held"' in page
    assert page.count('class="place open"') == 1
    assert "1,500 <small>of 1,000 EUR" in page
    assert "over-budget" in page
    assert "1 of 3 places booked in 1 open job" in await see(client, "/board/projects")


async def test_the_dashboard_adds_up_what_presses(client: Client, database: str) -> None:
    empty = await see(client, "/board/dashboard")
    assert "Nothing is held" in empty
    artist = await client.artist(name="Ana")
    await client.hold(artist, await client.project(), periods=PERIODS)
    second = await client.hold(artist, await client.project(), periods=PERIODS)
    await client.send(f"/v1/holds/{second}/challenge")
    await catch_up(database)
    page = await see(client, "/board/dashboard")
    tiles = {name: int(count) for count, name in re.findall(r"<b>(\d+)[^<]*</b><span>([^<]*)</span>", page)}
    assert tiles == {
        "1st holds": 1,
        "holds behind them": 1,
        "deadlines in 24 h": 1,
        "open challenge": 1,
        "conflicts": 0,
        "booked this week": 0,
    }
    assert "challenged" in page


async def test_no_page_carries_script_or_style_of_its_own(client: Client, database: str) -> None:
    artist, project = await client.artist(name="Ana"), await client.project()
    hold = await client.hold(artist, project, periods=PERIODS)
    await catch_up(database)
    for path in (
        "/",
        MARCH,
        "/board/sign-in",
        "/board/projects",
        f"/board/projects/{project}",
        "/board/dashboard",
        f"/board/holds/{hold}",
    ):
        answer = await client.http.get(path, headers=cookie(client))
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "private, no-store"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)|https?://", answer.text), path


async def test_what_makes_no_sense_is_a_page_that_says_so(client: Client) -> None:
    for path in ("/?from=soon", "/?zoom=year", "/board/holds/x"):
        assert "Back to the calendar" in await see(client, path, 422)
    assert "no such hold" in await see(client, f"/board/holds/{uuid4()}", 404)


async def test_files_are_named_by_what_is_in_them_and_kept_for_ever(running: Api, client: Client) -> None:
    page = await see(client, "/board/sign-in")
    paths = re.findall(r'(?:href|src)="(/board/static/[^"]+)"', page)
    assert len(paths) == 4
    for path in paths:
        answer = await running.http.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = await running.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    for path in ("/board/static/0/board.css", "/board/static/0/../page.py", "/board/static/0/secrets"):
        assert (await running.http.get(path)).status_code in {401, 404}


async def test_a_large_page_is_compressed_for_who_takes_that(client: Client) -> None:
    async with client.http.stream("GET", "/board/sign-in", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        raw = b"".join([part async for part in answer.aiter_raw()])
    plain = await client.http.get("/board/sign-in", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(raw) < len(plain.content)


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
    assert '<a class="button primary" href="https://id.example.com/authorize?client_id=board">' in page.text
    assert "Continue with https://id.example.com" in page.text
