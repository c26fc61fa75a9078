"""A company, and somebody who looks at it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from httpx import AsyncClient, Response

from infra.event_log import EventLog
from tests.flow.office import Office, catch_up, open_log
from tests.read_api.client import asking, get, open_client


@dataclass
class Scene:
    """An office with an artist and a project, and a client of its reads."""

    database: str
    log: EventLog
    client: AsyncClient
    office: Office
    artist: str
    project: str

    @property
    def other(self) -> Office:
        """Another tenant."""
        return Office(self.log, "other")

    @property
    def staff(self) -> dict[str, str]:
        """The headers of somebody who may see all but the whole log."""
        return asking(self.office.tenant_id, "viewer")

    @property
    def auditor(self) -> dict[str, str]:
        """The headers of somebody who may see the log."""
        return asking(self.office.tenant_id, "auditor")

    def itself(self, artist_id: str) -> dict[str, str]:
        """The headers of an artist."""
        return asking(self.office.tenant_id, "artist", artist_id)

    async def see(self, path: str, **query: Any) -> Any:  # noqa: ANN401
        """What a read shows staff once the read models have caught up."""
        await catch_up(self.database)
        return await get(self.client, path, self.staff, **query)

    async def ids(self, path: str, **query: Any) -> list[str]:  # noqa: ANN401
        """Whose ids are on a list's first page."""
        return [one["id"] for one in (await self.see(path, **query))["items"]]

    async def answer(self, path: str, who: dict[str, str] | None = None, /, **query: Any) -> Response:  # noqa: ANN401
        """What a read answers somebody, staff if nobody is named, whatever it is."""
        await catch_up(self.database)
        return await self.client.get(path, headers=who or self.staff, params=query)

    def run_out(self, at: datetime) -> None:
        """Let every clock that runs for a hold have run out at an instant, as if it had been set so."""
        with psycopg.connect(self.database) as connection:
            connection.execute(
                """
                UPDATE artist_calendar
                SET ends_by = %(at)s,
                    claim = jsonb_set(claim::jsonb, '{limits,after_placing,at}', to_jsonb(%(at)s))
                WHERE kind = 'hold'
                """,
                {"at": at},
            )

    async def not_there(self, path: str, unknown: str) -> None:
        """See that a thing of this tenant answers another like one that there never was."""
        await catch_up(self.database)
        stranger = asking(self.other.tenant_id)
        theirs = await self.client.get(path, headers=stranger)
        none = await self.client.get(unknown, headers=stranger)
        assert theirs.status_code == none.status_code == 404
        assert theirs.content == none.content


@asynccontextmanager
async def open_scene(database: str, name: str = "acme") -> AsyncIterator[Scene]:
    async with open_log(database) as log, open_client(database) as client:
        office = Office(log, name)
        yield Scene(database, log, client, office, await office.artist(), await office.project())
