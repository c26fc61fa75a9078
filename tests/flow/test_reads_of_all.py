"""Every read shows, with its token, what a command has just answered."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from commands.job import OpenJob, open_a_job
from commands.time_off import ApproveTimeOff, RequestTimeOff, approve_time_off, request_time_off
from domain.consistency import Seen, encode
from tests.flow.office import Office, days, open_log
from tests.flow.test_write_then_read import projecting
from tests.read_api.client import asking, open_client

pytestmark = pytest.mark.anyio

WEEK = days("2031-03-03", "2031-03-07")


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


@pytest.fixture
async def client(database: str) -> AsyncIterator[AsyncClient]:
    async with open_client(database) as client:
        yield client


async def test_what_was_just_done_is_in_every_read_of_it(office: Office, client: AsyncClient, database: str) -> None:
    artist, project = await office.artist(user="u7"), await office.project()
    job = (await office.ask(open_a_job, project, OpenJob, role="compositor", periods=WEEK))["id"]
    booking = await office.book(artist, project, WEEK, job_id=job)
    other = await office.artist("Bo")
    first = await office.hold(other, project, WEEK)
    second = await office.hold(other, await office.project("Seal"), WEEK)
    challenge = await office.challenge(second)
    off = (await office.ask(request_time_off, artist, RequestTimeOff, periods=days("2031-03-07")))["id"]
    await office.ask(approve_time_off, off, ApproveTimeOff)
    last = await office.placed(artist, project, days("2031-05-05"))
    seen = encode(Seen(tenant_id=office.tenant_id, seq=last.seq, incarnation=last.incarnation))
    headers = {**asking(office.tenant_id), "Consistency-Token": seen}
    paths = {
        f"/v1/artists/{artist}": artist,
        f"/v1/artists/{artist}/calendar?from=2031-03-01&until=2031-04-01": booking,
        f"/v1/artists/{other}/queue?day=2031-03-03": first,
        f"/v1/artists/{other}/queue?day=2031-03-03&explain=true&as_of={last.seq}": second,
        f"/v1/bookings/{booking}": off,
        f"/v1/bookings?job_id={job}": booking,
        f"/v1/challenges/{challenge}": first,
        "/v1/challenges?status=open": challenge,
        f"/v1/time-off/{off}": off,
        "/v1/time-off?status=approved": off,
        "/v1/conflicts": booking,
        f"/v1/projects/{project}": project,
        f"/v1/projects/{project}/board": booking,
        "/v1/projects": project,
        f"/v1/jobs/{job}": booking,
        "/v1/jobs": job,
        "/v1/people": "u7",
        "/v1/utilisation?from=2031-03-03&until=2031-03-10": "40.0",
        "/v1/activity": "hold.placed.v1",
        f"/v1/history/booking/{booking}?calendar=true": "calendar.conflict_found.v1",
        "/v1/policy": "motion-24h",
    }
    async with projecting(database):
        answers = await asyncio.gather(*(client.get(path, headers=headers) for path in paths))
    for (path, shown), answer in zip(paths.items(), answers, strict=True):
        assert answer.status_code == 200, (path, answer.text)
        assert shown in answer.text, path
        again = {**headers, "If-None-Match": answer.headers["etag"]}
        assert (await client.get(path, headers=again)).status_code == 304, path
