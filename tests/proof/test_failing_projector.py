"""A projector fails between any two of its side effects, in every way; a paused one wakes up after another took over.

A tenth of `PROOF_DEATHS` is how many rounds of all places and ways there are, with and without Kafka; without it each
place fails in one way and each way is seen at one place. `make proof` makes it large.
"""

import os
from collections import Counter
from collections.abc import AsyncIterator

import psycopg
import pytest

from infra.kafka import Kafka
from tests.flow.office import Office, days, open_log
from tests.proof.figures import told_in_figures
from tests.proof.projecting import PLACES, broken, caught_up, fails, projecting
from tests.proof.watched import MODES

ROUNDS = int(os.environ.get("PROOF_DEATHS", "0")) // 10
WAYS = (
    [(place, mode) for place in PLACES for mode in MODES]
    if ROUNDS
    else list(zip(PLACES, ("raise", "cut", "stop", "kill"), strict=True))
)
UNUSED = {("projector.after_poll", "cut"), ("projector.after_commit", "cut")}
"""Nobody uses a connection there: the pool replaces it, and nothing is to be seen of it."""
READ_MODELS = ("holds", "artist_calendar", "directory")

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


async def work(office: Office, month: int) -> None:
    artist, project = await office.artist(), await office.project()
    for day in range(1, 10):
        hold = await office.hold(artist, project, days(f"2032-{1 + month % 12:02}-{day:02}"))
        if day % 2:
            await office.release(hold)


def positions(database: str) -> list[tuple[str, str, int]]:
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT tenant_id::text, projection, seq FROM positions ORDER BY 1, 2").fetchall()


async def test_however_it_fails_every_key_is_what_a_replay_gives(
    office: Office, database: str, topic: Kafka | None
) -> None:
    failed = Counter[str]()
    for month, (place, mode) in enumerate(WAYS * max(1, ROUNDS)):
        await work(office, month)
        async with projecting(database, *READ_MODELS, failpoints=f"{place}={mode}:1:120", kafka=topic) as failing:
            if (place, mode) in UNUSED:
                await caught_up(database, READ_MODELS[0])
            else:
                await fails(failing, mode)
            failed[f"{mode} at {place}"] += 1
        assert await broken(database) == []
    async with projecting(database, *READ_MODELS, kafka=topic):
        for name in READ_MODELS:
            await caught_up(database, name)
    violated = await broken(database)
    told_in_figures(
        operations=f"{positions(database)[0][2]} events {'from the log' if topic is None else 'through Kafka'}",
        faults=failed,
        violations=len(violated),
    )
    assert violated == []
    assert {seq for _, _, seq in positions(database)} == {positions(database)[0][2]}


@pytest.mark.parametrize(
    ("place", "sign"),
    [("projector.after_poll", "projector_fenced"), ("projector.before_commit", "projector_interrupted")],
)
async def test_one_that_wakes_up_after_another_has_taken_over_writes_nothing(
    office: Office, database: str, place: str, sign: str
) -> None:
    await work(office, 1)
    async with projecting(database, "holds", failpoints=f"{place}=stop:1:600") as zombie:
        await zombie.is_stopped()
        async with projecting(database, "holds"):
            await caught_up(database, "holds")
        taken_over = positions(database)
        zombie.resume()
        await zombie.says(sign)
        assert positions(database) == taken_over
        assert await broken(database) == []
