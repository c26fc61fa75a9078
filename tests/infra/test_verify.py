"""Each promise is seen kept on a log that real commands wrote, and seen broken once somebody has tampered with it."""

import asyncio

import psycopg
import pytest

from infra.catalogue import PROJECTIONS
from infra.verify import CHECKS, Verdict, lines, verify
from infra.verify_snapshot import Found
from tests.flow.office import Office, catch_up, days, open_log

pytestmark = pytest.mark.anyio


@pytest.fixture
async def worked(database: str) -> str:
    """Two tenants' logs with all that a hold can become, and read models that are up with them."""
    async with open_log(database) as log:
        for office in (Office(log), Office(log, "other")):
            artist, project = await office.artist(), await office.project()
            first = await office.hold(artist, project, days("2031-03-03", "2031-03-07"))
            second = await office.hold(artist, project, days("2031-03-05", "2031-03-12"))
            await office.release(second, days("2031-03-10"))
            await office.confirm(first, periods=days("2031-03-03", "2031-03-04"), keep_rest=True)
            await office.release(first)
            booking = await office.book(artist, project, days("2031-04-01", "2031-04-02"))
            await office.book(artist, project, days("2031-04-02", "2031-04-03"), over=("double_book", booking))
    await catch_up(database)
    return database


async def verdicts(database: str) -> dict[str, Verdict]:
    return {verdict.name: verdict async for verdict in verify(database, lambda *_: None)}


def tamper(database: str, *statements: str) -> None:
    """As somebody who may do anything, past the trigger that keeps the log as it is."""
    with psycopg.connect(database) as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER append_only")
        connection.execute("ALTER TABLE idempotency DISABLE TRIGGER append_only")
        for statement in statements:
            assert connection.execute(statement).rowcount, f"nothing to tamper with: {statement}"


async def broken(database: str, *statements: str) -> set[str]:
    tamper(database, *statements)
    return {name for name, verdict in (await verdicts(database)).items() if not verdict.ok}


async def test_a_log_that_nobody_tampered_with_keeps_every_promise(worked: str) -> None:
    found = await verdicts(worked)
    assert [str(verdict) for verdict in found.values() if not verdict.ok] == []
    assert list(found) == [name for name, _ in lines()]
    assert str(found["V3"]).startswith("V3 seq of every tenant is gapless … ok (")
    assert "2 tenants" in str(found["V3"])
    assert "6 bookings" in found["V4"].found.looked_at


async def test_progress_tells_how_many_events_are_done(worked: str) -> None:
    told: list[tuple[str, int, int]] = []
    async for _ in verify(worked, lambda name, done, total: told.append((name, done, total))):
        pass
    assert {name for name, _, _ in told} == {"V10", *(name for name, _, _ in CHECKS)}
    assert all(0 <= done <= total for _, done, total in told)
    assert [done for name, done, total in told if name == "V9"][-1] == told[0][2] > 0


async def test_a_log_longer_than_a_batch_is_replayed_whole(database: str) -> None:
    async with open_log(database) as log:
        office = Office(log)
        await asyncio.gather(*(office.artist(f"Mo {n}") for n in range(1_100)))
    await catch_up(database)
    # Each artist, the line that says who added it, and that one person.
    assert (await verdicts(database))["V7"].found == Found("1,100 events, 1 tenants, 2,201 rows")


async def test_an_empty_database_breaks_no_promise(database: str) -> None:
    assert all(verdict.ok for verdict in (await verdicts(database)).values())


async def test_v2_a_version_left_out_is_found(worked: str) -> None:
    assert "V2" in await broken(
        worked, "UPDATE events SET version = version + 100 WHERE stream LIKE 'calendar/%' AND version > 2"
    )


async def test_v2_two_versions_in_the_wrong_order_are_found(worked: str) -> None:
    with psycopg.connect(worked) as connection:
        connection.execute("ALTER TABLE events DROP CONSTRAINT events_tenant_id_stream_version_key")
    assert "V2" in await broken(
        worked, "UPDATE events SET version = 5 - version WHERE stream LIKE 'calendar/%' AND version IN (2, 3)"
    )


async def test_v3_a_lost_event_is_found(worked: str) -> None:
    assert "V3" in await broken(worked, "DELETE FROM events WHERE seq = 4")


async def test_v3_a_lost_last_event_is_found(worked: str) -> None:
    assert "V3" in await broken(
        worked, "DELETE FROM events e USING heads h WHERE e.tenant_id = h.tenant_id AND e.seq = h.seq"
    )


async def test_v3_a_lost_head_is_found(worked: str) -> None:
    assert "V3" in await broken(
        worked, "DELETE FROM heads WHERE tenant_id = (SELECT min(tenant_id::text)::uuid FROM heads)"
    )


async def test_v4_a_booking_over_another_is_found(worked: str) -> None:
    assert await broken(
        worked,
        """
        UPDATE events SET data = (data::jsonb - 'overrides')::json
        WHERE event_type = 'calendar.time_booked.v1' AND data::jsonb -> 'overrides' <> '[]'
        """,
    ) >= {"V4", "V9"}


async def test_v4_a_calendar_that_cannot_be_replayed_is_found(worked: str) -> None:
    assert await broken(worked, "DELETE FROM events WHERE event_type = 'calendar.time_held.v1'") >= {"V3", "V4", "V7"}


async def test_v4_an_override_that_accepts_another_booking_does_not_count(worked: str) -> None:
    assert "V4" in await broken(
        worked,
        """
        UPDATE events
        SET data = jsonb_set(data::jsonb, '{overrides,0,accepts}', '["0f0e7a52-0000-5000-8000-000000000000"]')::json
        WHERE event_type = 'calendar.time_booked.v1' AND data::jsonb -> 'overrides' <> '[]'
        """,
    )


async def test_v5_a_second_outcome_of_a_key_is_found(worked: str) -> None:
    with psycopg.connect(worked) as connection:
        connection.execute("ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey")
    assert await broken(worked, "INSERT INTO idempotency SELECT * FROM idempotency WHERE seq = 4") == {"V5"}


async def test_v5_an_outcome_that_is_not_in_the_log_is_found(worked: str) -> None:
    assert await broken(worked, "UPDATE idempotency SET seq = 5000 WHERE seq = 4") == {"V5"}


async def test_v5_an_answer_that_tells_of_something_else_is_found(worked: str) -> None:
    assert await broken(worked, "UPDATE idempotency SET version = version + 1 WHERE seq = 4") == {"V5"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE holds SET status = 'lapsed' WHERE status = 'held'",
        'UPDATE holds SET details = (details::jsonb || \'{"note": "x"}\')::json',
        "DELETE FROM artist_calendar WHERE kind = 'booking'",
        "UPDATE artist_calendar SET ends_by = ends_by + interval '1 second' WHERE kind = 'hold'",
        """
        INSERT INTO artists (tenant_id, artist_id, seq, version, name, time_zone, skills, consent)
        SELECT tenant_id, gen_random_uuid(), seq, version, name, time_zone, skills, consent FROM artists
        """,
        "UPDATE projects SET name = name || '!'",
    ],
)
async def test_v7_a_row_that_a_replay_would_not_give_is_found(worked: str, statement: str) -> None:
    assert await broken(worked, statement) == {"V7"}


async def test_v7_an_event_that_was_applied_but_is_not_counted_is_found(worked: str) -> None:
    assert "V7" in await broken(worked, "UPDATE positions SET seq = seq - 1 WHERE projection = 'artist_calendar'")


async def test_v8_a_position_beyond_the_log_is_found(worked: str) -> None:
    assert await broken(worked, "UPDATE positions SET seq = seq + 1 WHERE projection = 'directory'") == {"V8"}


async def test_v8_rows_beyond_their_position_are_found(worked: str) -> None:
    assert "V8" in await broken(worked, "UPDATE positions SET seq = 1 WHERE projection = 'holds'")


async def test_a_read_model_that_is_behind_breaks_no_promise(worked: str) -> None:
    async with open_log(worked) as log:
        await Office(log).artist("Late")
    found = await verdicts(worked)
    assert all(verdict.ok for verdict in found.values())
    assert f"{len(PROJECTIONS)} events behind" in found["V8"].found.looked_at


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'eve' WHERE seq = 1",
        "UPDATE events SET recorded_at = recorded_at + interval '1 microsecond' WHERE seq = 1",
        "UPDATE events SET data = (data::text || ' ')::json WHERE seq = 3",
        "UPDATE events SET event_id = gen_random_uuid() WHERE seq = 3",
        "UPDATE heads SET hash = decode(repeat('00', 32), 'hex')",
    ],
)
async def test_v9_whatever_was_changed_is_found(worked: str, statement: str) -> None:
    # What a read model shows of it is found there too.
    assert await broken(worked, statement) - {"V7"} == {"V9"}


async def test_v9_a_changed_event_whose_hash_was_made_to_fit_breaks_the_chain_behind_it(worked: str) -> None:
    found = await broken(worked, "UPDATE events SET hash = sha256('forged') WHERE seq = 3")
    assert found == {"V9"}


async def test_a_verdict_spells_out_the_first_violations_and_counts_all(worked: str) -> None:
    tamper(worked, "UPDATE events SET actor = 'eve'")
    line = str((await verdicts(worked))["V9"])
    assert "VIOLATED" in line
    assert line.count("is not what was recorded") == 5
