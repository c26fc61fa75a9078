from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from tests.flow.office import Office, catch_up, open_log
from tests.read_api.client import asking, get, open_client

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
