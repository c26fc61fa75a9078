from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.flow.office import Office, catch_up, days, open_log
from tests.read_api.client import asking, get, open_client

pytestmark = pytest.mark.anyio

MARCH = {"from": "2031-03-01", "until": "2031-04-01"}


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


@pytest.fixture
async def client(database: str) -> AsyncIterator[AsyncClient]:
    async with open_client(database) as client:
        yield client


async def test_a_calendar_shows_what_shares_time_with_the_window(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, project = await office.artist(), await office.project()
    inside = await office.hold(artist, project, days("2031-03-10"))
    across = await office.hold(artist, project, days("2031-02-25", "2031-03-01"))
    await office.hold(artist, project, days("2031-04-01"))
    released = await office.hold(artist, project, days("2031-03-20"))
    await office.release(released)
    booking = await office.book(artist, project, days("2031-03-15", "2031-03-16"))
    behind = await office.hold(artist, project, days("2031-03-16"))
    await catch_up(database)
    shown = await get(client, f"/v1/artists/{artist}/calendar", asking(office.tenant_id), **MARCH)
    assert [hold["id"] for hold in shown["holds"]] == [across, inside, behind]
    assert shown["holds"][2]["ranks"][0]["state"] == "standby"
    assert [(one["id"], one["project_id"]) for one in shown["bookings"]] == [(booking, project)]
    assert (shown["time_zone"], shown["starts_at"], shown["ends_at"]) == (
        "Europe/Berlin",
        "2031-02-28T23:00:00Z",
        "2031-03-31T22:00:00Z",
    )


async def test_without_a_window_it_begins_now_and_lasts_a_quarter(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist = await office.artist()
    await catch_up(database)
    shown = await get(client, f"/v1/artists/{artist}/calendar", asking(office.tenant_id))
    assert (shown["holds"], shown["bookings"], shown["time_off"]) == ([], [], [])


async def test_the_rank_counts_holds_that_reach_out_of_the_window(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, project = await office.artist(), await office.project()
    await office.hold(artist, project, days("2031-03-20", "2031-04-10"))
    second = await office.hold(artist, project, days("2031-03-31", "2031-04-20"))
    await office.hold(artist, project, days("2031-04-15", "2031-04-18"))
    await catch_up(database)
    shown = await get(client, f"/v1/artists/{artist}/calendar", asking(office.tenant_id), **MARCH)
    ranks = {hold["id"]: [one["rank"] for one in hold["ranks"]] for hold in shown["holds"]}
    assert ranks[second] == [2, 1]


async def test_an_unknown_artist_and_another_tenants_answer_alike(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist = await office.artist()
    await catch_up(database)
    stranger = asking(Office(office.log, "other").tenant_id)
    others = await client.get(f"/v1/artists/{artist}/calendar", headers=stranger)
    unknown = await client.get(f"/v1/artists/{uuid4()}/calendar", headers=stranger)
    assert others.status_code == unknown.status_code == 404
    assert others.content == unknown.content


@pytest.mark.parametrize(
    "query", [{"from": "2031-03-01", "until": "2031-02-01"}, {"from": "2031-03-01", "until": "2041-03-01"}]
)
async def test_a_window_that_is_none_or_too_long_is_refused(
    office: Office, client: AsyncClient, database: str, query: dict[str, str]
) -> None:
    artist = await office.artist()
    await catch_up(database)
    answer = await client.get(f"/v1/artists/{artist}/calendar", headers=asking(office.tenant_id), params=query)
    assert answer.status_code == 422


async def test_the_artist_sees_when_time_is_taken_and_never_by_whom(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, projects = await office.artist(), [await office.project("Whale"), await office.project("Seal")]
    holds = [
        await office.hold(artist, projects[0], days("2031-03-10", "2031-03-12")),
        await office.hold(artist, projects[1], days("2031-03-12", "2031-03-13")),
    ]
    booking = await office.book(artist, projects[0], days("2031-03-20"))
    await catch_up(database)
    answer = await client.get(
        f"/v1/artists/{artist}/calendar", headers=asking(office.tenant_id, "artist", artist), params=MARCH
    )
    shown = answer.json()
    assert shown["holds"] == []
    assert [(time["first_day"], time["last_day"]) for time in shown["taken"]] == [("2031-03-10", "2031-03-13")]
    assert [one["id"] for one in shown["bookings"]] == [booking]
    assert not any(id in answer.text for id in (*projects, *holds))


async def test_the_artist_sees_the_holds_that_ask_for_an_answer(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, project = await office.artist(consent="freelancer"), await office.project()
    hold = await office.hold(artist, project, days("2031-03-10"))
    await catch_up(database)
    answer = await client.get(
        f"/v1/artists/{artist}/calendar", headers=asking(office.tenant_id, "artist", artist), params=MARCH
    )
    (shown,) = answer.json()["holds"]
    assert (shown["id"], shown["consent"], shown["worst_rank"]) == (hold, "asked", 1)
    assert project not in answer.text


async def test_an_artist_sees_no_other_calendar(office: Office, client: AsyncClient, database: str) -> None:
    artist, other = await office.artist(), await office.artist("Bo")
    await catch_up(database)
    for id in (other, str(uuid4())):
        answer = await client.get(f"/v1/artists/{id}/calendar", headers=asking(office.tenant_id, "artist", artist))
        assert answer.status_code == 403
