"""What follows from a decision is done whole, wherever the process that does it is killed."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from pydantic_core import from_json, to_json

from commands.booking_changes import PostponeBooking, postpone_booking
from commands.job import OpenJob, open_a_job
from commands.project import CancelProject, cancel_project
from consumers.following import Follower
from consumers.notices import notices
from consumers.positions import Step
from domain.errors import Refused
from domain.project import ProjectNotOpen
from infra.event_log import EventLog
from infra.postgres import projector_pool
from projections.following import PROJECTION
from tests.consumers.failing_log import FailingLog
from tests.flow.office import Office, catch_up, days, open_log

pytestmark = pytest.mark.anyio

DAY = days("2035-03-01")
PLACES = (
    "following.after_select",
    "following.after_step",
    "following.before_mark",
    "following.after_mark",
    "a command",
)


class Dropped(Exception):
    """What a failpoint raises here."""


def nowhere(_: str) -> None:
    pass


async def nobody() -> AsyncGenerator[str, None]:
    return
    yield ""


@asynccontextmanager
async def following(
    database: str, log: EventLog, failpoint: Callable[[str], None] = nowhere
) -> AsyncIterator[Follower]:
    async with projector_pool(database) as pool:
        yield Follower(
            log=FailingLog(log, lambda _: failpoint("a command")), pool=pool, notices=nobody(), failpoint=failpoint
        )


@pytest.fixture
async def log(database: str) -> AsyncIterator[EventLog]:
    async with open_log(database) as log:
        yield log


@pytest.fixture
def office(log: EventLog) -> Office:
    return Office(log)


async def job(office: Office, project: str, quantity: int) -> str:
    command = OpenJob.model_validate_json(to_json({"role": "compositor", "periods": DAY, "quantity": quantity}))
    outcome = await open_a_job(office.log, office.context(), project, command)
    return str(from_json(outcome.body)["id"])


async def cancel(office: Office, project: str) -> None:
    await cancel_project(office.log, office.context(), project, CancelProject(reason="the client withdrew"))


def recorded(database: str, *kinds: str) -> list[dict[str, Any]]:
    """The events of these kinds, with their streams and who recorded them because of what."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT data::jsonb || jsonb_build_object('stream', stream, 'actor', actor, 'causation', causation_id) "
            "FROM events WHERE event_type = ANY (%s) ORDER BY seq",
            [list(kinds)],
        ).fetchall()
    return [data for (data,) in rows]


def let_go(database: str) -> Counter[str]:
    """How often what was let go of: by hold, booking and job."""
    ended = recorded(database, "hold.released.v1", "booking.cancelled.v1", "job.closed.v1")
    return Counter(event["stream"].partition("/")[2] for event in ended)


async def test_the_other_alternatives_are_released_once_enough_are_confirmed(database: str, office: Office) -> None:
    project = await office.project()
    wanted, group = await job(office, project, 1), {"id": str(uuid4()), "kind": "any_of"}
    holds = [await office.hold(await office.artist(), project, DAY, job_id=wanted, group=group) for _ in range(4)]
    await office.confirm(holds[1])
    await catch_up(database)
    async with following(database, office.log) as follower:
        await follower.carry_out([office.tenant_id])
    assert let_go(database) == Counter([holds[0], holds[2], holds[3]])
    (decided,) = recorded(database, "job.group_decided.v1")
    released = recorded(database, "hold.released.v1")
    assert {event["actor"] for event in released} == {"following"}
    assert len({event["causation"] for event in released}) == 1
    assert decided["outcome"] == "filled"


async def test_a_broken_run_lets_go_of_its_holds_and_cancels_its_bookings(database: str, office: Office) -> None:
    project = await office.project()
    wanted, group = await job(office, project, 3), {"id": str(uuid4()), "kind": "all_of"}
    holds = [await office.hold(await office.artist(), project, DAY, job_id=wanted, group=group) for _ in range(3)]
    booking = await office.confirm(holds[0])
    await office.release(holds[1])
    await catch_up(database)
    async with following(database, office.log) as follower:
        await follower.carry_out([office.tenant_id])
    assert let_go(database) == Counter([holds[1], holds[2], booking])


async def in_a_project(office: Office) -> tuple[str, list[str]]:
    """A project, and all that is in it: jobs, holds and bookings, one of these postponed until further notice."""
    project = await office.project()
    jobs = [await job(office, project, 5) for _ in range(2)]
    holds = [await office.hold(await office.artist(), project, DAY, job_id=jobs[0]) for _ in range(5)]
    bookings = [await office.confirm(await office.hold(await office.artist(), project, DAY)) for _ in range(3)]
    await postpone_booking(office.log, office.context(), bookings[0], PostponeBooking())
    return project, [*jobs, *holds, *bookings]


async def test_cancelling_a_project_lets_go_of_everything_in_it_and_of_nothing_else(
    database: str, office: Office
) -> None:
    project, inside = await in_a_project(office)
    _, outside = await in_a_project(office)
    await cancel(office, project)
    with pytest.raises(ProjectNotOpen):
        await office.hold(await office.artist(), project, DAY)
    await catch_up(database)
    async with following(database, office.log) as follower:
        await follower.carry_out([office.tenant_id])
        await follower.carry_out([office.tenant_id])
    assert let_go(database) == Counter(inside)
    assert not let_go(database).keys() & set(outside)


@pytest.mark.parametrize("place", PLACES)
async def test_killed_anywhere_it_ends_what_it_began(database: str, office: Office, place: str) -> None:
    project, inside = await in_a_project(office)
    await cancel(office, project)
    await catch_up(database)
    passed = Counter[str]()

    def drop(name: str) -> None:
        passed[name] += 1
        if name == place and passed[name] % 3 == 1:
            raise Dropped

    lives = 0
    for lives in range(1, 20):  # noqa: B007 - how many it took
        async with following(database, office.log, drop) as follower:
            try:
                await follower.carry_out([office.tenant_id])
            except Dropped:
                continue
            break
    assert lives > 1
    assert let_go(database) == Counter(inside)


async def test_two_of_them_do_everything_once(database: str, office: Office) -> None:
    decided = [await in_a_project(office) for _ in range(3)]
    for project, _ in decided:
        await cancel(office, project)
    await catch_up(database)
    async with (
        open_log(database) as another,
        following(database, office.log) as one,
        following(database, another) as other,
    ):
        await asyncio.gather(one.carry_out([office.tenant_id]), other.carry_out([office.tenant_id]))
        await one.carry_out([office.tenant_id])
    assert let_go(database) == Counter(id for _, inside in decided for id in inside)


async def test_a_read_model_made_anew_makes_nothing_happen_again(database: str, office: Office) -> None:
    project, inside = await in_a_project(office)
    await cancel(office, project)
    await catch_up(database)
    async with following(database, office.log) as follower:
        await follower.carry_out([office.tenant_id])
    before = recorded(database, "hold.released.v1")
    with psycopg.connect(database) as connection:
        connection.execute("TRUNCATE decisions, project_contents")
        connection.execute("DELETE FROM positions WHERE projection = 'following'")
    await catch_up(database)
    selected = list[str]()
    async with following(database, office.log, selected.append) as follower:
        await follower.carry_out([office.tenant_id])
    assert selected == []
    assert recorded(database, "hold.released.v1") == before
    assert let_go(database) == Counter(inside)


async def test_a_tenant_whose_step_is_refused_holds_up_nobody_else(database: str, log: EventLog) -> None:
    offices = [Office(log, name) for name in ("acme", "other")]
    inside = dict[str, list[str]]()
    for office in offices:
        project, inside[office.tenant_id] = await in_a_project(office)
        await cancel(office, project)
    await catch_up(database)

    def refuse(name: str) -> None:
        if name == "a command" and refused:
            raise Refused("A defect.")

    stuck, fine = (office.tenant_id for office in offices)
    refused = True
    async with following(database, log, refuse) as follower:
        await follower.carry_out([stuck])
        assert not let_go(database).keys() & {*inside[stuck], *inside[fine]}
        refused = False
        await follower.carry_out([fine])
        assert let_go(database) == Counter(inside[fine])
        await follower.carry_out([stuck, fine])
    assert let_go(database) == Counter([*inside[stuck], *inside[fine]])


async def test_it_carries_out_what_a_notice_tells_of(database: str, office: Office) -> None:
    told, marked = asyncio.Queue[str](), asyncio.Event()

    async def heard() -> AsyncGenerator[str, None]:
        while True:
            yield await told.get()

    def failpoint(name: str) -> None:
        if name == "following.after_mark":
            marked.set()

    async with projector_pool(database) as pool:
        running = asyncio.create_task(Follower(log=office.log, pool=pool, notices=heard(), failpoint=failpoint).run())
        project, inside = await in_a_project(office)
        await told.put("")
        await cancel(office, project)
        await catch_up(database)
        for projection in ("holds", PROJECTION.name):
            for notice in notices([Step(office.tenant_id, projection, 0, 99)]):
                await told.put(notice)
        async with asyncio.timeout(20):
            await marked.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert let_go(database) == Counter(inside)
