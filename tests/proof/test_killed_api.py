"""32 clients write while the API and the projector are killed: nothing acknowledged is lost, nothing is there twice.

Both die at every failpoint between two side effects, and at any moment. `PROOF_DEATHS` is how often in each way, and
`PROOF_COMMANDS` how many commands there are at least; `make proof` makes both large.
"""

import asyncio
import json
import os
import random
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.proof.clients import Desk, Journal, desks
from tests.proof.service import API_DEATHS, PROJECTOR_DEATHS, Service, running

DEATHS = int(os.environ.get("PROOF_DEATHS", "1"))
COMMANDS = int(os.environ.get("PROOF_COMMANDS", "400"))
SEED = int(os.environ.get("PROOF_SEED", "20261124"))
CLIENTS, ARTISTS, ZONE = 32, 8, "Europe/Berlin"


@pytest.mark.anyio
async def test_nothing_is_lost_and_nothing_is_twice_however_they_die(database: str, data: Path) -> None:
    journal = Journal()
    async with (
        running(database, data, deaths=DEATHS, chance=random.Random(SEED)) as service,
        desks(service, journal, count=CLIENTS, seed=SEED) as all_desks,
    ):
        artists = await everybody_holds(service, all_desks)
        shown = [hold for artist in artists for hold in await holds_shown(all_desks[0], artist)]
        in_the_log = await holds_in_the_log(database)
        status, lines = await service.verify()
        report(service, journal, in_the_log, lines)

        assert service.api.died == dict.fromkeys(API_DEATHS, DEATHS)
        assert service.projector.died == dict.fromkeys(PROJECTOR_DEATHS, DEATHS)
        assert journal.contradictions == []
        assert set(journal.refused.values()) <= {"queue_full"}
        assert set(in_the_log) == set(journal.accepted)
        assert all(len(seqs) == 1 for seqs in in_the_log.values())
        assert all(in_the_log[hold][0] <= json.loads(body)["seq"] for hold, body in journal.accepted.items())
        assert sorted(hold["id"] for hold in shown) == sorted(journal.accepted)
        assert status == 0, lines


async def everybody_holds(service: Service, all_desks: list[Desk]) -> list[str]:
    """Place holds until all deaths have been died and all commands were answered; returns the artists."""
    first = all_desks[0]
    artists = [await first.artist(ZONE) for _ in range(ARTISTS)]
    project = await first.project(ZONE)

    async def work(desk: Desk) -> None:
        while not service.has_died() or desk.journal.asked < COMMANDS:
            # As many days as keep the calendars full enough for some to be refused.
            days = 40 + desk.journal.asked // (2 * ARTISTS)
            await desk.hold(desk.chance.choice(artists), project, days=days)

    async with asyncio.TaskGroup() as at_work:
        for desk in all_desks:
            at_work.create_task(work(desk))
    return artists


async def holds_shown(desk: Desk, artist: str) -> list[dict[str, Any]]:
    """All holds of `artist` as the read API shows them, every command so far included."""
    day_off = {"periods": [{"first_day": "2030-01-01", "last_day": "2030-01-01"}]}
    written = await desk.insist(f"/v1/artists/{artist}/time-off", day_off, f"the last of {artist}")
    token, cursor, shown = written.headers["Consistency-Token"], "", list[dict[str, Any]]()
    while True:
        page = (await desk.read(f"/v1/holds?artist_id={artist}&limit=200{cursor}", token)).json()
        shown += page["items"]
        if page["next_cursor"] is None:
            return shown
        cursor = f"&cursor={page['next_cursor']}"


async def holds_in_the_log(database: str) -> dict[str, list[int]]:
    """By hold: the seq of each time that it was placed."""
    found: dict[str, list[int]] = {}
    async with await psycopg.AsyncConnection.connect(database) as connection:
        rows = await connection.execute("SELECT stream, seq FROM events WHERE event_type = 'hold.placed.v1'")
        async for stream, seq in rows:
            found.setdefault(stream.removeprefix("hold/"), []).append(seq)
    return found


def report(service: Service, journal: Journal, in_the_log: dict[str, list[int]], lines: str) -> None:
    lost = len(journal.accepted.keys() - in_the_log.keys())
    print(  # noqa: T201 - a campaign's figures are its result
        f"seed {SEED}, deaths {service.deaths}\n"
        f"{len(journal.accepted)} acknowledged, {lost} lost, {sum(map(len, in_the_log.values()))} in the log, "
        f"{len(journal.refused)} refused, {journal.replayed} replayed, {len(journal.contradictions)} contradictions, "
        f"{journal.unanswered.total()} unanswered {dict(journal.unanswered)}\n{lines}"
    )
