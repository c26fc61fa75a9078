"""200 people after the same artist and day, over HTTP: one booking, ranks without gap or tie, each command once.

`PROOF_ROUNDS` is how many artists they are after, one after the other; `make proof` makes it large.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.proof.clients import FIRST_DAY, Desk, Journal, desks, witnessed
from tests.proof.linear import Call, Day, explained
from tests.proof.service import Service, running
from tests.proof.test_killed_api import holds_in_the_log

ROUNDS = int(os.environ.get("PROOF_ROUNDS", "1"))
PEOPLE, ZONE = 200, "Europe/London"
DAY = [{"first_day": FIRST_DAY.isoformat(), "last_day": FIRST_DAY.isoformat()}]

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def people(service: Service, *, max_depth: int) -> AsyncIterator[list[Desk]]:
    """200 desks under a policy of that depth."""
    policy = {"preset": "motion-24h", "max_depth": max_depth}
    headers = {"Authorization": f"Bearer {service.token('acme', 'admin')}", "Idempotency-Key": "policy"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, trust_env=False) as admin:
        adopted = await admin.put("/v1/policy", json=policy)
        assert adopted.is_success, adopted.text
    async with desks(service, Journal(), count=PEOPLE, seed=ROUNDS) as everybody:
        yield everybody


async def test_a_deep_queue_has_ranks_1_to_n_and_ends_in_one_booking(database: str, data: Path) -> None:
    async with running(database, data) as service, people(service, max_depth=PEOPLE) as everybody:
        for _ in range(ROUNDS):
            artist, project = await everybody[0].artist(ZONE), await everybody[0].project(ZONE)

            history = list[Call]()

            async def hold_and_confirm(
                desk: Desk, artist: str = artist, project: str = project, history: list[Call] = history
            ) -> tuple[httpx.Response, httpx.Response]:
                id = desk.new_id()
                path, body = holding(id, artist, project)
                placed = await witnessed(history, "hold", id, desk=desk, path=path, body=body)
                confirmed = await witnessed(history, "confirm", id, desk=desk, path=f"/v1/holds/{id}/confirm", body={})
                return placed, confirmed

            answers = await asyncio.gather(*map(hold_and_confirm, everybody))
            assert explained(history, Day())

            assert all(placed.is_success for placed, _ in answers)
            confirmed = [answer for _, answer in answers if answer.is_success]
            refusals = Counter(answer.json()["code"] for _, answer in answers if not answer.is_success)
            assert len(confirmed) == 1
            assert set(refusals) <= {"not_first", "double_booking"}
            # Whoever came before the booking counted it in the queue; whoever came after stands one further up.
            places = {placed.json()["worst_rank"] for placed, _ in answers}
            assert places in ({*range(1, PEOPLE + 1)}, {*range(1, PEOPLE)})
            last = max((answer for pair in answers for answer in pair if answer.is_success), key=_seq)
            token = last.headers["Consistency-Token"]
            shown = (await everybody[0].read(f"/v1/holds?artist_id={artist}&limit=200", token)).json()["items"]
            standing = sorted(one["worst_rank"] for one in shown if one["ranks"])
            assert standing == list(range(1, PEOPLE))
        status, lines = await service.verify()
        assert status == 0, lines


async def test_a_shallow_queue_takes_as_many_as_the_policy_says(database: str, data: Path) -> None:
    async with running(database, data) as service, people(service, max_depth=5) as everybody:
        for _ in range(ROUNDS):
            artist, project = await everybody[0].artist(ZONE), await everybody[0].project(ZONE)

            answers = await asyncio.gather(*[hold(desk, artist, project) for desk in everybody])

            ranks = sorted(answer.json()["worst_rank"] for answer in answers if answer.is_success)
            assert ranks == [1, 2, 3, 4, 5]
            refusals = Counter(answer.json()["code"] for answer in answers if not answer.is_success)
            assert refusals == {"queue_full": PEOPLE - 5}


async def test_the_same_command_three_times_at_once_is_one_though_an_answer_is_dropped(
    database: str, data: Path
) -> None:
    failpoints = "log.after_decide=stop:0.02:0.05,log.after_commit=stop:0.02:0.05"
    async with (
        running(database, data, failpoints=failpoints) as service,
        people(service, max_depth=1000) as everybody,
    ):
        first = everybody[0]
        artist, project, answers = await first.artist(ZONE), await first.project(ZONE), dict[str, set[bytes]]()

        async def three_times(desk: Desk) -> None:
            id = desk.new_id()
            path, body = holding(id, artist, project)
            key = f"hold {id}"
            dropped = asyncio.ensure_future(desk.http.post(path, json=body, headers={"Idempotency-Key": key}))
            others = asyncio.gather(*[desk.insist(path, body, key) for _ in range(2)])
            await asyncio.wait({dropped}, timeout=desk.chance.uniform(0.0, 0.05))
            dropped.cancel()
            await asyncio.gather(dropped, return_exceptions=True)
            answered = [*await others, await desk.insist(path, body, key)]
            assert answered[-1].headers["Idempotent-Replayed"] == "true"
            answers[id] = {answer.content for answer in answered}

        for _ in range(ROUNDS):
            await asyncio.gather(*[three_times(desk) for desk in everybody[:50]])
        assert {len(contents) for contents in answers.values()} == {1}
        assert {hold: len(seqs) for hold, seqs in (await holds_in_the_log(database)).items()} == dict.fromkeys(
            answers, 1
        )
        status, lines = await service.verify()
        assert status == 0, lines


async def hold(desk: Desk, artist: str, project: str) -> httpx.Response:
    id = desk.new_id()
    path, body = holding(id, artist, project)
    return await desk.insist(path, body, id)


def holding(id: str, artist: str, project: str) -> tuple[str, dict[str, Any]]:
    """What places a hold on the one day."""
    return "/v1/holds", {"id": id, "artist_id": artist, "project_id": project, "periods": DAY}


def _seq(answer: httpx.Response) -> int:
    return int(answer.json()["seq"])
