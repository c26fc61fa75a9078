"""An event that no read model can apply: what is shown, what `verify` says, and how it is made up for."""

from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest
from httpx import AsyncClient

from domain.hold import HoldReleased
from infra.verify import verify
from tests.consumers.recording import record
from tests.flow.office import Office, catch_up, days, open_log
from tests.infra.command_line import run
from tests.read_api.client import asking, get, open_client

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with open_log(database) as log:
        yield Office(log)


@pytest.fixture
async def client(database: str) -> AsyncIterator[AsyncClient]:
    async with open_client(database) as client:
        yield client


async def v7(database: str) -> tuple[bool, str]:
    (verdict,) = [verdict async for verdict in verify(database, lambda *_: None) if verdict.name == "V7"]
    return verdict.ok, str(verdict)


async def spoil(database: str, office: Office, hold_id: str) -> None:
    """Release a hold that nobody has placed: a log that no rule of ours would write."""
    record(database, office.tenant_id, (f"hold/{hold_id}", HoldReleased()))
    await catch_up(database)


async def test_reads_of_what_is_parked_answer_503_and_all_others_go_on(
    office: Office, client: AsyncClient, database: str
) -> None:
    artist, project = await office.artist(), await office.project()
    hold, spoilt = await office.hold(artist, project, days("2031-03-03")), str(uuid4())
    await spoil(database, office, spoilt)
    headers = asking(office.tenant_id)
    for path in (f"/v1/holds/{spoilt}", "/v1/holds"):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "stream_parked")
        assert answer.headers["retry-after"]
    assert (await get(client, f"/v1/holds/{hold}", headers))["id"] == hold
    assert (await get(client, "/v1/artists", headers))["items"]
    assert (await get(client, "/v1/holds", asking(Office(office.log, "other").tenant_id)))["items"] == []


async def test_verify_counts_what_is_parked_and_finds_what_went_on_without_it(office: Office, database: str) -> None:
    spoilt = str(uuid4())
    await spoil(database, office, spoilt)
    assert await v7(database) == (
        True,
        "V7 read models equal a replay … ok (1 events, 1 tenants, 2 rows, 1 events parked)",
    )
    record(database, office.tenant_id, (f"hold/{spoilt}", HoldReleased()))
    await catch_up(database)
    with psycopg.connect(database) as connection:
        connection.execute("DELETE FROM parked WHERE seq = 2")
    ok, line = await v7(database)
    assert not ok
    assert "seq 2 of" in line


async def test_the_command_line_lists_shows_and_retries(office: Office, database: str) -> None:
    spoilt = str(uuid4())
    await spoil(database, office, spoilt)
    listed = run("parked", "list", DATABASE_URL=database)
    assert listed.returncode == 0
    assert listed.stdout.startswith(f"holds  {office.tenant_id}  seq 1  hold/{spoilt}  hold.released.v1  LookupError: ")
    assert run("parked", "list", "--tenant", "acme", DATABASE_URL=database).stdout == "nothing is parked\n"
    shown = run("parked", "show", office.tenant_id, "1", DATABASE_URL=database)
    assert '"stream": "hold/' in shown.stdout
    unknown = run("parked", "show", office.tenant_id, "2", DATABASE_URL=database)
    assert unknown.stderr == f"production-tool: seq 2 of {office.tenant_id} is not parked\n"
    retried = run("parked", "retry", "holds", DATABASE_URL=database)
    assert retried.returncode == 1
    assert retried.stdout == f"holds  {office.tenant_id}  0 applied, 1 still parked\n"
    assert run("parked", "retry", "directory", DATABASE_URL=database).stdout == "nothing is parked\n"
