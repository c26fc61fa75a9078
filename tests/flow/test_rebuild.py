"""A read model is made anew while it is read and written: right at the switch, and never seen half built."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
import pytest
from httpx import AsyncClient

from infra.catalogue import PROJECTIONS
from infra.projecting import project
from infra.rebuilding import RebuildRefused, rebuild
from infra.rebuilding_together import HelperEnded, rebuild_together
from infra.verify import verify
from projections import holds
from projections.projection import Projection
from tests.flow.office import Office, catch_up, days, open_log
from tests.infra.command_line import TOOL, environment_with, run
from tests.read_api.client import asking, get, open_client

pytestmark = pytest.mark.anyio

WRONG = ("UPDATE holds SET status = 'lapsed'", "DELETE FROM artist_calendar", "UPDATE projects SET name = 'Shark'")


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


@pytest.fixture
async def client(database: str) -> AsyncIterator[AsyncClient]:
    async with open_client(database) as client:
        yield client


async def work(office: Office, *, holds: int = 6) -> tuple[str, str]:
    """Two thirds of the holds are released again."""
    artist, project_id = await office.artist(), await office.project()
    for n in range(holds):
        hold = await office.hold(artist, project_id, days(f"2031-03-{1 + n % 28:02}"))
        if n % 3:
            await office.release(hold)
    return artist, project_id


async def four_offices(database: str) -> None:
    async with open_log(database) as log:
        for name in ("one", "two", "three", "four"):
            await work(Office(log, name))
    await catch_up(database)


async def broken(database: str) -> list[str]:
    return [str(verdict) async for verdict in verify(database, lambda *_: None) if not verdict.ok]


def tamper(database: str, *statements: str) -> None:
    with psycopg.connect(database) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount


def left_behind(database: str) -> int:
    """Rows in the schema where read models are built."""
    with psycopg.connect(database) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'rebuilding'::regnamespace AND relkind = 'r'"
            )
        ]
        assert {table.name for projection in PROJECTIONS for table in projection.tables} < set(names)
        counts = [connection.execute(f"SELECT count(*) FROM rebuilding.{name}").fetchone() for name in names]  # noqa: S608
    return sum(count[0] for count in counts if count)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
async def test_whatever_was_wrong_is_right_afterwards_and_counted(
    office: Office, database: str, projection: Projection
) -> None:
    for one in (office, Office(office.log, "other")):
        await work(one)
    await catch_up(database)
    tamper(database, *WRONG)
    compared = await rebuild(database, projection, None, lambda *_: None)
    wrong = {"holds": 12, "artist_calendar": 4, "directory": 2}.get(projection.name, 0)
    assert compared.differences == wrong
    assert not [line for line in await broken(database) if f" {projection.name} " in line]
    assert (await rebuild(database, projection, None, lambda *_: None)).differences == 0
    assert left_behind(database) == 0


async def test_of_one_tenant_only_that_one_is_made_anew(office: Office, database: str) -> None:
    other = Office(office.log, "other")
    await work(office)
    await work(other)
    await catch_up(database)
    tamper(database, WRONG[0])
    compared = await rebuild(database, holds.PROJECTION, other.tenant_id, lambda *_: None)
    assert (compared.rows, compared.differences) == (6, 6)
    assert (await rebuild(database, holds.PROJECTION, None, lambda *_: None)).differences == 6
    assert left_behind(database) == 0


async def test_while_it_is_written_and_read_no_read_sees_less_than_before(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, project_id = await work(office, holds=30)
    await catch_up(database)
    march = {"from": "2031-03-01", "until": "2031-03-31"}
    headers, stop, seen = asking(office.tenant_id), asyncio.Event(), list[int]()
    projecting = asyncio.create_task(project(database))

    async def write() -> int:
        written = 0
        while not stop.is_set():
            await office.release(await office.hold(artist, project_id, days(f"2032-05-{1 + written % 28:02}")))
            written += 1
        return written

    async def read() -> None:
        while not stop.is_set():
            page = await get(client, "/v1/holds", headers, limit=30)
            assert len(page["items"]) == 30
            found = await get(client, f"/v1/artists/{artist}/calendar", headers, **march)
            seen.append(len(found["holds"]))

    writing, reading = asyncio.create_task(write()), asyncio.create_task(read())
    for projection in PROJECTIONS:
        assert (await rebuild(database, projection, None, lambda *_: None)).differences == 0
    stop.set()
    assert await writing
    await reading
    assert set(seen) == {10}
    projecting.cancel()
    with suppress(asyncio.CancelledError):
        await projecting
    assert await broken(database) == []


@pytest.mark.parametrize(
    "place", ["projector.before_commit", "projector.after_commit", "rebuild.before_switch", "rebuild.after_switch"]
)
async def test_killed_anywhere_the_next_run_goes_on(office: Office, database: str, place: str) -> None:
    for one in (office, Office(office.log, "other")):
        await work(one)
    await catch_up(database)
    tamper(database, WRONG[0])
    killed = run("rebuild", "holds", DATABASE_URL=database, FAILPOINTS=f"{place}=kill")
    assert killed.returncode == -signal.SIGKILL
    again = run("rebuild", "holds", DATABASE_URL=database)
    left = 0 if place == "rebuild.after_switch" else 12
    assert again.stdout.splitlines()[-1] == f"holds: {12 if left else 0} rows, of the old ones {left} were wrong"
    assert await broken(database) == []
    assert left_behind(database) == 0


def test_several_processes_make_it_anew_together(database: str) -> None:
    asyncio.run(four_offices(database))
    tamper(database, WRONG[0])
    told = list[tuple[int, int]]()
    compared = rebuild_together(
        database, holds.PROJECTION, None, lambda *events: told.append(events), processes=3, worth=1
    )
    assert (compared.rows, compared.differences) == (24, 24)
    assert told[-1][0] == told[-1][1] > 0
    assert left_behind(database) == 0
    assert asyncio.run(broken(database)) == []


def test_a_helper_that_dies_ends_the_rebuild_and_the_next_run_goes_on(database: str) -> None:
    asyncio.run(four_offices(database))
    tamper(database, WRONG[0])

    def kill(*_: int) -> None:
        for helper in multiprocessing.active_children():
            helper.kill()

    with psycopg.connect(database) as nobody_switches:
        nobody_switches.execute("SELECT FROM positions FOR UPDATE")
        with pytest.raises(HelperEnded, match="run it again"):
            rebuild_together(database, holds.PROJECTION, None, kill, processes=2, worth=1)
    compared = rebuild_together(database, holds.PROJECTION, None, lambda *_: None, processes=2, worth=1)
    assert (compared.rows, compared.differences) == (24, 24)
    assert left_behind(database) == 0


async def test_what_other_code_has_begun_is_not_gone_on_with(office: Office, database: str) -> None:
    await work(office)
    await catch_up(database)
    assert run("rebuild", "holds", DATABASE_URL=database, FAILPOINTS="rebuild.before_switch=kill").returncode
    tamper(
        database, "UPDATE rebuilding.runs SET code = 'of yesterday'", "UPDATE rebuilding.holds SET status = 'lapsed'"
    )
    assert (await rebuild(database, holds.PROJECTION, None, lambda *_: None)).differences == 0
    assert await broken(database) == []


async def test_who_was_switched_in_a_run_that_was_interrupted_can_be_made_anew_alone(
    office: Office, database: str
) -> None:
    await work(office)
    await catch_up(database)
    assert run("rebuild", "holds", DATABASE_URL=database, FAILPOINTS="rebuild.after_switch=kill").returncode
    tamper(database, WRONG[0], "UPDATE rebuilding.holds SET hold_id = gen_random_uuid()")
    assert (await rebuild(database, holds.PROJECTION, office.tenant_id, lambda *_: None)).differences == 6
    assert await broken(database) == []


async def test_a_backup_that_reads_the_copy_keeps_nobody_waiting(office: Office, database: str) -> None:
    await work(office)
    await catch_up(database)
    with psycopg.connect(database) as backup:
        backup.execute("LOCK TABLE rebuilding.holds IN ACCESS SHARE MODE")
        assert (await rebuild(database, holds.PROJECTION, None, lambda *_: None)).differences == 0
    assert left_behind(database) == 0


async def test_two_at_once_are_one_too_many(office: Office, database: str) -> None:
    await work(office)
    await catch_up(database)
    stopped = environment_with({"DATABASE_URL": database, "FAILPOINTS": "rebuild.before_switch=stop:1:60"})
    first = await asyncio.create_subprocess_exec(*TOOL, "rebuild", "holds", env=stopped)
    await asyncio.to_thread(os.waitid, os.P_PID, first.pid, os.WSTOPPED | os.WNOWAIT)
    with pytest.raises(RebuildRefused, match="is being rebuilt already"):
        await rebuild(database, holds.PROJECTION, None, lambda *_: None)
    first.kill()
    await first.wait()
