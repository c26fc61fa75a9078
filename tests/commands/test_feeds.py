"""Opening feeds over HTTP: who may, and what is answered again."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.clients import Api, api

pytestmark = pytest.mark.anyio


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Api]:
    async with api(tmp_path) as it:
        yield it


async def test_a_repeat_answers_the_same_link(running: Api) -> None:
    coordinator = running.client("coordinator")
    body = {"artist_id": await coordinator.artist()}
    first, again = [await coordinator.send("/v1/feeds", body, key="feed") for _ in range(2)]
    assert (first.status_code, first.content) == (201, again.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["path"].startswith("/feeds/")
    other = await coordinator.send("/v1/feeds", body)
    assert other.json()["path"] != first.json()["path"]


async def test_a_batch_opens_feeds_too(running: Api) -> None:
    client = running.client()
    command = {"route": "/v1/feeds", "body": {"project_id": await client.project()}, "idempotency_key": "k"}
    answer = await client.send("/v1/batch", {"commands": [command]})
    assert answer.json()["items"][0]["body"]["path"].endswith(".ics")


@pytest.mark.parametrize("role", ["viewer", "auditor"])
async def test_who_only_reads_shares_nothing(running: Api, role: str) -> None:
    answer = await running.client(role).send("/v1/feeds", {})  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["permission"]) == (403, "share_calendars")


@pytest.mark.parametrize("body", [{}, {"artist_id": "a" * 8 + "-0000-4000-8000-" + "0" * 12, "project_id": None}])
async def test_a_feed_is_of_something_that_is_there(running: Api, body: dict[str, object]) -> None:
    answer = await running.client().send("/v1/feeds", body)
    assert answer.status_code == (404 if body else 422)


async def test_a_feed_is_of_an_artist_or_of_a_project(running: Api) -> None:
    client = running.client()
    both = {"artist_id": await client.artist(), "project_id": await client.project()}
    assert (await client.send("/v1/feeds", both)).status_code == 422


async def test_an_artist_shares_its_own_time_and_shows_nobody_what_it_may_not_see_itself(running: Api) -> None:
    staff = running.client()
    artist_id, other, project = await staff.artist(), await staff.artist(), await staff.project()
    artist = running.client("artist", artist_id=artist_id)
    opened = await artist.send("/v1/feeds", {"artist_id": artist_id})
    assert opened.status_code == 201
    for body in ({"artist_id": other}, {"project_id": project}, {"artist_id": str(uuid4())}):
        answer = await artist.send("/v1/feeds", body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = await artist.send("/v1/feeds", {"artist_id": artist_id, "shows": "details"})
    assert (answer.status_code, answer.json()["permission"]) == (403, "read")

    theirs = [await staff.add("/v1/feeds", body) for body in ({"artist_id": other}, {"project_id": project})]
    for id in (*theirs, str(uuid4())):
        answer = await artist.send(f"/v1/feeds/{id}/revoke")
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is none.")
    assert (await artist.send(f"/v1/feeds/{opened.json()['id']}/revoke")).status_code == 200
    assert (await staff.send(f"/v1/feeds/{uuid4()}/revoke")).status_code == 404


async def test_without_a_key_there_are_no_links_and_everything_else_goes_on(running: Api) -> None:
    client = running.client()
    artist = await client.artist()
    (running.data / "feeds.key").write_bytes(b"short")
    (running.data / "feeds.key").chmod(0o600)
    answer = await client.send("/v1/feeds", {"artist_id": artist})
    assert (answer.status_code, answer.json()["code"]) == (503, "feed_key_unusable")
    await client.artist(name="Bo")
