"""Working days are each tenant's own: told over HTTP, and kept by the clock at the very instant."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from consumers.clock import Clock
from infra.clock_metrics import ClockMetrics
from infra.postgres import projector_pool
from tests.clients import Client, api
from tests.consumers.test_clock import nobody, nowhere
from tests.database_time import DatabaseTime
from tests.flow.office import catch_up, open_log

pytestmark = pytest.mark.anyio

MAUNDY_THURSDAY = datetime(2027, 3, 25, 10, tzinfo=UTC)
"""Good Friday and Easter Monday are public holidays in Germany and none in the United States."""
ONE_DAY = {"amount": 1, "unit": "working_days"}


async def challenged(client: Client, policy: dict[str, Any]) -> dict[str, Any]:
    """What the challenger of a hold in Berlin is told under `policy`."""
    adopted = await client.send("/v1/policy", policy, method="PUT")
    assert adopted.is_success, adopted.text
    artist, film, spot = await client.artist(), await client.project(), await client.project()
    later = [{"first_day": "2027-06-01", "last_day": "2027-06-02"}]
    await client.hold(artist, film, periods=later)
    challenger = await client.hold(artist, spot, periods=later)
    answer = await client.send(f"/v1/holds/{challenger}/challenge")
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()["answer_by"]
    return told


async def test_each_tenant_has_its_own_working_days(database: str, data: Path) -> None:
    time = DatabaseTime(database)
    time.move_to(MAUNDY_THURSDAY)
    policies: dict[str, tuple[dict[str, Any], str]] = {
        # Over two public holidays, a weekend and the beginning of summer time.
        "a preset": ({"preset": "models-de-1wd"}, "2027-03-30T09"),
        "another country": ({"window": ONE_DAY, "working_calendar": {"country": "US"}}, "2027-03-26T10"),
        "no country": ({"preset": "arena-72h"}, "2027-03-30T09"),
        "another weekend": ({"window": ONE_DAY, "working_calendar": {"weekend": [5, 6]}}, "2027-03-28T09"),
    }
    async with api(data, database=database) as running:
        told = {
            tenant: (await challenged(running.client("admin", tenant=tenant), policy))["at"][:13]
            for tenant, (policy, _) in policies.items()
        }
    assert told == {tenant: expected for tenant, (_, expected) in policies.items()}


async def test_the_clock_keeps_to_them(database: str, data: Path) -> None:
    time = DatabaseTime(database)
    time.move_to(MAUNDY_THURSDAY)
    async with api(data, database=database) as running:
        answer_by = await challenged(running.client("admin"), {"preset": "models-de-1wd"})
    await catch_up(database)
    ended = list[int]()
    async with open_log(database) as log, projector_pool(database) as pool:
        clock = Clock(log=log, pool=pool, notices=nobody(), failpoint=nowhere, meter=ClockMetrics())
        for early in (timedelta(seconds=30), timedelta(0)):
            time.move_to(datetime.fromisoformat(answer_by["at"]) - early)
            await clock.record()
            with psycopg.connect(database) as connection:
                found = connection.execute(
                    "SELECT count(*) FROM events WHERE event_type = 'calendar.challenge_ended.v1'"
                ).fetchone()
                assert found
                ended.append(found[0])
    assert answer_by["zone"] == "Europe/Berlin"
    assert ended == [0, 1]
