"""The whole API on a real database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clients import MARCH, Api, api

pytestmark = pytest.mark.anyio


@pytest.fixture
async def running(database: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with api(tmp_path, database=database) as it:
        yield it


async def test_it_is_ready(running: Api) -> None:
    assert (await running.http.get("/readyz")).status_code == 200


async def test_a_hold_goes_into_the_log(running: Api) -> None:
    client = running.client("admin")
    hold = await client.hold(await client.artist(), await client.project())
    events = await client.http.get("/v1/events", headers=client.headers)
    assert [event["seq"] for event in events.json()["items"]] == [1, 2, 3, 4]
    assert {event["actor"] for event in events.json()["items"]} == {"admin"}
    assert f"hold/{hold}" in {event["stream"] for event in events.json()["items"]}


async def test_the_same_command_many_times_at_once_happens_once(running: Api) -> None:
    client = running.client("admin")
    body = {"artist_id": await client.artist(), "project_id": await client.project(), "periods": MARCH}
    answers = await asyncio.gather(*[client.send("/v1/holds", body, key="k") for _ in range(10)])
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"command_in_flight"}
    assert len({answer.content for answer in answers if answer.is_success}) == 1
    again = await client.send("/v1/holds", body, key="k")
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_consistency_token_is_good_for_its_tenant_only(running: Api) -> None:
    ours, theirs = running.client("admin"), running.client("admin", tenant="other")
    answer = await ours.send("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin"})
    token = {"Consistency-Token": answer.headers["consistency-token"]}
    assert (await ours.http.get("/v1/events", headers={**ours.headers, **token})).status_code == 200
    foreign = await theirs.http.get("/v1/events", headers={**theirs.headers, **token})
    assert (foreign.status_code, foreign.json()["code"]) == (400, "foreign_token")


async def test_a_batch_takes_effect_in_its_order(running: Api) -> None:
    client = running.client()
    artist, project = await client.artist(), await client.project()
    body = {"artist_id": artist, "project_id": project, "periods": MARCH}
    commands = [{"route": "/v1/holds", "body": body, "idempotency_key": f"k{n}"} for n in range(8)]
    answer = await client.http.post("/v1/batch", json={"commands": commands}, headers=client.headers)
    ranks = [item["body"].get("worst_rank") for item in answer.json()["items"]]
    assert ranks == [1, 2, 3, 4, 5, None, None, None]
