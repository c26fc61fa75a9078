"""Batches over HTTP: each command has a fate of its own, and they take effect in order."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.clients import MARCH, Api, Client, api
from tests.memory_log import MemoryLog

pytestmark = pytest.mark.anyio

Items = list[dict[str, Any]]


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
async def running(log: MemoryLog, tmp_path: Path) -> AsyncIterator[Api]:
    async with api(tmp_path, log) as it:
        yield it


@pytest.fixture
def producer(running: Api) -> Client:
    return running.client()


def command(route: str, body: object = None, key: str | None = None) -> dict[str, Any]:
    return {"route": route, "body": {} if body is None else body, "idempotency_key": key or uuid4().hex}


async def batch(client: Client, *commands: dict[str, Any]) -> Items:
    answer = await client.http.post("/v1/batch", json={"commands": commands}, headers=client.headers)
    assert answer.status_code == 200, answer.text
    items: Items = answer.json()["items"]
    assert len(items) == len(commands)
    return items


async def test_a_command_may_build_on_those_before_it(producer: Client) -> None:
    artist, project, hold = str(uuid4()), str(uuid4()), str(uuid4())
    items = await batch(
        producer,
        command("/v1/artists", {"id": artist, "name": "Mo", "time_zone": "Europe/Berlin"}),
        command("/v1/projects", {"id": project, "name": "Whale", "time_zone": "Europe/Berlin"}),
        command("/v1/holds", {"id": hold, "artist_id": artist, "project_id": project, "periods": MARCH}),
        command(f"/v1/holds/{hold}/confirm"),
        command(f"/v1/holds/{hold}/release"),
    )
    assert [item["status"] for item in items] == [201, 201, 201, 200, 409]
    assert items[2]["body"]["worst_rank"] == 1
    assert items[2]["headers"]["ETag"] == '"1"'
    assert items[2]["headers"]["Consistency-Token"]
    assert items[3]["body"]["booking_id"]
    assert items[4]["body"]["code"] == "hold_ended"


async def test_one_that_is_refused_does_not_stop_those_behind_it(producer: Client) -> None:
    good = {"name": "Mo", "time_zone": "Europe/Berlin"}
    items = await batch(
        producer,
        command("/v1/artists", {"name": "Mo"}),
        command("/v1/nothing"),
        command("/v1/batch"),
        command("/v1/policy", {"preset": "arena-72h"}),
        command(f"/v1/holds/{uuid4()}/release"),
        command("/v1/holds/%00/release"),
        command("/v1/holds/{id}/release"),
        command("/v1/artists", {**good, "name": "a\0b"}),
        command("/v1/artists", good),
    )
    assert [item["status"] for item in items] == [422, 404, 404, 403, 404, 404, 404, 422, 201]
    assert items[0]["body"]["errors"] == [{"pointer": "/time_zone", "message": "Field required"}]
    assert items[0]["headers"]["Content-Type"] == "application/problem+json"


async def test_a_key_is_the_same_in_a_batch_and_outside(producer: Client) -> None:
    body = {"name": "Mo", "time_zone": "Europe/Berlin"}
    alone = await producer.send("/v1/artists", body, key="k")
    same, other = await batch(
        producer, command("/v1/artists", body, "k"), command("/v1/artists", {**body, "name": "Jo"}, "k")
    )
    assert same["body"] == alone.json()
    assert same["headers"]["Idempotent-Replayed"] == "true"
    assert other["body"]["code"] == "idempotency_key_reused"


async def test_a_key_that_is_in_a_batch_twice_is_a_repeat(producer: Client) -> None:
    body = {"name": "Mo", "time_zone": "Europe/Berlin"}
    first, again = await batch(producer, command("/v1/artists", body, "k"), command("/v1/artists", body, "k"))
    assert again["body"] == first["body"]
    assert again["headers"]["Idempotent-Replayed"] == "true"


async def test_ranks_follow_the_order_of_the_batch(producer: Client) -> None:
    artist, project = await producer.artist(), await producer.project()
    body = {"artist_id": artist, "project_id": project, "periods": MARCH}
    items = await batch(producer, *[command("/v1/holds", body) for _ in range(7)])
    assert [item["body"].get("worst_rank", item["body"].get("code")) for item in items] == [
        *range(1, 6),
        "queue_full",
        "queue_full",
    ]


async def refused(client: Client, body: object) -> httpx.Response:
    answer = await client.http.post("/v1/batch", json=body, headers=client.headers)
    assert answer.status_code == 422
    return answer


async def test_a_batch_that_is_none_is_refused_whole(producer: Client, log: MemoryLog) -> None:
    one = command("/v1/artists", {"name": "Mo", "time_zone": "Europe/Berlin"})
    answer = await refused(producer, {"commands": [one, {**one, "idempotency_key": ""}]})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/commands/1/idempotency_key"]
    await refused(producer, {"commands": []})
    await refused(producer, {"commands": [one] * 1001})
    await refused(producer, [one])
    assert log.recorded == []


async def test_a_batch_of_a_thousand_is_answered(producer: Client) -> None:
    artists = [str(uuid4()) for _ in range(10)]
    project = await producer.project()
    for artist in artists:
        await producer.artist(id=artist)
    body = {"project_id": project, "periods": MARCH}
    items = await batch(producer, *[command("/v1/holds", {**body, "artist_id": artists[n % 10]}) for n in range(1000)])
    statuses = [item["status"] for item in items]
    assert statuses[:50] == [201] * 50
    assert statuses[50:] == [409] * 950
