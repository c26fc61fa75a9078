"""`production-tool rederive`: the calendars of every tenant, by the zones' rules of today."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from commands.artist import AddArtist, add_artist
from commands.context import Context
from commands.job import OpenJob, open_a_job
from commands.log import Decided, States
from commands.project import OpenProject, open_a_project
from domain.calendar import CALENDAR, TimeBooked
from domain.claims import held
from domain.ids import tenant_id
from domain.job import JOB
from domain.periods import Days
from domain.spans import whole_days
from infra.catalogue import EVENTS
from infra.event_log import EventLog
from infra.mapper import Mapper
from infra.rederive import rederive_all
from tests.infra.command_line import run
from tests.zones import read_as

pytestmark = pytest.mark.anyio

ACME, OTHER = tenant_id("https://issuer.test", "acme"), tenant_id("https://issuer.test", "other")


@pytest.fixture
async def log(database: str) -> AsyncIterator[EventLog]:
    log = EventLog(database, Mapper(EVENTS))
    yield log
    await log.close()


def context(tenant: str) -> Context:
    key = str(uuid4())
    return Context(
        tenant_id=tenant,
        actor="maria",
        permissions=frozenset(),
        key=key,
        fingerprint=key.encode()[:32],
        correlation_id="test",
    )


async def booked_in_other_times(log: EventLog, tenant: str, day: int, hours: int) -> tuple[str, str]:
    """A booking of a day of March 2067 on an artist's calendar, recorded when Berlin was to be so far further east."""
    artist, booking = str(uuid4()), str(uuid4())
    await add_artist(log, context(tenant), AddArtist(id=artist, name="Ada", time_zone="Europe/Berlin"))
    await book(log, tenant, artist, booking, day=day, hours=hours)
    return artist, booking


async def opened_in_other_times(log: EventLog, tenant: str, day: int) -> str:
    """A job for a day of March 2067, opened when Berlin was to be as far east as Moscow."""
    project, job = str(uuid4()), str(uuid4())
    await open_a_project(log, context(tenant), OpenProject(id=project, name="Film", time_zone="Europe/Berlin"))
    on = Days(first_day=date(2067, 3, day), last_day=date(2067, 3, day))
    with read_as("Europe/Berlin", "Europe/Moscow"):
        await open_a_job(log, context(tenant), project, OpenJob(id=job, role="compositor", periods=(on,)))
    return job


async def book(log: EventLog, tenant: str, artist: str, booking: str, *, day: int, hours: int) -> None:
    span = whole_days(date(2067, 3, day), date(2067, 3, day), "Europe/Berlin")
    ahead = timedelta(hours=hours)
    span = replace(span, starts_at=span.starts_at - ahead, ends_at=span.ends_at - ahead)
    stream = CALENDAR.stream(artist)
    event = TimeBooked(booking_id=booking, project_id=str(uuid4()), spans=(held(span, 0),))

    def decision(states: States, _: datetime) -> Decided:
        assert states.version(stream) >= 0
        return Decided({stream: [event]})

    await log.decide(context(tenant), stream, (), decision)


async def test_calendars_of_every_tenant_are_worked_out_again_once(log: EventLog, database: str) -> None:
    ours, booking = await booked_in_other_times(log, ACME, 1, hours=1)
    await booked_in_other_times(log, OTHER, 1, hours=2)
    job = await opened_in_other_times(log, OTHER, 1)
    told: list[tuple[int, int]] = []
    report = await rederive_all(database, lambda *progress: told.append(progress))
    assert str(report) == "2 calendars, 1 jobs: 2 claims and 1 jobs lie at other instants, 0 clash"
    assert told == [(1, 3), (2, 3), (3, 3)]
    later = EventLog(database, Mapper(EVENTS))  # the other one has what it remembers
    (claim,) = (await later.state(ACME, CALENDAR.stream(ours))).bookings.values()
    line = await later.state(OTHER, JOB.stream(job))
    await later.close()
    assert line.spans == (whole_days(date(2067, 3, 1), date(2067, 3, 1), "Europe/Berlin"),)
    assert claim.booking_id == booking
    assert claim.spans[0].starts_at == whole_days(date(2067, 3, 1), date(2067, 3, 1), "Europe/Berlin").starts_at
    again = await rederive_all(database, lambda *_: None)
    assert str(again) == "2 calendars, 1 jobs: 0 claims and 0 jobs lie at other instants, 0 clash"


async def test_the_command_line_names_what_clashes_now(log: EventLog, database: str) -> None:
    artist, first = await booked_in_other_times(log, ACME, 2, hours=24)
    second = str(uuid4())
    await book(log, ACME, artist, second, day=2, hours=0)
    done = run("rederive", DATABASE_URL=database)
    assert (done.returncode, done.stderr) == (0, "")
    one, other = sorted([first, second])
    assert done.stdout.splitlines() == [
        "1 calendars, 0 jobs: 1 claims and 0 jobs lie at other instants, 1 clash",
        f"tenant {ACME}, artist {artist}: bookings {one} and {other} share time now; reschedule or cancel one",
    ]
