"""`infra/nudge.py`: what is told after commits, and to whom it says nothing."""

import asyncio
from contextlib import aclosing
from uuid import uuid4

import pytest

from infra.listen import heard
from infra.nudge import CHANNEL, Nudge, heads_in
from tests.flow.office import Office, open_log

pytestmark = pytest.mark.anyio


async def test_a_commit_is_told_with_where_the_log_is(database: str) -> None:
    async with aclosing(heard(database, CHANNEL)) as calls, open_log(database) as log, asyncio.timeout(30):
        assert heads_in(await anext(calls)) is None
        office = Office(log)
        await office.artist()
        assert heads_in(await anext(calls)) == {office.tenant_id: 1}
        await office.artist()
        assert heads_in(await anext(calls)) == {office.tenant_id: 2}


async def test_of_many_tenants_nothing_is_told_but_that_there_is_something(database: str) -> None:
    async with aclosing(heard(database, CHANNEL)) as calls, asyncio.timeout(30):
        await anext(calls)
        nudge = Nudge(database)
        nudge({str(uuid4()): seq for seq in range(1, 1000)})
        assert await anext(calls) == ""
        await nudge.close()


@pytest.mark.parametrize("said", ["", "now", "[]", '{"tenant": null}'])
def test_whatever_else_is_heard_says_nothing(said: str) -> None:
    assert heads_in(said) is None
