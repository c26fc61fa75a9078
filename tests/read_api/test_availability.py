"""`GET /v1/availability`: bits or rows, the same artists are free, whatever the time, the zones and the clocks."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar
from infra.redis_reads import RedisKeys
from read_api import availability_in_redis
from read_api.availability_in_postgres import _intervals
from read_api.availability_shown import ArtistFree, Asked, artist_free
from read_api.window import Moment, Window
from tests.flow.office import Office, days, open_log
from tests.flow.project_once import caught_up
from tests.given import Studio, uid
from tests.projections.test_agreement import STORY, calendar, told
from tests.read_api.client import asking, get, open_client
from tests.read_api.kept import asking_at, kept

Story = list[tuple[str, int, int, list[int]]]

_DAY = date(2027, 2, 27)
_MOMENT = st.integers(0, 9).map(lambda n: Moment(None, _DAY + timedelta(days=n))) | st.integers(0, 220).map(
    lambda n: Moment(datetime.fromisoformat("2027-02-27T00:00:00+00:00") + timedelta(hours=n), None)
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=STORY, windows=st.lists(st.tuples(_MOMENT, _MOMENT), min_size=6, max_size=12))
def test_the_bits_give_what_the_calendars_say_at_any_time(
    redis_url: str, story: Story, windows: list[tuple[Moment, Moment]]
) -> None:
    studio = told(story)
    kept(redis_url, studio)
    for start, end in windows:
        if any(start.in_zone(zone) >= end.in_zone(zone) for zone in ("UTC", "Europe/Berlin")):
            continue  # no time at all, there or where the artists are
        for elapsed in (timedelta(), timedelta(hours=47), timedelta(days=13, hours=12)):
            now, window = studio.log.now + elapsed, Window(start, end)
            for held_too in (True, False):
                found = asyncio.run(_from_keys(redis_url, studio, now, Asked(window, (), held_too, 0, 50)))
                expected = _from_calendars(studio, now, start, end)
                assert found == [one for one in expected if held_too or one.standing == "free"]


async def _from_keys(redis_url: str, studio: Studio, now: datetime, asked: Asked) -> list[ArtistFree]:
    async with asking_at(redis_url, studio.tenant, now) as tenant:
        return (await availability_in_redis.availability(tenant, asked)).artists


def _from_calendars(studio: Studio, now: datetime, start: Moment, end: Moment) -> list[ArtistFree]:
    found = []
    for name in ("ada", "bob"):
        artist: dict[str, Any] = {"artist_id": uid(name), "name": name, "time_zone": "Europe/Berlin", "skills": []}
        at: Calendar = calendar(studio, name)
        hard = [one for claim in at.bookings.values() for one in _intervals(claim.spans)]
        hard += [one for claim in at.time_off.values() if claim.approved for one in _intervals(claim.spans)]
        soft = [one for claim in at.holds.values() for one in _intervals(claim.alive_spans(now))]
        within = start.in_zone("Europe/Berlin"), end.in_zone("Europe/Berlin")
        found.append(artist_free(artist, within, hard=hard, soft=soft))
    return [one for one in found if one is not None]


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


@pytest.fixture
async def client(database: str, redis_url: str) -> AsyncIterator[AsyncClient]:
    keys = RedisKeys(redis_url)
    async with open_client(database, keys=keys) as client:
        yield client
    await keys.aclose()


async def both(office: Office, client: AsyncClient, database: str, **asked: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """What Redis answers, after Postgres was heard to say the same."""
    found = await get(client, "/v1/availability", asking(office.tenant_id), **asked)
    async with open_client(database) as without:
        rows = await get(without, "/v1/availability", asking(office.tenant_id), **asked)
    assert (found.pop("answered_by"), rows.pop("answered_by")) == ("redis", "postgres")
    assert found == rows
    items: list[dict[str, Any]] = found["items"]
    return items


@pytest.mark.anyio
async def test_who_is_booked_is_not_there_and_who_is_held_says_how_much_is_free(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    project = await office.project()
    free = await office.artist("Free", skills=["Comp"])
    held = await office.artist("Held", skills=["comp", "Paint"])
    booked = await office.artist("Booked", skills=["Comp"])
    await office.hold(held, project, days("2031-03-03", "2031-03-04"))
    await office.book(booked, project, days("2031-03-05"))
    await caught_up(database, redis_url)
    window = {"from": "2031-03-01", "until": "2031-03-11"}
    items = await both(office, client, database, **window, skill="COMP")
    assert [(one["id"], one["standing"]) for one in items] == [(free, "free"), (held, "held")]
    assert items[1]["longest_free"] == {"starts_at": "2031-03-04T23:00:00Z", "ends_at": "2031-03-10T23:00:00Z"}
    assert [one["id"] for one in await both(office, client, database, **window, held_too=False)] == [free]
    assert [one["id"] for one in await both(office, client, database, **window, skill="paint")] == [held]
    after = {"from": "2031-03-06", "until": "2031-03-11"}
    assert [one["standing"] for one in await both(office, client, database, **after)] == ["free"] * 3


@pytest.mark.anyio
async def test_days_are_each_artists_own_and_instants_everybodys(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    project = await office.project()
    here = await office.artist("Here")
    there = await office.artist("There", time_zone="America/Los_Angeles")
    for artist in (here, there):
        await office.book(artist, project, days("2031-03-03"))
    # Said in another zone than the artist's: where it lies is looked up by who reads.
    far = await office.artist("Far", time_zone="Asia/Tokyo")
    await office.hold(far, project, days("2031-03-03"), time_zone="Europe/Berlin")
    await caught_up(database, redis_url)
    tuesday = await both(office, client, database, **{"from": "2031-03-04", "until": "2031-03-05"})
    assert [(one["name"], one["standing"]) for one in tuesday] == [("Here", "free"), ("There", "free"), ("Far", "held")]
    tomorrow = await both(office, client, database, **{"from": "2031-03-05", "until": "2031-03-06"})
    assert [one["standing"] for one in tomorrow] == ["free"] * 3
    # In Berlin Monday is over, in Los Angeles it goes on until 08:00Z.
    window = {"from": "2031-03-04T07:30:00Z", "until": "2031-03-04T12:00:00Z"}
    assert [one["name"] for one in await both(office, client, database, **window)] == ["Here", "Far"]
    window = {"from": "2031-03-04T08:00:00Z", "until": "2031-03-04T12:00:00Z"}
    assert len(await both(office, client, database, **window)) == 3


@pytest.mark.anyio
async def test_a_page_goes_on_where_the_last_one_ended_wherever_it_is_answered(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    project = await office.project()
    artists = [await office.artist(f"A{n}") for n in range(5)]
    await office.book(artists[1], project, days("2031-03-03"))
    await caught_up(database, redis_url)
    asked: dict[str, Any] = {"from": "2031-03-03", "until": "2031-03-04", "limit": 2}
    first = await get(client, "/v1/availability", asking(office.tenant_id), **asked)
    async with open_client(database) as without:
        second = await get(without, "/v1/availability", asking(office.tenant_id), **asked, cursor=first["next_cursor"])
    assert [one["id"] for one in first["items"]] == [artists[0], artists[2]]
    assert [one["id"] for one in second["items"]] == [artists[3], artists[4]]
    assert second["next_cursor"] is None


@pytest.mark.anyio
async def test_a_time_that_makes_no_sense_is_refused(office: Office, client: AsyncClient, redis_url: str) -> None:
    for window in ({"from": "2031-03-03", "until": "2031-03-03"}, {"from": "2031-03-03", "until": "2033-03-03"}):
        answer = await client.get("/v1/availability", params=window, headers=asking(office.tenant_id))
        assert answer.status_code == 422


@pytest.mark.anyio
async def test_the_past_is_asked_of_postgres(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    artist = await office.artist()
    await caught_up(database, redis_url)
    window = {"from": "2020-03-03", "until": "2020-03-04"}
    found = await get(client, "/v1/availability", asking(office.tenant_id), **window)
    assert ([one["id"] for one in found["items"]], found["answered_by"]) == ([artist], "postgres")


@pytest.mark.anyio
async def test_a_question_leaves_no_key_behind(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    await office.artist(skills=["Comp"])
    await caught_up(database, redis_url)
    window = {"from": "2031-03-03T10:00:00Z", "until": "2031-03-09", "skill": "comp"}
    assert len(await both(office, client, database, **window)) == 1
    keys = RedisKeys(redis_url)
    left = [key async for key in keys._client.scan_iter("*asked*")]
    await keys.aclose()
    assert left == []
