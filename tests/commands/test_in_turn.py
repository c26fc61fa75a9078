"""Commands of a batch: what shares nothing goes together, what shares something goes in order."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from commands.context import Context
from commands.in_turn import InTurn, Turns
from commands.log import Decided, Decision, Outcome
from domain.calendar import CALENDAR
from domain.decider import Stream
from domain.hold import HOLD
from domain.project import PROJECT
from tests.memory_log import MemoryLog

pytestmark = pytest.mark.anyio


@dataclass
class Gate(MemoryLog):
    """A log in which a command takes until it is let through; `inside` are the keys of those that wait."""

    inside: list[str] = field(default_factory=list)
    doors: dict[str, asyncio.Event] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def decide(
        self, context: Context, subject: Stream[Any], reads: Sequence[Stream[Any]], decision: Decision
    ) -> Outcome:
        self.inside.append(context.key)
        self.moved.set()
        await self.doors.setdefault(context.key, asyncio.Event()).wait()
        self.inside.remove(context.key)
        self.moved.set()
        return await super().decide(context, subject, reads, decision)

    def let_through(self, key: str) -> None:
        self.doors.setdefault(key, asyncio.Event()).set()

    async def holds(self, *keys: str) -> None:
        """Wait until just these are in it, and the others have had every chance to come."""
        async with asyncio.timeout(5):
            while sorted(self.inside) != sorted(keys):
                self.moved.clear()
                await self.moved.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        assert sorted(self.inside) == sorted(keys)


def context(key: str) -> Context:
    return Context(tenant_id="t", actor="ada", permissions=frozenset(), key=key, fingerprint=b"", correlation_id="c")


async def run(turn: InTurn, key: str, subject: Stream[Any], *reads: Stream[Any]) -> None:
    try:
        await turn.decide(context(key), subject, reads, lambda states, now: Decided({}))  # noqa: ARG005
    finally:
        await turn.end()


async def test_what_shares_nothing_is_under_way_together() -> None:
    log = Gate()
    turns = Turns(log)
    async with asyncio.TaskGroup() as group:
        for n in "abc":
            group.create_task(run(turns.next(), n, HOLD.stream(n), CALENDAR.stream(n), PROJECT.stream("p")))
        await log.holds("a", "b", "c")
        for n in "abc":
            log.let_through(n)


async def test_what_shares_a_calendar_goes_in_order() -> None:
    log = Gate()
    turns = Turns(log)
    async with asyncio.TaskGroup() as group:
        for n in "abc":
            group.create_task(run(turns.next(), n, HOLD.stream(n), CALENDAR.stream("same")))
        for n in "abc":
            await log.holds(n)
            log.let_through(n)


async def test_a_command_about_what_others_only_read_goes_between_them() -> None:
    log = Gate()
    turns = Turns(log)
    project = PROJECT.stream("p")
    async with asyncio.TaskGroup() as group:
        group.create_task(run(turns.next(), "a", HOLD.stream("a"), project))
        group.create_task(run(turns.next(), "b", HOLD.stream("b"), project))
        group.create_task(run(turns.next(), "cancel", project))
        group.create_task(run(turns.next(), "c", HOLD.stream("c"), project))
        await log.holds("a", "b")
        log.let_through("a")
        await log.holds("b")
        log.let_through("b")
        await log.holds("cancel")
        log.let_through("cancel")
        await log.holds("c")
        log.let_through("c")


async def test_a_state_is_read_after_the_command_that_makes_it() -> None:
    log = Gate()
    turns = Turns(log)
    first, second = turns.next(), turns.next()
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(second.state("t", HOLD.stream("h")))
        group.create_task(run(first, "place", HOLD.stream("h")))
        await log.holds("place")
        assert not reading.done()
        log.let_through("place")
    assert reading.done()
    await second.end()


async def test_a_command_that_ends_without_naming_anything_holds_up_nobody() -> None:
    log = Gate()
    turns = Turns(log)
    first, second = turns.next(), turns.next()
    async with asyncio.TaskGroup() as group:
        group.create_task(run(second, "b", HOLD.stream("b")))
        assert log.inside == []
        await first.end()
        await log.holds("b")
        log.let_through("b")


async def test_second_thoughts_do_not_wait_for_those_who_came_later() -> None:
    log = Gate()
    turns = Turns(log)
    first, second = turns.next(), turns.next()

    async def think_twice() -> None:
        nothing = Decided({})
        await first.decide(context("a"), HOLD.stream("a"), (), lambda states, now: nothing)  # noqa: ARG005
        more = (CALENDAR.stream("late"),)
        await first.decide(context("a again"), HOLD.stream("a"), more, lambda states, now: nothing)  # noqa: ARG005
        await first.end()

    async with asyncio.TaskGroup() as group:
        group.create_task(think_twice())
        group.create_task(run(second, "b", HOLD.stream("b"), CALENDAR.stream("late")))
        await log.holds("a", "b")
        log.let_through("a")
        await log.holds("a again", "b")
        log.let_through("a again")
        log.let_through("b")
