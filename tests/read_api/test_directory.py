from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.flow.office import Office, catch_up, open_log
from tests.read_api.client import asking, get, open_client
from tests.read_api.scene import Scene, open_scene

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(database: str) -> AsyncIterator[AsyncClient]:
    async with open_client(database) as client:
        yield client


async def test_artists_and_projects_are_listed_in_the_order_in_which_they_came(
    database: str, client: AsyncClient
) -> None:
    async with open_log(database) as log:
        office = Office(log)
        artists = [await office.artist(name, skills=["comp"]) for name in ("Mo", "Bo", "Jo")]
        projects = [await office.project(name) for name in ("Whale", "Seal")]
        await Office(log, "other").artist("Stranger")
        await catch_up(database)
        await office.close(projects[0])
    await catch_up(database)
    staff = asking(office.tenant_id, "viewer")
    first = await get(client, "/v1/artists", staff, limit=2)
    second = await get(client, "/v1/artists", staff, limit=2, cursor=first["next_cursor"])
    assert [one["id"] for one in first["items"] + second["items"]] == artists
    assert second["next_cursor"] is None
    assert first["items"][0] == {
        "id": artists[0],
        "version": 1,
        "name": "Mo",
        "time_zone": "Europe/Berlin",
        "skills": ["comp"],
        "consent": "staff",
    }
    listed = await get(client, "/v1/projects", staff)
    assert [(one["id"], one["name"], one["status"]) for one in listed["items"]] == [
        (projects[0], "Whale", "closed"),
        (projects[1], "Seal", "open"),
    ]


async def test_an_artist_sees_itself_and_no_project(database: str, client: AsyncClient) -> None:
    async with open_log(database) as log:
        office = Office(log)
        _, artist = await office.artist("Mo"), await office.artist("Bo")
        await office.project()
    await catch_up(database)
    itself = asking(office.tenant_id, "artist", artist)
    assert [one["name"] for one in (await get(client, "/v1/artists", itself))["items"]] == ["Bo"]
    assert (await client.get("/v1/projects", headers=itself)).status_code == 403


async def test_one_artist_and_one_project_are_read_by_their_ids(scene: Scene) -> None:
    artist = await scene.answer(f"/v1/artists/{scene.artist}")
    assert (artist.json()["name"], artist.headers["etag"][:3]) == ("Mo", '"1.')
    assert (await scene.see(f"/v1/projects/{scene.project}"))["status"] == "open"
    await scene.not_there(f"/v1/artists/{scene.artist}", f"/v1/artists/{uuid4()}")
    await scene.not_there(f"/v1/projects/{scene.project}", f"/v1/projects/{uuid4()}")


async def test_an_artist_reads_itself_and_nobody_else(scene: Scene) -> None:
    other = await scene.office.artist("Bo")
    assert (await scene.answer(f"/v1/artists/{other}", scene.itself(other))).status_code == 200
    assert (await scene.answer(f"/v1/artists/{scene.artist}", scene.itself(other))).status_code == 404
    for path in (f"/v1/projects/{scene.project}", "/v1/people"):
        assert (await scene.answer(path, scene.itself(other))).status_code == 403


async def test_artists_are_found_by_name_and_by_all_of_their_skills(scene: Scene) -> None:
    ada = await scene.office.artist("Ada Lovelace", skills=["Comp", "Nuke"])
    bob = await scene.office.artist("Bob 100%", skills=["comp"])
    assert await scene.ids("/v1/artists", q="LOVE") == [ada]
    assert await scene.ids("/v1/artists", q="0%") == [bob]
    assert await scene.ids("/v1/artists", q="_") == []
    assert await scene.ids("/v1/artists", skill="COMP") == [ada, bob]
    assert await scene.ids("/v1/artists", skill=["comp", "nuke"]) == [ada]
    assert (await scene.answer("/v1/artists", q="")).status_code == 422
    assert (await scene.answer("/v1/artists", q="a\0")).status_code == 422


async def test_projects_are_found_by_name_and_status(scene: Scene) -> None:
    seal = await scene.office.project("Seal")
    await scene.office.close(scene.project)
    assert await scene.ids("/v1/projects", q="sea") == [seal]
    assert await scene.ids("/v1/projects", status="closed") == [scene.project]


async def test_people_are_those_who_acted_and_the_users_of_artists(scene: Scene) -> None:
    linked = await scene.office.artist("Bo", user="u7")
    again = await scene.office.artist("Bo, evenings", user="u7")
    await scene.office.artist("Jo", user="ada")
    await scene.other.artist("Flo", user="u9")
    shown = (await scene.see("/v1/people"))["items"]
    assert [(one["subject"], one["artist_ids"]) for one in shown][1:] == [("u7", [linked, again])]
    ada = shown[0]
    assert (ada["subject"], len(ada["artist_ids"])) == ("ada", 1)
    assert ada["last_acted_at"] > ada["since"]
    assert "last_acted_at" not in shown[1]


async def test_two_who_appear_at_once_are_both_on_some_page(scene: Scene) -> None:
    async with open_scene(scene.database, "third") as third:
        await third.office.artist("Bo", user="a first")
        shown = await third.see("/v1/people", limit=1)
        more = await third.see("/v1/people", limit=1, cursor=shown["next_cursor"])
        assert [one["subject"] for one in (*shown["items"], *more["items"])] == ["ada", "a first"]
