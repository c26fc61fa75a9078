"""Ending when told: also when Python has forgotten it."""

import asyncio

import pytest

from consumers.told import end_if_told


@pytest.mark.anyio
async def test_a_cancellation_that_was_lost_on_the_way_is_raised_again() -> None:
    gone_on = []

    async def loses_it() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            gone_on.append("as if nothing had been said")
        end_if_told()
        gone_on.append("for ever")

    async with asyncio.TaskGroup() as group:
        task = group.create_task(loses_it())
        await asyncio.sleep(0)
        task.cancel()
    assert gone_on == ["as if nothing had been said"]


@pytest.mark.anyio
async def test_whoever_was_not_told_goes_on() -> None:
    end_if_told()
