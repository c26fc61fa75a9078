import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from threading import Thread

import psycopg
import pytest

from commands.log import CommandInFlight, Decided, KeyReused, Outcome, States
from domain.decider import Stream
from domain.errors import VersionConflict
from infra.event_log import EventLog
from infra.failpoint import Failed
from infra.mapper import Mapper
from tests.infra.counter import (
    COUNT,
    OTHER_TENANT,
    TENANT,
    Count,
    CountRaised,
    LimitReached,
    context,
    count_up,
    new_id,
    raise_count,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["decides ahead", "locks first"])
async def log(request: pytest.FixtureRequest, database: str) -> AsyncIterator[EventLog]:
    log = EventLog(database, Mapper(events=[CountRaised]), ahead=request.param == "decides ahead")
    yield log
    await log.close()


@pytest.fixture
async def other_process(request: pytest.FixtureRequest, database: str) -> AsyncIterator[EventLog]:
    log = EventLog(database, Mapper(events=[CountRaised]))
    yield log
    await log.close()


async def seqs(database: str, tenant_id: str = TENANT) -> list[int]:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        rows = await connection.execute("SELECT seq FROM events WHERE tenant_id = %s ORDER BY seq", (tenant_id,))
        return [seq for (seq,) in await rows.fetchall()]


async def test_every_accepted_command_is_in_the_log_once(log: EventLog, database: str) -> None:
    streams = [COUNT.stream(f"c{n % 7}") for n in range(300)]

    outcomes = await asyncio.gather(*[count_up(log, context(), stream) for stream in streams])

    assert sorted(outcome.seq for outcome in outcomes) == await seqs(database) == list(range(1, 301))


async def test_commands_of_one_batch_are_decided_on_each_others_states(log: EventLog) -> None:
    stream = COUNT.stream("hot")

    verdicts = await asyncio.gather(
        *[count_up(log, context(), stream, limit=5) for _ in range(200)], return_exceptions=True
    )

    totals = [json.loads(verdict.body)["total"] for verdict in verdicts if isinstance(verdict, Outcome)]
    assert totals == [1, 2, 3, 4, 5]
    assert sum(isinstance(verdict, LimitReached) for verdict in verdicts) == 195


async def test_a_repeat_gets_the_same_bytes_and_changes_nothing(log: EventLog, database: str) -> None:
    stream = COUNT.stream("c")
    first = await count_up(log, context("k"), stream)

    again = await count_up(log, context("k"), stream)

    assert (again.body, again.seq, again.replayed) == (first.body, first.seq, True)
    assert await seqs(database) == [1]


async def test_another_process_knows_the_outcome_of_a_key(
    log: EventLog, other_process: EventLog, database: str
) -> None:
    stream = COUNT.stream("c")
    first = await count_up(log, context("k"), stream)

    again = await count_up(other_process, context("k"), stream)

    assert (again.body, again.replayed) == (first.body, True)
    assert await seqs(database) == [1]


async def test_a_repeat_is_told_as_one_even_when_it_was_decided_ahead_as_if_it_were_new(
    log: EventLog, other_process: EventLog
) -> None:
    stream = COUNT.stream("c")
    first = await count_up(log, context("k"), stream)
    await count_up(other_process, context(), COUNT.stream("warm"))

    again = await count_up(other_process, context("k"), stream)

    assert (again.body, again.replayed) == (first.body, True)


async def test_a_key_is_not_reused_for_another_command(log: EventLog) -> None:
    await count_up(log, context("k", body=b"one"), COUNT.stream("c"))

    with pytest.raises(KeyReused):
        await count_up(log, context("k", body=b"two"), COUNT.stream("c"))


async def test_a_key_is_in_flight_until_its_command_is_answered(log: EventLog) -> None:
    first = asyncio.create_task(count_up(log, context("k"), COUNT.stream("c")))
    await asyncio.sleep(0)

    with pytest.raises(CommandInFlight):
        await count_up(log, context("k"), COUNT.stream("c"))
    assert (await first).seq == 1


async def test_the_same_key_of_another_tenant_is_another_key(log: EventLog) -> None:
    first = await count_up(log, context("k"), COUNT.stream("c"))
    second = await count_up(log, context("k", tenant_id=OTHER_TENANT), COUNT.stream("c"))

    assert (first.seq, second.seq, second.replayed) == (1, 1, False)
    assert first.incarnation != second.incarnation


async def test_a_refusal_leaves_its_key_free(log: EventLog) -> None:
    with pytest.raises(LimitReached):
        await count_up(log, context("k"), COUNT.stream("c"), limit=0)

    assert (await count_up(log, context("k"), COUNT.stream("c"), limit=1)).seq == 1


async def test_a_command_that_changes_nothing_is_accepted_with_the_heads_seq(log: EventLog, database: str) -> None:
    await count_up(log, context(), COUNT.stream("a"))

    outcome = await count_up(log, context("nothing"), COUNT.stream("b"), by=0)
    again = await count_up(log, context("nothing"), COUNT.stream("b"), by=0)

    assert (outcome.seq, outcome.version) == (1, 0)
    assert (again.body, again.replayed) == (outcome.body, True)
    assert await seqs(database) == [1]


async def test_if_match_speaks_of_the_version_now(log: EventLog) -> None:
    stream = COUNT.stream("c")
    await count_up(log, context(), stream)

    assert (await count_up(log, context(expected=1), stream)).version == 2
    with pytest.raises(VersionConflict) as conflict:
        await count_up(log, context(expected=1), stream)
    assert conflict.value.helps == {"version": 2}


async def test_two_processes_never_decide_on_an_old_state(
    log: EventLog, other_process: EventLog, database: str
) -> None:
    stream = COUNT.stream("hot")

    verdicts = await asyncio.gather(
        *[count_up(process, context(), stream, limit=150) for _ in range(100) for process in (log, other_process)],
        return_exceptions=True,
    )

    totals = [json.loads(verdict.body)["total"] for verdict in verdicts if isinstance(verdict, Outcome)]
    assert sorted(totals) == list(range(1, 151))
    assert Counter(type(verdict) for verdict in verdicts) == {Outcome: 150, LimitReached: 50}
    assert await seqs(database) == list(range(1, 151))


async def test_a_batch_behind_one_that_failed_fails_too_though_another_process_wrote_as_many_events(
    database: str,
) -> None:
    stream, another_writes = COUNT.stream("c"), False

    def failpoint(place: str) -> None:
        nonlocal another_writes
        if place == "log.after_decide" and another_writes:
            another_writes = False
            another = Thread(target=asyncio.run, args=(in_another_process(database, stream, by=10),))
            another.start()
            another.join()

    log = EventLog(database, Mapper(events=[CountRaised]), failpoint=failpoint)
    await count_up(log, context(), stream)
    another_writes = True
    # Half of them is decided first, and the other half behind it before anyone knows how that went.
    outcomes = await asyncio.gather(*[count_up(log, context(), stream) for _ in range(2)])
    await log.close()

    assert sorted(json.loads(outcome.body)["total"] for outcome in outcomes) == [12, 13]
    assert await seqs(database) == [1, 2, 3, 4]


async def in_another_process(database: str, stream: Stream[Count], *, by: int) -> None:
    other = EventLog(database, Mapper(events=[CountRaised]))
    await count_up(other, context(), stream, by)
    await other.close()


async def test_what_another_process_wrote_is_seen_at_once(log: EventLog, other_process: EventLog) -> None:
    stream = COUNT.stream("c")
    for process in (log, other_process, log, other_process):
        await count_up(process, context(), stream)

    assert json.loads((await count_up(log, context(), stream)).body)["total"] == 5


async def test_a_log_that_moved_far_in_another_process_is_read_anew(log: EventLog, other_process: EventLog) -> None:
    stream = COUNT.stream("c")
    await count_up(log, context(), stream)
    await asyncio.gather(*[count_up(other_process, context(), stream) for _ in range(1_100)])

    assert json.loads((await count_up(log, context(), stream)).body)["total"] == 1_102


async def test_a_lost_connection_loses_nothing_and_doubles_nothing(log: EventLog, database: str) -> None:
    done = asyncio.Event()

    async def cut_the_connections() -> None:
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            while not done.is_set():
                await connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
                    ("production-tool log",),
                )
                await asyncio.wait([asyncio.ensure_future(done.wait())], timeout=0.05)

    cutter = asyncio.create_task(cut_the_connections())
    outcomes = [
        outcome
        for n in range(20)
        for outcome in await asyncio.gather(*[count_up(log, context(), COUNT.stream(f"c{n % 3}")) for _ in range(20)])
    ]
    done.set()
    await cutter

    assert not any(outcome.replayed for outcome in outcomes)
    assert sorted(outcome.seq for outcome in outcomes) == await seqs(database) == list(range(1, 401))


@pytest.mark.parametrize(
    ("place", "way"), [("log.before_commit", "cut"), ("log.after_commit", "cut"), ("log.after_commit", "raise")]
)
@pytest.mark.parametrize("ahead", [True, False], ids=["decides ahead", "locks first"])
async def test_a_lost_commit_answer_is_found_again(database: str, ahead: bool, place: str, way: str) -> None:  # noqa: FBT001
    passed = 0

    def fail_sometimes(name: str) -> None:
        nonlocal passed
        if name == place:
            passed += 1
            if passed % 5 == 3:
                if way == "raise":
                    raise Failed(name)
                losing._writer.cut()

    losing = EventLog(database, Mapper(events=[CountRaised]), ahead=ahead, failpoint=fail_sometimes)
    outcomes = [
        outcome
        for n in range(20)
        for outcome in await asyncio.gather(
            *[count_up(losing, context(), COUNT.stream(f"c{n % 3}")) for _ in range(20)]
        )
    ]
    await losing.close()

    assert passed >= 5
    assert sorted(outcome.seq for outcome in outcomes) == await seqs(database) == list(range(1, 401))


async def test_a_command_that_the_database_cannot_store_fails_alone(log: EventLog, database: str) -> None:
    stream = COUNT.stream("c")
    commands = [count_up(log, context(actor="\0" if n == 3 else "ada"), stream) for n in range(10)]

    verdicts = await asyncio.gather(*commands, return_exceptions=True)

    assert [n for n, verdict in enumerate(verdicts) if not isinstance(verdict, Outcome)] == [3]
    assert await seqs(database) == list(range(1, 10))


async def test_a_decision_that_breaks_fails_alone(log: EventLog, database: str) -> None:
    stream = COUNT.stream("c")

    def broken(states: States, now: datetime) -> Decided:
        raise ZeroDivisionError

    verdicts = await asyncio.gather(
        count_up(log, context(), stream),
        log.decide(context(), stream, (), broken),
        count_up(log, context(), stream),
        return_exceptions=True,
    )

    assert isinstance(verdicts[1], ZeroDivisionError)
    assert await seqs(database) == [1, 2]


async def test_one_command_writes_several_streams_or_none(log: EventLog, database: str) -> None:
    one, two = COUNT.stream("one"), COUNT.stream("two")

    def both(states: States, now: datetime) -> Decided:
        events = [CountRaised(by=1, at=now)]
        return Decided({one: events, two: events + events})

    await log.decide(context(), one, (two,), both)

    async with await psycopg.AsyncConnection.connect(database) as connection:
        rows = await connection.execute("SELECT seq, stream, version FROM events ORDER BY seq")
        assert await rows.fetchall() == [(1, "count/one", 1), (2, "count/two", 1), (3, "count/two", 2)]


async def test_now_is_the_databases_and_never_goes_back(log: EventLog, database: str) -> None:
    times: list[datetime] = []

    async def note_the_time() -> None:
        stream = COUNT.stream(new_id())

        def decide(states: States, now: datetime) -> Decided:
            times.append(now)
            return Decided({stream: [CountRaised(by=1, at=now)]})

        await log.decide(context(), stream, (), decide)

    for _ in range(5):
        await asyncio.gather(*[note_the_time() for _ in range(20)])

    async with await psycopg.AsyncConnection.connect(database) as connection:
        rows = await connection.execute("SELECT data ->> 'at', recorded_at, clock_timestamp() FROM events ORDER BY seq")
        stored = await rows.fetchall()
    recorded = [recorded_at for _, recorded_at, _ in stored]
    assert recorded == sorted(recorded)
    assert all(datetime.fromisoformat(at) == recorded_at <= clock for at, recorded_at, clock in stored)
    assert all(time.tzinfo is UTC for time in times)


async def test_state_is_what_has_happened_and_not_there_is_always_true(log: EventLog, other_process: EventLog) -> None:
    stream = COUNT.stream("c")
    assert (await log.state(TENANT, stream)).total == 0

    await count_up(other_process, context(), stream, by=3)

    assert (await log.state(TENANT, stream)).total == 3
    assert (await log.state(OTHER_TENANT, stream)).total == 0


async def test_a_caller_who_leaves_does_not_hurt_the_others(log: EventLog, database: str) -> None:
    stream = COUNT.stream("c")
    leaving = asyncio.create_task(count_up(log, context(), stream))
    staying = asyncio.create_task(count_up(log, context(), stream))
    await asyncio.sleep(0)
    leaving.cancel()

    assert (await staying).seq in {1, 2}
    assert len(await seqs(database)) == 2


async def test_a_client_chosen_id_that_exists_is_decided_on_its_events(log: EventLog, other_process: EventLog) -> None:
    stream = COUNT.stream("chosen")
    await count_up(other_process, context(), stream, by=7)
    await count_up(log, context(), COUNT.stream("warm"))

    outcome = await log.decide(context(), stream, (), raise_count(stream))

    assert json.loads(outcome.body)["total"] == 8


async def test_a_refusal_knows_what_another_process_has_just_written(log: EventLog, other_process: EventLog) -> None:
    stream = COUNT.stream("c")
    await count_up(other_process, context(), COUNT.stream("warm"))
    await count_up(log, context(), stream, limit=1)

    # At once, so that the first process still reckons the clock and decides ahead.
    await count_up(other_process, context(), stream, by=-1)
    outcome = await count_up(log, context(), stream, limit=1)

    assert json.loads(outcome.body)["total"] == 1


async def test_a_stream_that_left_the_cache_is_not_believed_to_be_empty(log: EventLog) -> None:
    stream = COUNT.stream("c")
    await count_up(log, context(), stream)
    del log._cache._young[TENANT, stream.name]

    def refuse_if_empty(states: States, now: datetime) -> Decided:
        if not states[stream].total:
            raise LimitReached("There is no count.")
        return Decided({stream: []})

    assert (await log.decide(context(), stream, (), refuse_if_empty)).version == 1
