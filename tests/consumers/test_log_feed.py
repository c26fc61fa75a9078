import asyncio
from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.feed import LARGEST_BATCH
from infra.listen import heard
from infra.log_feed import CHANNEL, LogFeed, LogHistory, share_out
from tests.consumers.recording import record
from tests.consumers.tally import Counted, decode, pool

pytestmark = pytest.mark.anyio


async def nobody() -> AsyncGenerator[str, None]:
    await asyncio.Event().wait()
    yield ""


@given(st.dictionaries(st.uuids().map(str), st.tuples(st.integers(0, 900), st.integers(1, 900)), min_size=1))
def test_a_batch_is_full_when_it_can_be_and_has_something_of_everyone_in_the_line(
    tenants: dict[str, tuple[int, int]],
) -> None:
    at = {tenant: after for tenant, (after, _) in tenants.items()}
    behind = {tenant: after + missing for tenant, (after, missing) in tenants.items()}
    wanted = share_out(behind, at)
    assert {want.tenant_id for want in wanted} == set(tenants)
    assert all(at[want.tenant_id] == want.after < want.until <= behind[want.tenant_id] for want in wanted)
    everything = sum(missing for _, missing in tenants.values())
    assert sum(want.until - want.after for want in wanted) == min(LARGEST_BATCH, everything)


def test_no_more_tenants_than_a_batch_has_room_for_are_served_at_once() -> None:
    behind = {str(n): 7 for n in range(LARGEST_BATCH + 30)}
    wanted = share_out(behind, {})
    assert [want.until - want.after for want in wanted] == [1] * LARGEST_BATCH


async def test_a_tenant_with_much_to_read_keeps_nobody_waiting(database: str) -> None:
    busy, quiet = str(uuid4()), str(uuid4())
    record(database, busy, *[("tally/a", Counted(by=1))] * 2 * LARGEST_BATCH)
    record(database, quiet, ("tally/a", Counted(by=1)))
    async with pool(database) as connections:
        history = LogHistory(connections, decode)
        batches = LogFeed(pool=connections, history=history, calls=nobody()).follow({})
        batch = await anext(batches)
        await batches.aclose()
    assert {event.tenant_id for event in batch} == {busy, quiet}
    assert len(batch) == LARGEST_BATCH


async def test_it_begins_behind_what_the_caller_has(database: str) -> None:
    tenant, new = str(uuid4()), str(uuid4())
    record(database, tenant, *[("tally/a", Counted(by=1))] * 5)
    record(database, new, ("tally/a", Counted(by=1)))
    async with pool(database) as connections:
        batches = LogFeed(pool=connections, history=LogHistory(connections, decode), calls=nobody()).follow({tenant: 3})
        batch = await anext(batches)
        await batches.aclose()
    assert {(event.tenant_id, event.seq) for event in batch} == {(tenant, 4), (tenant, 5), (new, 1)}


async def test_what_is_recorded_while_it_waits_is_found_even_if_nobody_calls(database: str) -> None:
    tenant = str(uuid4())
    async with pool(database) as connections:
        batches = LogFeed(pool=connections, history=LogHistory(connections, decode), calls=nobody()).follow({})
        waiting = asyncio.ensure_future(anext(batches))
        await asyncio.sleep(0)
        record(database, tenant, ("tally/a", Counted(by=1)))
        async with asyncio.timeout(5):
            batch = await waiting
        await batches.aclose()
    assert [(event.tenant_id, event.seq) for event in batch] == [(tenant, 1)]


async def test_listening_begins_with_a_look_and_hears_every_call(database: str) -> None:
    calls = heard(database, CHANNEL)
    assert await anext(calls) == ""
    async with pool(database) as connections, connections.connection() as connection:
        await connection.execute(f"NOTIFY {CHANNEL}, 'now'")
    assert await anext(calls) == "now"
    await calls.aclose()


async def test_a_crash_of_the_reading_reaches_whoever_follows(database: str) -> None:
    record(database, str(uuid4()), ("tally/a", Counted(by=1)))

    def unknown(stored_as: str, data: bytes) -> Counted:
        raise KeyError(stored_as)

    async with pool(database) as connections:
        batches = LogFeed(pool=connections, history=LogHistory(connections, unknown), calls=nobody()).follow({})
        with pytest.raises(KeyError, match="tally"):
            await anext(batches)
