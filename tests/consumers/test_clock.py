"""What falls due is recorded once, by the database's clock, whoever looks and however often."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from consumers.clock import Clock
from domain.decider import Stream
from domain.errors import Refused
from infra.clock_metrics import ClockMetrics
from infra.event_log import EventLog
from infra.postgres import projector_pool
from tests.consumers.failing_log import FailingLog
from tests.database_time import DatabaseTime
from tests.flow.office import Office, catch_up, days, open_log

pytestmark = pytest.mark.anyio

DAY = days("2035-03-01")
FORTNIGHT = timedelta(days=14)


class Dropped(Exception):
    """What a failpoint raises here."""


def nowhere(_: str) -> None:
    pass


async def nobody() -> AsyncGenerator[str, None]:
    return
    yield ""


@asynccontextmanager
async def clock(database: str, log: EventLog, failpoint: Callable[[str], None] = nowhere) -> AsyncIterator[Clock]:
    async with projector_pool(database) as pool:
        yield Clock(log=log, pool=pool, notices=nobody(), failpoint=failpoint, meter=ClockMetrics())


def recorded(database: str, kind: str = "calendar.time_lapsed.v1") -> list[dict[str, Any]]:
    """The events of a kind, of all tenants, with who recorded them."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT data || jsonb_build_object('actor', actor, 'tenant', tenant_id) FROM "
            "(SELECT data::jsonb, actor, tenant_id FROM events WHERE event_type = %s ORDER BY tenant_id, seq) AS e",
            [kind],
        ).fetchall()
    return [data for (data,) in rows]


@pytest.fixture
def time(database: str) -> DatabaseTime:
    return DatabaseTime(database)


@pytest.fixture
async def log(database: str, time: DatabaseTime) -> AsyncIterator[EventLog]:
    async with open_log(database) as log:
        yield log


async def test_a_deadline_that_has_passed_becomes_an_event_of_the_clock_and_the_next_is_promoted(
    database: str, time: DatabaseTime, log: EventLog
) -> None:
    office = Office(log)
    artist, project = await office.artist(), await office.project()
    first = await office.hold(artist, project, DAY)
    time.move(timedelta(hours=1))
    second = await office.hold(artist, project, DAY)
    await catch_up(database)
    time.move(FORTNIGHT - timedelta(minutes=30))
    async with clock(database, log) as records:
        seconds = await records.record()
    (lapse,) = recorded(database)
    assert (lapse["hold_id"], lapse["because"], lapse["actor"]) == (first, "deadline", "clock")
    (promotion,) = recorded(database, "calendar.hold_promoted.v1")
    assert promotion["hold_id"] == second
    assert 1000 < seconds <= 1800  # the second one's deadline comes next


async def test_every_tenant_is_looked_after_in_one_pass_and_nothing_is_recorded_twice(
    database: str, time: DatabaseTime, log: EventLog
) -> None:
    for office in (Office(log, f"tenant {n}") for n in range(3)):
        project = await office.project()
        for _ in range(4):
            await office.hold(await office.artist(), project, DAY)
    await catch_up(database)
    time.move(FORTNIGHT)
    async with clock(database, log) as one, clock(database, log) as other:
        await asyncio.gather(one.record(), other.record())
        await one.record()
    lapses = recorded(database)
    assert len({lapse["hold_id"] for lapse in lapses}) == len(lapses) == 12
    assert len({lapse["tenant"] for lapse in lapses}) == 3


async def test_what_the_read_model_still_shows_is_not_recorded_again_and_hides_nothing_behind_it(
    database: str, time: DatabaseTime, log: EventLog
) -> None:
    office = Office(log)
    project = await office.project()
    await asyncio.gather(*[office.hold(artist, project, DAY) for artist in [await office.artist() for _ in range(510)]])
    await catch_up(database)
    time.move(FORTNIGHT)
    selected = list[str]()
    async with clock(database, log, selected.append) as records:
        await records.record()
        await records.record()
        late = await office.hold(await office.artist(), project, DAY)
        assert selected == ["clock.after_select", "clock.after_append"] * 2
        await catch_up(database)
        time.move(FORTNIGHT)
        await records.record()
    assert [lapse["hold_id"] for lapse in recorded(database)].count(late) == 1
    assert len(recorded(database)) == 511


@pytest.mark.parametrize("place", ["clock.after_select", "clock.after_append"])
async def test_killed_anywhere_it_records_what_is_left_the_next_time(
    database: str, time: DatabaseTime, log: EventLog, place: str
) -> None:
    office = Office(log)
    await office.hold(await office.artist(), await office.project(), DAY)
    await catch_up(database)
    time.move(FORTNIGHT)

    def drop(name: str) -> None:
        if name == place:
            raise Dropped

    async with clock(database, log, drop) as records:
        with pytest.raises(Dropped):
            await records.record()
    async with clock(database, log) as records:
        await records.record()
    assert len(recorded(database)) == 1


async def test_a_calendar_that_is_refused_holds_up_nobody_else(
    database: str, time: DatabaseTime, log: EventLog
) -> None:
    office = Office(log)
    project, artists = await office.project(), [await office.artist() for _ in range(3)]
    for artist in artists:
        await office.hold(artist, project, DAY)
    await catch_up(database)
    time.move(FORTNIGHT)

    def refuse(subject: Stream[Any]) -> None:
        if subject.id == artists[1]:
            raise Refused("A defect.")

    metrics = ClockMetrics()
    async with projector_pool(database) as pool:
        records = Clock(log=FailingLog(log, refuse), pool=pool, notices=nobody(), failpoint=nowhere, meter=metrics)
        await records.record()
        await records.record()
    assert len(recorded(database)) == 2
    async with clock(database, log) as records:
        await records.record()
    assert len(recorded(database)) == 3


async def test_an_instant_that_has_not_come_for_the_decision_is_tried_again(
    database: str, time: DatabaseTime, log: EventLog
) -> None:
    office = Office(log)
    await office.hold(await office.artist(), await office.project(), DAY)
    await catch_up(database)
    time.move(FORTNIGHT)

    selected = list[str]()

    def set_back(name: str) -> None:
        selected.append(name)
        if len(selected) == 1:
            time.move(timedelta(hours=-1))

    async with clock(database, log, set_back) as records:
        assert await records.record() == pytest.approx(0.5)
        assert recorded(database) == []
        time.move(timedelta(hours=1))
        await records.record()
    assert len(recorded(database)) == 1


async def test_a_challenge_that_nobody_answered_is_lost_though_nobody_looks(
    database: str, time: DatabaseTime, log: EventLog
) -> None:
    office = Office(log)
    artist = await office.artist()
    silent = await office.hold(artist, await office.project(), DAY)
    challenger = await office.hold(artist, await office.project(), DAY)
    await office.challenge(challenger)
    await catch_up(database)
    async with clock(database, log) as records:
        time.move(timedelta(hours=24))
        await records.record()
        (ended,) = recorded(database, "calendar.challenge_ended.v1")
        assert (ended["outcome"], ended["hold_id"]) == ("won", challenger)
        await catch_up(database)
        time.move(timedelta(hours=48))
        await records.record()
    because = {lapse["hold_id"]: lapse["because"] for lapse in recorded(database)}
    assert because == {silent: "challenge", challenger: "commitment"}


async def test_an_artist_who_does_not_respond_has_declined(database: str, time: DatabaseTime, log: EventLog) -> None:
    office = Office(log)
    artist = await office.artist(consent="freelancer")
    await office.hold(artist, await office.project(), DAY)
    await catch_up(database)
    time.move(timedelta(hours=48))
    async with clock(database, log) as records:
        await records.record()
    assert [lapse["because"] for lapse in recorded(database)] == ["no_response"]


async def test_it_wakes_for_an_instant_that_a_notice_has_told_it_of(
    database: str, time: DatabaseTime, log: EventLog
) -> None:
    told = asyncio.Queue[str]()

    async def notices() -> AsyncGenerator[str, None]:
        while True:
            yield await told.get()

    office = Office(log)
    appended = asyncio.Event()
    async with projector_pool(database) as pool:

        def failpoint(name: str) -> None:
            if name == "clock.after_append":
                appended.set()

        running = asyncio.create_task(
            Clock(log=log, pool=pool, notices=notices(), failpoint=failpoint, meter=ClockMetrics()).run(), name="clock"
        )
        await office.hold(await office.artist(), await office.project(), DAY)
        await catch_up(database)
        time.move(FORTNIGHT)
        await told.put('{"projection": "holds", "reached": {}}')
        await told.put('{"projection": "overdue", "reached": {}}')
        async with asyncio.timeout(4):  # it would look by itself after five seconds
            await appended.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert len(recorded(database)) == 1
