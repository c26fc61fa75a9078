"""32 clients write while the API is killed: nothing acknowledged is lost, nothing is written twice.

`make proof` makes the campaigns long; `PROOF_COMMANDS` is how many commands each of them sends.
"""

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.proof.clients import Desk, Journal
from tests.proof.service import Service, running

COMMANDS = int(os.environ.get("PROOF_COMMANDS", "400"))
CLIENTS, ARTISTS, DAYS = 32, 8, 40
SEED = 20_261_124

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def desks(service: Service, journal: Journal) -> AsyncIterator[list[Desk]]:
    token = await service.token("acme")
    limits = httpx.Limits(max_connections=CLIENTS)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, limits=limits, timeout=10) as http:
        yield [Desk(http, journal, random.Random(f"{SEED}-{n}")) for n in range(CLIENTS)]


async def artists_and_a_project(desk: Desk) -> tuple[list[str], str]:
    artists = [desk.new_id() for _ in range(ARTISTS)]
    project = desk.new_id()
    for artist in artists:
        body = {"id": artist, "name": f"Artist {artist[-4:]}", "time_zone": "Europe/Berlin"}
        assert (await desk.insist("/v1/artists", body, artist)).is_success
    body = {"id": project, "name": "Feature", "time_zone": "Europe/Berlin"}
    assert (await desk.insist("/v1/projects", body, project)).is_success
    return artists, project


async def everybody_holds(all_desks: list[Desk]) -> None:
    artists, project = await artists_and_a_project(all_desks[0])

    async def work(desk: Desk) -> None:
        for _ in range(COMMANDS // CLIENTS):
            await desk.hold(desk.chance.choice(artists), project, days=DAYS)

    await asyncio.gather(*[work(desk) for desk in all_desks])


async def holds_in_the_log(database: str) -> dict[str, list[int]]:
    """By hold: the seq of each time that it was placed."""
    found: dict[str, list[int]] = {}
    async with await psycopg.AsyncConnection.connect(database) as connection:
        rows = await connection.execute("SELECT stream, seq FROM events WHERE event_type = 'hold.placed.v1'")
        async for stream, seq in rows:
            found.setdefault(stream.removeprefix("hold/"), []).append(seq)
    return found


async def nothing_was_lost(service: Service, journal: Journal, database: str) -> None:
    in_the_log = await holds_in_the_log(database)
    assert journal.contradictions == []
    assert set(journal.refused.values()) <= {"queue_full"}
    assert set(in_the_log) == set(journal.accepted)
    assert all(len(seqs) == 1 for seqs in in_the_log.values())
    assert all(in_the_log[hold][0] <= json.loads(body)["seq"] for hold, body in journal.accepted.items())
    status, lines = await service.verify()
    assert status == 0, lines


def report(what: str, service: Service, journal: Journal) -> None:
    print(  # noqa: T201 - a campaign's figures are its result
        f"{what}: seed {SEED}, {len(journal.accepted)} accepted, {len(journal.refused)} refused, "
        f"{journal.unanswered.total()} unanswered {dict(journal.unanswered)}, {journal.replayed} replayed, "
        f"deaths {dict(service.deaths)}, contradictions {len(journal.contradictions)}"
    )


@pytest.mark.parametrize(
    "failpoint",
    ["api.after_auth", "log.after_decide", "log.before_commit", "log.after_commit", "api.before_response"],
)
async def test_killed_between_two_side_effects(database: str, data: Path, failpoint: str) -> None:
    journal = Journal()
    per_command = failpoint.startswith("api.")
    async with running(database, data, f"{failpoint}=kill:{0.01 if per_command else 0.05}") as service:
        async with desks(service, journal) as all_desks:
            await everybody_holds(all_desks)
        report(failpoint, service, journal)
        assert service.deaths["SIGKILL"] > 0
        await nothing_was_lost(service, journal, database)


async def test_killed_at_random(database: str, data: Path) -> None:
    journal = Journal()
    async with running(database, data) as service, desks(service, journal) as all_desks:

        async def kill_now_and_then() -> None:
            chance = random.Random(SEED)
            while True:
                await service.ready()
                await asyncio.sleep(chance.uniform(0.05, 0.4))
                service.kill()

        killer = asyncio.create_task(kill_now_and_then())
        await everybody_holds(all_desks)
        killer.cancel()
        await asyncio.gather(killer, return_exceptions=True)
        report("at random", service, journal)
        assert service.deaths["SIGKILL"] > 0
        await nothing_was_lost(service, journal, database)
