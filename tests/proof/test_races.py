"""200 people after the same artist and day, over HTTP: one booking, ranks without gap or tie."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.proof.clients import FIRST_DAY, Desk, Journal
from tests.proof.service import Service, running

PEOPLE = 200
DAY = [{"first_day": FIRST_DAY.isoformat(), "last_day": FIRST_DAY.isoformat()}]

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def people(service: Service, *, max_depth: int) -> AsyncIterator[tuple[list[Desk], str, str]]:
    """200 desks, an artist and a project, under a policy of that depth."""
    admin, producer = await service.token("acme", "admin"), await service.token("acme", "producer")
    limits = httpx.Limits(max_connections=PEOPLE)
    async with (
        httpx.AsyncClient(base_url=service.url, headers={"Authorization": f"Bearer {admin}"}) as of_admin,
        httpx.AsyncClient(
            base_url=service.url, headers={"Authorization": f"Bearer {producer}"}, limits=limits, timeout=30
        ) as http,
    ):
        policy = {"preset": "motion-24h", "max_depth": max_depth}
        adopted = await of_admin.put("/v1/policy", json=policy, headers={"Idempotency-Key": "policy"})
        assert adopted.is_success, adopted.text
        desks = [Desk(http, Journal(), random.Random(n)) for n in range(PEOPLE)]
        artist, project = desks[0].new_id(), desks[0].new_id()
        body: dict[str, Any] = {"id": artist, "name": "Sought After", "time_zone": "Europe/London"}
        assert (await desks[0].insist("/v1/artists", body, artist)).is_success
        body = {"id": project, "name": "Feature", "time_zone": "Europe/London"}
        assert (await desks[0].insist("/v1/projects", body, project)).is_success
        yield desks, artist, project


async def test_a_deep_queue_has_ranks_1_to_n_and_ends_in_one_booking(database: str, data: Path) -> None:
    async with running(database, data) as service, people(service, max_depth=PEOPLE) as (desks, artist, project):

        async def hold_and_confirm(desk: Desk) -> tuple[httpx.Response, httpx.Response]:
            hold = desk.new_id()
            body = {"id": hold, "artist_id": artist, "project_id": project, "periods": DAY}
            placed = await desk.insist("/v1/holds", body, hold)
            return placed, await desk.insist(f"/v1/holds/{hold}/confirm", {}, f"confirm {hold}")

        answers = await asyncio.gather(*[hold_and_confirm(desk) for desk in desks])

        assert all(placed.is_success for placed, _ in answers)
        confirmed = [answer for _, answer in answers if answer.is_success]
        refusals = Counter(answer.json()["code"] for _, answer in answers if not answer.is_success)
        assert len(confirmed) == 1
        assert set(refusals) <= {"not_first", "double_booking"}
        places = sorted(place for placed, _ in answers for place in (placed.json()["worst_rank"],))
        # Whoever came before the booking counted it in the queue; whoever came after stands one further up.
        assert set(places) in ({*range(1, PEOPLE + 1)}, {*range(1, PEOPLE)})
        shown = (await desks[0].http.get(f"/v1/holds?artist_id={artist}&limit=200")).json()["items"]
        standing = sorted(hold["worst_rank"] for hold in shown if hold["ranks"])
        assert standing == list(range(1, PEOPLE))
        assert (await service.verify())[0] == 0


async def test_a_shallow_queue_takes_as_many_as_the_policy_says(database: str, data: Path) -> None:
    async with running(database, data) as service, people(service, max_depth=5) as (desks, artist, project):

        async def hold(desk: Desk) -> httpx.Response:
            hold = desk.new_id()
            body = {"id": hold, "artist_id": artist, "project_id": project, "periods": DAY}
            return await desk.insist("/v1/holds", body, hold)

        answers = await asyncio.gather(*[hold(desk) for desk in desks])

        assert sorted(answer.json()["worst_rank"] for answer in answers if answer.is_success) == [1, 2, 3, 4, 5]
        assert Counter(answer.json()["code"] for answer in answers if not answer.is_success) == {"queue_full": 195}
