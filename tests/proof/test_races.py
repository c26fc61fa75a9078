"""Many people after the same artist and day, over HTTP: one booking, ranks without gap or tie, each command once.

Now and then the log stops, or loses its connection, between deciding, writing and answering. 200 people are after
`PROOF_ROUNDS` artists, one after the other, and 24 after `PROOF_SMALL_ROUNDS`; `make proof` makes both large.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.proof.clients import FIRST_DAY, Desk, Journal, desks, witnessed
from tests.proof.figures import told_in_figures
from tests.proof.linear import Call, Day, explained
from tests.proof.service import Service, running
from tests.proof.test_killed_api import holds_in_the_log

ROUNDS = int(os.environ.get("PROOF_ROUNDS", "1"))
SMALL_ROUNDS = int(os.environ.get("PROOF_SMALL_ROUNDS", "4"))
SEED = int(os.environ.get("PROOF_SEED", "20261126"))
PEOPLE, ZONE = 200, "Europe/London"
DAY = [{"first_day": FIRST_DAY.isoformat(), "last_day": FIRST_DAY.isoformat()}]
DELAYS: Final = "log.after_decide=stop:0.02:0.05,log.after_commit=stop:0.02:0.05"
"""Between a decision and its commit, and between that and the answer."""
FAULTS: Final = f"{DELAYS},log.before_commit=cut:0.01"
"""A connection that is cut leaves open which of the two it was."""

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def people(service: Service, *, max_depth: int, count: int = PEOPLE) -> AsyncIterator[list[Desk]]:
    """So many desks under a policy of that depth."""
    policy = {"preset": "motion-24h", "max_depth": max_depth}
    headers = {"Authorization": f"Bearer {service.token('acme', 'admin')}"}
    async with (
        httpx.AsyncClient(base_url=service.url, headers=headers, trust_env=False) as admin,
        desks(service, Journal(), count=count, seed=SEED) as everybody,
    ):
        adopted = await Desk(admin, everybody[0].journal, everybody[0].chance).adopt(policy)
        assert adopted.is_success, adopted.text
        yield everybody


@pytest.mark.parametrize(("crowd", "rounds"), [(PEOPLE, ROUNDS), (24, SMALL_ROUNDS)])
async def test_a_deep_queue_has_ranks_1_to_n_and_ends_in_one_booking(
    database: str, data: Path, crowd: int, rounds: int
) -> None:
    async with (
        running(database, data, failpoints=FAULTS) as service,
        people(service, max_depth=PEOPLE, count=crowd) as everybody,
    ):
        violations = list[str]()
        for number in range(rounds):
            wrong = await one_booking(everybody)
            violations += (f"round {number}: {what}" for what in wrong)
        status, lines = await service.verify()
        again = everybody[0].journal.unanswered.total()
        operations = f"{2 * crowd * rounds:,} commands of {crowd} people in {rounds:,} rounds, {again:,} asked again"
        told_in_figures(
            operations=operations, faults=service.faults, violations=len(violations), seed=SEED, verify=lines
        )
        assert violations == []
        assert status == 0, lines


async def one_booking(everybody: list[Desk]) -> list[str]:
    """Everybody holds a new artist's day and confirms at once; answers what contradicts the rules."""
    artist, project = await everybody[0].artist(ZONE), await everybody[0].project(ZONE)
    history = list[Call]()

    async def hold_and_confirm(desk: Desk) -> tuple[httpx.Response, httpx.Response]:
        id = desk.new_id()
        path, body = holding(id, artist, project)
        placed = await witnessed(history, "hold", id, desk=desk, path=path, body=body)
        confirmed = await witnessed(history, "confirm", id, desk=desk, path=f"/v1/holds/{id}/confirm", body={})
        return placed, confirmed

    answers = await asyncio.gather(*map(hold_and_confirm, everybody))
    refusals = Counter(answer.json()["code"] for _, answer in answers if not answer.is_success)
    places = {placed.json().get("worst_rank") for placed, _ in answers}
    last = max((answer for pair in answers for answer in pair if answer.is_success), key=_seq)
    token = last.headers["Consistency-Token"]
    shown = (await everybody[0].read(f"/v1/holds?artist_id={artist}&limit=200", token)).json()["items"]
    standing = sorted(one["worst_rank"] for one in shown if one["ranks"])
    count = len(everybody)
    said = {
        "the answers cannot be put into an order": explained(history, Day()),
        "a hold was refused": all(placed.is_success for placed, _ in answers),
        "not one was booked": sum(answer.is_success for _, answer in answers) == 1,
        f"refused with {dict(refusals)}": set(refusals) <= {"not_first", "double_booking"},
        # Whoever came before the booking counted it in the queue; whoever came after stands one further up.
        f"ranks {places}": places in ({*range(1, count + 1)}, {*range(1, count)}),
        f"left standing as {standing}": standing == [*range(1, count)],
    }
    return [wrong for wrong, right in said.items() if not right]


async def test_a_shallow_queue_takes_as_many_as_the_policy_says(database: str, data: Path) -> None:
    async with running(database, data) as service, people(service, max_depth=5) as everybody:
        for _ in range(ROUNDS):
            artist, project = await everybody[0].artist(ZONE), await everybody[0].project(ZONE)

            answers = await asyncio.gather(*[hold(desk, artist, project) for desk in everybody])

            ranks = sorted(answer.json()["worst_rank"] for answer in answers if answer.is_success)
            assert ranks == [1, 2, 3, 4, 5]
            refusals = Counter(answer.json()["code"] for answer in answers if not answer.is_success)
            assert refusals == {"queue_full": PEOPLE - 5}


# A request that is dropped while its client connects leaves its socket to the collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("failpoints", [DELAYS, FAULTS], ids=["delays", "faults"])
async def test_the_same_command_three_times_at_once_is_one_though_an_answer_is_dropped(
    database: str, data: Path, failpoints: str
) -> None:
    async with (
        running(database, data, failpoints=failpoints) as service,
        people(service, max_depth=1000, count=50) as everybody,
    ):
        answers, violations, dropped = dict[str, set[bytes]](), list[str](), 0

        async def three_times(desk: Desk, artist: str, project: str) -> None:
            nonlocal dropped
            id = desk.new_id()
            path, body = holding(id, artist, project)
            key = f"hold {id}"
            first = asyncio.ensure_future(desk.http.post(path, json=body, headers={"Idempotency-Key": key}))
            others = asyncio.gather(*[desk.insist(path, body, key) for _ in range(2)])
            await asyncio.wait({first}, timeout=desk.chance.uniform(0.0, 0.05))
            dropped += first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            answered = [*await others, await desk.insist(path, body, key)]
            answers[id] = {answer.content for answer in answered}
            # Of what was unclear, since the connection was lost, nobody can tell that it is a repeat.
            if failpoints == DELAYS and answered[-1].headers.get("Idempotent-Replayed") != "true":
                violations.append(f"the last answer about {id} does not say that it is a repeat")

        for _ in range(2 * ROUNDS):
            artist, project = await everybody[0].artist(ZONE), await everybody[0].project(ZONE)
            await asyncio.gather(*[three_times(desk, artist, project) for desk in everybody])
        placed = await holds_in_the_log(database)
        violations += [f"{hold} was answered in {len(said)} ways" for hold, said in answers.items() if len(said) != 1]
        violations += [
            f"{hold} is in the log {len(placed.get(hold, []))} times"
            for hold in answers
            if len(placed.get(hold, [])) != 1
        ]
        violations += [f"{hold} was never asked for" for hold in placed.keys() - answers.keys()]
        status, lines = await service.verify()
        faults = service.faults + Counter({"answers dropped": dropped})
        operations = f"{len(answers):,} commands, each three times at once and a fourth time"
        told_in_figures(operations=operations, faults=faults, violations=len(violations), seed=SEED, verify=lines)
        assert violations == []
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
