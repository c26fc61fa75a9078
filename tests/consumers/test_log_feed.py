import asyncio
import math
from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.feed import CATCHING_UP, LARGEST_BATCH
from infra.listen import heard
from infra.log_feed import LogFeed, LogHistory, Wanted, share_out
from infra.nudge import CHANNEL
from projections.recorded import UNDECODED
from tests.consumers.recording import record
from tests.consumers.tally import Counted, Forgotten, decode, pool

pytestmark = pytest.mark.anyio


async def nobody() -> AsyncGenerator[str, None]:
    await asyncio.Event().wait()
    yield ""


TENANTS = st.dictionaries(
    st.uuids().map(str), st.tuples(st.integers(0, 900), st.integers(1, 900)), min_size=1, max_size=40
)


@given(TENANTS, st.sampled_from([LARGEST_BATCH, CATCHING_UP, 7]))
def test_a_batch_is_full_when_it_can_be_and_whoever_is_behind_a_little_is_up_to_date_after_it(
    tenants: dict[str, tuple[int, int]], room: int
) -> None:
    at = {tenant: after for tenant, (after, _) in tenants.items()}
    behind = {tenant: after + missing for tenant, (after, missing) in tenants.items()}
    wanted = share_out(behind, at, room)
    assert all(at[want.tenant_id] == want.after < want.until <= behind[want.tenant_id] for want in wanted)
    everything = sum(missing for _, missing in tenants.values())
    assert sum(want.until - want.after for want in wanted) == min(room, everything)
    given = {want.tenant_id: want.until - want.after for want in wanted}
    assert list(tenants)[: len(given)] == [tenant for tenant in tenants if tenant in given]
    assert all(given[tenant] >= min(tenants[tenant][1], room // len(given)) for tenant in given)


def test_a_batch_is_shared_out_to_ten_who_are_far_behind_or_to_as_many_as_it_has_room_for() -> None:
    far = share_out({str(n): 10_000 for n in range(30)}, {})
    assert [(want.tenant_id, want.until - want.after) for want in far] == [(str(n), 50) for n in range(10)]
    near = share_out({str(n): 1 for n in range(LARGEST_BATCH + 30)}, {})
    assert [(want.tenant_id, want.until) for want in near] == [(str(n), 1) for n in range(LARGEST_BATCH)]


async def test_whoever_is_far_behind_gets_larger_batches_until_little_is_left(database: str) -> None:
    tenant = str(uuid4())
    record(database, tenant, *[("tally/a", Counted(by=1))] * (2 * LARGEST_BATCH + 1))
    async with pool(database) as connections:
        history = LogHistory(connections, decode)
        feed = LogFeed(pool=connections, history=history, calls=nobody(), catching_up=LARGEST_BATCH + 1)
        batches = feed.follow({})
        sizes = [len(await anext(batches)) for _ in range(2)]
        await batches.aclose()
    assert sizes == [LARGEST_BATCH + 1, LARGEST_BATCH]


async def test_what_is_passed_over_is_given_by_its_place_alone_and_has_to_be_there(database: str) -> None:
    tenant, other = str(uuid4()), str(uuid4())
    mixed = [("tally/a", Counted(by=1)), ("tally/a", Forgotten()), ("tally/a", Forgotten()), ("tally/b", Counted(by=2))]
    record(database, tenant, *mixed, ("tally/a", Forgotten()))
    record(database, other, ("tally/a", Forgotten()))
    async with pool(database) as connections:
        history = LogHistory(connections, decode, passing_over=[Forgotten.stored_as])
        batch = await history.read([Wanted(tenant, 0, 5), Wanted(other, 0, 1)])
        with pytest.raises(LookupError, match=r"2 events where .* the log is not gapless"):
            await history.read([Wanted(tenant, 3, 6)])
    assert [(one.tenant_id, one.seq) for one in batch] == [*((tenant, n) for n in range(1, 6)), (other, 1)]
    assert [one.event for one in batch] == [Counted(by=1), UNDECODED, UNDECODED, Counted(by=2), UNDECODED, UNDECODED]


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


async def test_a_call_is_believed_if_it_says_where_the_log_is_and_a_look_is_taken_if_it_does_not(database: str) -> None:
    tenant, other = str(uuid4()), str(uuid4())
    calls = asyncio.Queue[str]()

    async def called() -> AsyncGenerator[str, None]:
        while True:
            yield await calls.get()

    async with pool(database) as connections:
        feed = LogFeed(
            pool=connections,
            history=LogHistory(connections, decode),
            calls=called(),
            mine=lambda tenant_id: tenant_id == tenant,
        )
        feed._polled = math.inf  # it does not look by itself
        batches = feed.follow({})
        for seq, said in enumerate([f'{{"{tenant}": 1, "{other}": 7}}', "", f'{{"{tenant}": 3}}'], start=1):
            waiting = asyncio.ensure_future(anext(batches))
            record(database, tenant, ("tally/a", Counted(by=1)))
            await calls.put(said)
            async with asyncio.timeout(30):
                assert [(event.tenant_id, event.seq) for event in await waiting] == [(tenant, seq)]
        await batches.aclose()


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
