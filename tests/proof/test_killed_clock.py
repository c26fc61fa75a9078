"""The clock dies again and again while deadlines pass and decisions are made: each is recorded and followed once.

It dies at every failpoint between two side effects, and at any moment, `PROOF_DEATHS` times in each way. The database's
own clock is moved ahead, round after round, past the deadlines of holds, challenges and promotions.
"""

import asyncio
import os
import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from domain.calendar import CALENDAR, Calendar
from domain.overdue import next_due
from infra.catalogue import EVENTS
from infra.mapper import Mapper
from tests.database_time import DatabaseTime
from tests.proof.clients import Desk, Journal, desks
from tests.proof.service import CLOCK_DEATHS, running

DEATHS = int(os.environ.get("PROOF_DEATHS", "1"))
SEED = int(os.environ.get("PROOF_SEED", "20261126"))
DESKS, ZONE, PATIENCE = 8, "Europe/Berlin", 300.0
DAY = [{"first_day": "2180-06-01", "last_day": "2180-06-01"}]
ANOTHER_DAY = [{"first_day": "2180-07-01", "last_day": "2180-07-01"}]

pytestmark = pytest.mark.anyio


async def test_everything_due_is_recorded_once_and_every_decision_followed(database: str, data: Path) -> None:
    time, round_, lasting, passing = DatabaseTime(database), 0, set[str](), set[str]()
    async with (
        running(database, data, clock_deaths=DEATHS, chance=random.Random(SEED)) as service,
        desks(service, Journal(), count=DESKS, seed=SEED) as everybody,
    ):
        while not service.has_died():
            round_ += 1
            for booking, others in await asyncio.gather(*map(work, everybody)):
                lasting.add(booking)
                passing.update(others)
            time.move(timedelta(days=1))
            await settled(database)
            time.move(timedelta(days=14))
            await settled(database)
        ended, overdue = ends(database), still_due(database, time)
        status, lines = await service.verify()
        print(  # noqa: T201 - a campaign's figures are its result
            f"seed {SEED}, {round_} rounds, deaths {service.deaths}\n{len(ended)} holds, bookings and jobs ended, "
            f"{sum(count > 1 for count in ended.values())} twice, {len(overdue)} still due\n{lines}"
        )
        assert service.clock.died == dict.fromkeys(CLOCK_DEATHS, DEATHS)
        assert set(ended.values()) == {1}
        assert passing == ended.keys()
        assert not lasting & passing
        assert overdue == []
        assert status == 0, lines


async def work(desk: Desk) -> tuple[str, list[str]]:
    """Hold, challenge, group, cancel; answers the one booking that lasts, and all that ends or is let go of."""
    kept, gone = await desk.project(ZONE), await desk.project(ZONE)
    first, second, third = [await desk.artist(ZONE) for _ in range(3)]
    challenged, challenger = await place(desk, first, kept), await place(desk, first, gone)
    await insist(desk, f"/v1/holds/{challenger}/challenge", {})
    behind = await place(desk, first, kept)
    job, group = await job_of(desk, kept), {"id": desk.new_id(), "kind": "any_of"}
    chosen, other = [await place(desk, artist, kept, job_id=job, group=group) for artist in (second, third)]
    lasts = await insist(desk, f"/v1/holds/{chosen}/confirm", {}, answer="booking_id")
    standing_by, closed = await place(desk, second, gone), await job_of(desk, gone)
    booked = await insist(desk, "/v1/bookings", {"artist_id": third, "project_id": gone, "periods": ANOTHER_DAY})
    await insist(desk, f"/v1/projects/{gone}/cancel", {})
    return lasts, [challenged, challenger, behind, other, standing_by, closed, booked]


async def job_of(desk: Desk, project: str) -> str:
    return await insist(desk, f"/v1/projects/{project}/jobs", {"role": "compositor", "periods": DAY})


async def place(desk: Desk, artist: str, project: str, **more: object) -> str:
    return await insist(desk, "/v1/holds", {"artist_id": artist, "project_id": project, "periods": DAY, **more})


async def insist(desk: Desk, path: str, body: dict[str, object], answer: str = "id") -> str:
    told = await desk.insist(path, body, desk.new_id())
    assert told.is_success, told.text
    return str(told.json()[answer])


async def settled(database: str) -> None:
    """Wait until nothing is due, nothing has to be followed, and the read models have seen all that."""
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as connection,
        asyncio.timeout(PATIENCE),
    ):
        while True:
            cursor = await connection.execute(
                """
                SELECT (SELECT count(*) FROM overdue WHERE due_at <= clock_timestamp())
                     + (SELECT count(*) FROM decisions d
                        WHERE d.seq > coalesce((SELECT seq FROM positions p
                                                WHERE p.tenant_id = d.tenant_id AND projection = 'following.done'), 0))
                     + (SELECT count(*) FROM heads h
                        JOIN positions p USING (tenant_id)
                        WHERE p.projection IN ('overdue', 'following') AND p.seq < h.seq)
                """
            )
            if (await cursor.fetchall())[0][0] == 0:
                return
            await asyncio.sleep(0.05)


def ends(database: str) -> Counter[str]:
    """How often each hold lost the last of its time, and each booking and job ended."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            """
            SELECT CASE
                WHEN event_type IN ('calendar.time_lapsed.v1', 'calendar.time_released.v1')
                    THEN data::jsonb ->> 'hold_id'
                ELSE split_part(stream, '/', 2)
            END
            FROM events
            WHERE event_type IN ('booking.cancelled.v1', 'job.closed.v1')
                OR (event_type IN ('calendar.time_lapsed.v1', 'calendar.time_released.v1')
                    AND json_array_length(data -> 'spans') = 0)
            """
        ).fetchall()
    return Counter(id for (id,) in rows)


def still_due(database: str, time: DatabaseTime) -> list[str]:
    """The calendars on which something is due, as a replay of the log has them."""
    decode, now = Mapper(EVENTS).decode, time.now()
    calendars = dict[str, Calendar]()
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT stream, event_type, data::text FROM events WHERE stream LIKE 'calendar/%' ORDER BY seq"
        )
        for stream, type_, data in rows:
            calendars[stream] = CALENDAR.evolve(calendars.get(stream, Calendar()), decode(type_, data.encode()))
    return [stream for stream, one in calendars.items() if (at := next_due(one)) is not None and at <= now]
