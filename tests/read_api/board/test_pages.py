"""The board's pages as a browser gets them, on a real database behind the whole edge."""

import re
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic_core import from_json

from read_api.board import rows
from read_api.board.page import POLICY
from tests.clients import Api, Client, api
from tests.flow.office import catch_up, days
from tests.flow.project_once import caught_up
from tests.read_api.board.looking import cookie, see

pytestmark = pytest.mark.anyio

MARCH = "/?from=2031-03-03"
PERIODS = days("2031-03-05", "2031-03-07")


def tiles(page: str) -> dict[str, int]:
    """The figures of a dashboard, by what they count."""
    return {name: int(count) for count, name in re.findall(r"<b>(\d+)[^<]*</b><span>([^<]*)</span>", page)}


def bar(page: str, id: str) -> str:
    """The classes of a bar."""
    found = re.search(rf'<a class="bar ([^"]*)"[^>]*data-bar="{id}"', page)
    assert found, f"no bar {id}"
    return found[1]


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
    assert await shown("name=&skill=&project=&free_from=&free_until=") == ["Ana", "Ben"]
    assert await shown("name=bE") == ["Ben"]
    assert await shown("name=_") == []
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


async def test_further_artists_come_page_by_page_and_filters_look_through_all_of_them(
    client: Client, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "PAGE", 2)
    names = ("Ana", "Ben", "Cleo", "Dee", "Eve")
    artists = [await client.artist(name=name, skills=["fx"] if name == "Eve" else []) for name in names]
    await catch_up(database)
    page, seen = await see(client, MARCH), list[str]()
    while True:
        seen += re.findall(r'data-name="(\w+)"', page)
        more = re.search(r'id="more" data-after="(\d+)" href="([^"]+)"', page)
        if more is None:
            break
        whole = await see(client, more[2].replace("&amp;", "&"))
        page = await see(client, f"/board/rows{MARCH[1:]}&after={more[1]}")
        assert re.findall(r'data-name="(\w+)"', page) == re.findall(r'data-name="(\w+)"', whole)
    assert seen == list(names)
    whale = await client.project()
    await client.hold(artists[-1], whale, periods=PERIODS)
    await catch_up(database)
    for query in ("skill=fx", f"project={whale}"):
        found = await see(client, f"{MARCH}&{query}")
        assert re.findall(r'data-name="(\w+)"', found) == ["Eve"]
        assert 'id="more"' not in found
    await see(client, f"/board/rows/{artists[0]}{MARCH[1:]}&skill=fx", 404)
    assert "Eve" in await see(client, f"/board/rows/{artists[-1]}{MARCH[1:]}&skill=fx")


async def test_what_stands_in_the_way_is_spelled_out_to_its_own_tenant(
    running: Api, client: Client, database: str
) -> None:
    artist, project = await client.artist(name="Ana"), await client.project()
    hold = await client.hold(artist, project, periods=PERIODS)
    off = await client.add(f"/v1/artists/{artist}/time-off", {"periods": days("2031-03-05")})
    await catch_up(database)
    said = await see(client, f"/board/accepted?id={hold}&id={off}&id={uuid4()}")
    assert said.count("<li>") == 2
    assert "<b>Ana</b> held for Whale<small>Wed 5 \N{EN DASH} Fri 7 March</small>" in said
    assert "<b>Ana</b> time off<small>Wed 5 March</small>" in said
    assert "Ana" not in await see(running.client("admin", tenant="other"), f"/board/accepted?id={hold}")
    await see(client, "/board/accepted", 422)


async def test_a_hold_by_the_hour_can_be_let_go_stretch_by_stretch(client: Client, database: str) -> None:
    evenings = [
        {"starts_at": f"2031-03-{day:02}T18:00:00Z", "ends_at": f"2031-03-{day:02}T22:00:00Z"} for day in (5, 6)
    ]
    hold = await client.hold(await client.artist(), await client.project(), periods=evenings)
    await catch_up(database)
    page = await see(client, f"/board/holds/{hold}")
    values = [unescape(value) for value in re.findall(r'name="periods" value="([^"]+)"', page)]
    assert [from_json(value)["starts_at"] for value in values] == [
        "2031-03-05T18:00:00+00:00",
        "2031-03-06T18:00:00+00:00",
    ]
    assert (await client.send(f"/v1/holds/{hold}/release", {"periods": [from_json(values[0])]})).status_code == 200


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
    booking = re.search(r"/board/bookings/([0-9a-f-]+)", page)
    assert booking
    await client.send(f"/v1/bookings/{booking[1]}/postpone")
    await catch_up(database)
    again = await see(client, f"/board/projects/{project}")
    assert f'Postponed, to be booked again: <a href="/board/bookings/{booking[1]}">Ben</a>.' in again


async def test_the_dashboard_adds_up_what_presses(client: Client, database: str) -> None:
    empty = await see(client, "/board/dashboard")
    assert "Nothing is held" in empty
    artist = await client.artist(name="Ana")
    await client.hold(artist, await client.project(), periods=PERIODS)
    second = await client.hold(artist, await client.project(), periods=PERIODS)
    await client.send(f"/v1/holds/{second}/challenge")
    await catch_up(database)
    page = await see(client, "/board/dashboard")
    assert tiles(page) == {
        "1st hold": 1,
        "behind them": 1,
        "deadline in 24 h": 1,
        "open challenge": 1,
        "conflicts": 0,
        "open jobs": 0,
        "booked this week": 0,
    }
    assert "challenge: answers" in page
    assert (
        page.count(f'href="/board/holds/{second}"') == 2
    )  # answers are due within a day, and it lapses in a fortnight
    assert "Counted by Postgres." in page


async def test_the_dashboard_is_counted_where_v1_counts_it(database: str, redis_url: str, tmp_path: Path) -> None:
    async with api(tmp_path, database=database, redis_url=redis_url) as running:
        client = running.client("admin")
        await client.hold(await client.artist(name="Ana"), await client.project(), periods=PERIODS)
        await caught_up(database, redis_url)
        page = await see(client, "/board/dashboard")
    assert "Counted by Redis." in page
    assert tiles(page)["1st hold"] == 1
    assert "Ana <small>Whale</small>" in page


async def test_the_dashboard_lists_what_waits_for_a_decision(client: Client, database: str) -> None:
    artist, project = await client.artist(name="Ana"), await client.project()
    booked = {"artist_id": artist, "project_id": project, "periods": PERIODS}
    booking = await client.add("/v1/bookings", booked)
    off, asked = [
        await client.add(f"/v1/artists/{artist}/time-off", {"periods": days(day)})
        for day in ("2031-03-06", "2031-05-05")
    ]
    await client.send(f"/v1/time-off/{off}/approve")
    await catch_up(database)
    page = await see(client, "/board/dashboard")
    found = re.findall(r'<a href="([^"]+)">Ana <small>([^<]+)</small></a><span>([^<]+)</span>', page)
    assert found == [
        (f"/board/bookings/{booking}", "booked for Whale on time off", "Thu 6 March"),
        (f"/board/time-off/{asked}", "asks for time off", "Mon 5 May"),
    ]
    assert tiles(page)["conflict"] == 1


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
    for path in ("/?from=soon", "/?zoom=year", "/?skill=%00", "/?name=%00", "/board/holds/x"):
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
