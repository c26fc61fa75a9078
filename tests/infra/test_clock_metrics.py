"""What the clock tells of itself: how much is due, since when, and what it has recorded."""

import subprocess
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from commands.log import LogUnavailable
from consumers.clock import Clock
from domain.decider import Stream
from infra.address import free_port
from infra.clock_metrics import ClockMetrics
from infra.embedded_guard import until
from infra.postgres import projector_pool
from tests.consumers.failing_log import FailingLog
from tests.database_time import DatabaseTime
from tests.flow.office import Office, catch_up, days, open_log
from tests.infra.command_line import TOOL, environment_with

pytestmark = pytest.mark.anyio


async def nobody() -> AsyncGenerator[str, None]:
    return
    yield ""


async def test_what_is_due_is_told_until_it_is_recorded(database: str) -> None:
    metrics, time = ClockMetrics(), DatabaseTime(database)
    found = metrics.registry.get_sample_value
    failing = True

    def fail(_: Stream[Any]) -> None:
        if failing:
            raise LogUnavailable

    async with open_log(database) as log, projector_pool(database) as pool:
        office = Office(log)
        project = await office.project()
        for _ in range(3):
            await office.hold(await office.artist(), project, days("2035-03-01"))
        await catch_up(database)
        time.move(timedelta(days=14, hours=1))
        clock = Clock(log=FailingLog(log, fail), pool=pool, notices=nobody(), failpoint=lambda _: None, meter=metrics)
        await clock.record()
        assert found("clock_due_calendars") == 3
        assert (found("clock_due_seconds") or 0) >= 3600
        assert found("clock_recorded_total") == 0
        failing = False
        await clock.record()
    assert found("clock_due_calendars") == found("clock_due_seconds") == 0
    assert found("clock_recorded_total") == 3
    assert found("clock_turns_total") == 2


def test_the_process_answers_on_a_port_of_its_own(database: str) -> None:
    port = free_port("127.0.0.1")

    def turned() -> bool:
        try:
            text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        except httpx.TransportError:
            return False
        return "clock_turns_total" in text and "clock_turns_total 0.0" not in text

    command = [*TOOL, "clock", "--metrics-port", str(port)]
    with subprocess.Popen(command, env=environment_with({"DATABASE_URL": database})) as process:
        assert until(turned, 30)
        process.terminate()
        assert process.wait(30) == 0
