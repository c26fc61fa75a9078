"""`GET /v1/dashboard`: counted from keys or from rows, the same comes out, whatever clock has run out unrecorded."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from httpx import AsyncClient
from hypothesis import HealthCheck, given, settings

from domain.consistency import Seen, encode
from domain.job import JobOpened
from infra.catalogue import KEYED
from infra.projecting import project as project_for_ever
from infra.redis_reads import RedisKeys
from read_api import dashboard_in_postgres, dashboard_in_redis
from read_api.dashboard_shown import DashboardShown, monday_of, shown
from tests.flow.office import Office, days, open_log
from tests.flow.project_once import caught_up
from tests.given import Studio, uid
from tests.projections.test_agreement import STORY, calendar, told
from tests.read_api.client import asking, get, open_client
from tests.read_api.kept import asking_at, kept

Story = list[tuple[str, int, int, list[int]]]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=STORY)
def test_the_keys_give_what_the_calendars_say_at_any_time(redis_url: str, story: Story) -> None:
    studio = told(story)
    kept(redis_url, studio)
    for elapsed in (timedelta(), timedelta(hours=23), timedelta(hours=47), timedelta(days=13, hours=12)):
        now = studio.log.now + elapsed
        assert asyncio.run(_from_keys(redis_url, studio, now)) == _from_calendars(studio, now)


async def _from_keys(redis_url: str, studio: Studio, now: datetime) -> DashboardShown:
    async with asking_at(redis_url, studio.tenant, now) as tenant:
        found = await dashboard_in_redis.dashboard(tenant)
    by_time = sorted(found.deadlines.next, key=lambda one: (one.at, one.what, one.hold_id or one.challenge_id or ""))
    return found.model_copy(update={"deadlines": found.deadlines.model_copy(update={"next": by_time})})


def _from_calendars(studio: Studio, now: datetime) -> DashboardShown:
    calendars = {uid(artist): calendar(studio, artist) for artist in ("ada", "bob")}
    monday = monday_of(now)
    bookings = [booking for at in calendars.values() for booking in at.bookings.values()]
    worked = [dashboard_in_postgres._days_in(booking, monday) for booking in bookings]
    deadlines = sorted(
        dashboard_in_postgres._deadlines(calendars, now),
        key=lambda one: (one.at, one.what, one.hold_id or one.challenge_id or ""),
    )
    return shown(
        answered_by="redis",
        ranks=dashboard_in_postgres._ranks(calendars.values(), now),
        deadlines=deadlines,
        within_24h=len(deadlines),
        challenges=sum(one.answer_by.at > now for at in calendars.values() for one in at.challenges.values()),
        monday=monday,
        bookings=sum(bool(some) for some in worked),
        jobs=sum(isinstance(one.event, JobOpened) for one in studio.log.recorded),
        booked_days=sum(day.weekday() < 5 for some in worked for day in some),
        artists=2,
    )


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


async def _work(office: Office) -> str:
    artist, project = await office.artist(), await office.project()
    for _ in range(2):
        await office.hold(artist, project, days("2031-03-03", "2031-03-05"))
    await office.hold(artist, project, days("2031-04-07"))
    return artist


@pytest.mark.anyio
async def test_it_counts_in_redis_and_in_postgres_alike_and_says_where(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    artist, project = await office.artist(), await office.project()
    first = await office.hold(artist, project, days("2031-03-03", "2031-03-05"))
    await office.hold(artist, await office.project("Spot"), days("2031-03-04"))
    await office.hold(artist, project, days("2031-04-07"))
    await office.confirm(first)
    await caught_up(database, redis_url)
    found = await get(client, "/v1/dashboard", asking(office.tenant_id))
    assert found["answered_by"] == "redis"
    assert found["holds"] == {"total": 2, "by_rank": [{"rank": 1, "holds": 2}]}
    assert found["utilisation"]["days"] == 5
    async with open_client(database) as without:
        rows = await get(without, "/v1/dashboard", asking(office.tenant_id))
    assert rows == {**found, "answered_by": "postgres"}


@pytest.mark.anyio
async def test_keys_that_are_not_made_yet_are_not_asked(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    await _work(office)
    await caught_up(database, None)
    found = await get(client, "/v1/dashboard", asking(office.tenant_id))
    assert found["answered_by"] == "postgres"
    assert found["holds"]["total"] == 3
    await caught_up(database, redis_url)
    again = await get(client, "/v1/dashboard", asking(office.tenant_id))
    assert again == {**found, "answered_by": "redis"}


@pytest.mark.anyio
async def test_another_tenant_sees_nothing_of_it(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    await _work(office)
    other = replace(office, name="other")
    await other.artist()
    await caught_up(database, redis_url)
    found = await get(client, "/v1/dashboard", asking(other.tenant_id))
    assert (found["answered_by"], found["holds"]["total"], found["utilisation"]["days"]) == ("redis", 0, 5)


@pytest.mark.anyio
async def test_a_read_with_its_token_counts_what_was_just_written(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    artist, project = await office.artist(), await office.project()
    await caught_up(database, redis_url)
    projecting = asyncio.create_task(project_for_ever(database, KEYED, redis_url=redis_url))
    for month in range(1, 8):
        outcome = await office.placed(artist, project, days(f"2031-0{month}-03"))
        seen = Seen(tenant_id=office.tenant_id, seq=outcome.seq, incarnation=outcome.incarnation)
        found = await get(client, "/v1/dashboard", {**asking(office.tenant_id), "Consistency-Token": encode(seen)})
        assert (found["holds"]["total"], found["answered_by"]) == (month, "redis")
    projecting.cancel()
    await asyncio.gather(projecting, return_exceptions=True)


@pytest.mark.anyio
async def test_keys_that_stay_behind_a_token_are_said_to_be_so(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    artist, project = await office.artist(), await office.project()
    await caught_up(database, redis_url)
    outcome = await office.placed(artist, project, days("2031-03-03"))
    seen = Seen(tenant_id=office.tenant_id, seq=outcome.seq, incarnation=outcome.incarnation)
    headers = {**asking(office.tenant_id), "Consistency-Token": encode(seen)}
    answer = await client.get("/v1/dashboard", headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.anyio
async def test_two_tenants_who_ask_at_once_share_no_answer(
    office: Office, client: AsyncClient, database: str, redis_url: str
) -> None:
    await _work(office)
    other = replace(office, name="other")
    await other.artist()
    await caught_up(database, redis_url)
    asked = [asking(one.tenant_id) for one in (office, other) * 20]
    found = await asyncio.gather(*[get(client, "/v1/dashboard", headers) for headers in asked])
    assert [one["holds"]["total"] for one in found] == [3, 0] * 20


@pytest.mark.anyio
async def test_an_artist_is_not_staff(office: Office, client: AsyncClient) -> None:
    answer = await client.get("/v1/dashboard", headers=asking(office.tenant_id, "artist", str(uid("ada"))))
    assert answer.status_code == 403
