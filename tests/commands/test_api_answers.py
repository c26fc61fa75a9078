"""What the document says of answers is what is answered."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from commands.api import router
from tests.clients import MARCH, Api, Client, api

pytestmark = pytest.mark.anyio

APRIL = [{"first_day": "2027-04-05", "last_day": "2027-04-09"}]
MAY = [{"first_day": "2027-05-03", "last_day": "2027-05-07"}]
TIMED = [{"starts_at": "2027-06-01T22:00:00Z", "ends_at": "2027-06-02T04:00:00Z"}]


@dataclass
class Reader:
    """Sends commands and holds each answer against the document."""

    client: Client
    routes: set[str] = field(default_factory=set)

    async def __call__(self, path: str, body: object = None, *, method: str = "POST") -> dict[str, Any]:
        answer = await self.client.send(path, body, method=method)
        assert answer.is_success, answer.text
        (route,) = (one for one in router.commands if one.path_regex.match(path))
        assert answer.status_code == route.status_code
        TypeAdapter(route.response_model).validate_json(answer.content)
        self.routes.add(route.path)
        document: dict[str, Any] = answer.json()
        return document


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Api]:
    async with api(tmp_path) as it:
        yield it


async def test_every_command_answers_as_documented(running: Api) -> None:
    say = Reader(running.client("admin"))
    await say("/v1/policy", {"preset": "models-us"}, method="PUT")
    artist = (await say("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin"}))["id"]
    freelancer = (await say("/v1/artists", {"name": "Jo", "time_zone": "UTC", "consent": "freelancer"}))["id"]
    project, rival, late = [
        (await say("/v1/projects", {"name": name, "time_zone": "Europe/Berlin"}))["id"]
        for name in ("Whale", "Shark", "Squid")
    ]
    job = (await say(f"/v1/projects/{project}/jobs", {"role": "compositor", "periods": MARCH}))["id"]

    async def hold(periods: object = MARCH, **more: object) -> str:
        said = {"artist_id": artist, "project_id": project, "periods": periods, **more}
        return str((await say("/v1/holds", said))["id"])

    first, second = await hold(job_id=job), await hold(project_id=rival)
    jump = {"permission": "jump_queue", "reason": "agreed", "accepts": [first]}
    await say(
        f"/v1/artists/{artist}/queue/reorder", {"hold_ids": [second, first], "periods": MARCH, "overrides": [jump]}
    )
    withdrawn = (await say(f"/v1/holds/{first}/challenge"))["challenge_id"]
    await say(f"/v1/challenges/{withdrawn}/withdraw")
    third = await hold(APRIL)
    fourth = await hold(APRIL, project_id=rival)
    raised = (await say(f"/v1/holds/{fourth}/challenge"))["challenge_id"]
    await say(f"/v1/challenges/{raised}/answer", {"hold_id": third, "answer": "release"})
    await say("/v1/policy", {"preset": "models-us", "who_may_challenge": "anyone"}, method="PUT")
    anew = {"artist_id": artist, "project_id": late, "periods": MARCH, "time_zone": "UTC"}
    await say(f"/v1/holds/{(await say('/v1/challenges', anew))['hold_id']}/release")
    await say(f"/v1/holds/{second}/release")
    await say(f"/v1/holds/{first}/keep")
    await say(f"/v1/holds/{first}/extend")
    await say(f"/v1/holds/{first}/change", {"periods": MARCH})
    booking = (await say(f"/v1/holds/{first}/confirm"))["booking_id"]
    await say(f"/v1/bookings/{booking}/cancel")
    timed = await hold(TIMED)
    booking = (await say(f"/v1/holds/{timed}/confirm"))["booking_id"]
    await say(f"/v1/bookings/{booking}/unconfirm")

    booking = (await say("/v1/bookings", {"artist_id": artist, "project_id": project, "periods": MAY}))["id"]
    off = (await say(f"/v1/artists/{artist}/time-off", {"periods": MAY}))["id"]
    assert (await say(f"/v1/time-off/{off}/approve"))["conflicts"] == [booking]
    await say(f"/v1/conflicts/{booking}/resolve", {"how": "reject_time_off"})
    for end in ("reject", "withdraw"):
        again = (await say(f"/v1/artists/{artist}/time-off", {"periods": TIMED}))["id"]
        await say(f"/v1/time-off/{again}/{end}")
    await say(f"/v1/bookings/{booking}/reschedule", {"periods": MARCH})
    await say(f"/v1/bookings/{booking}/postpone")
    past = [{"first_day": "2026-10-05", "last_day": "2026-10-06"}]
    done = (await say("/v1/bookings", {"artist_id": artist, "project_id": project, "periods": past}))["id"]
    await say(f"/v1/bookings/{done}/complete")

    asked, countered, declined = [await hold(artist_id=freelancer) for _ in range(3)]
    await say(f"/v1/holds/{asked}/accept")
    await say(f"/v1/holds/{countered}/counter", {"periods": APRIL})
    await say(f"/v1/holds/{declined}/decline")
    await say(f"/v1/feeds/{(await say('/v1/feeds', {'artist_id': artist}))['id']}/revoke")
    for end in (f"jobs/{job}/close", f"projects/{rival}/close", f"projects/{project}/cancel"):
        await say(f"/v1/{end}")
    assert {route.path for route in router.commands} - say.routes == set()
