"""The past of a calendar, with what has gone left out, is that of all of its events."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import CALENDAR, Calendar
from domain.permission import ROLES, Who
from infra.catalogue import EVENTS
from infra.mapper import Mapper
from infra.postgres import reader_pool
from read_api.past import AsOf
from read_api.standing_then import PAST, calendar_then
from read_api.tenant import Tenant
from tests.given import Studio, uid
from tests.memory_log import Recorded
from tests.projections.test_agreement import STORY, Told, told
from tests.read_api.client import reads_of

_MAPPER = Mapper(EVENTS)


def write(database: str, studio: Studio) -> None:
    """Put a studio's log into the database, instead of what is there."""
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; DELETE FROM events")
        cursor.executemany(
            """
            INSERT INTO events (tenant_id, seq, stream, version, event_id, event_type, data, recorded_at, actor,
                                correlation_id, hash)
            VALUES (%s, %s, %s, %s, gen_random_uuid(), %s, %s, %s, %s, 'c1', '')
            """,
            [_row(one) for one in studio.log.recorded],
        )


def _row(one: Recorded) -> tuple[object, ...]:
    type_, data = _MAPPER.encode(one.event)
    return one.tenant_id, one.seq, one.stream, one.version, type_, data.decode(), one.recorded_at, one.actor


async def then(database: str, studio: Studio, artist: str, until: AsOf) -> Calendar:
    who = Who(tenant_id=studio.tenant, actor="ada", role="admin", permissions=ROLES["admin"])
    async with reader_pool(database, max_size=1) as pool:
        tenant = Tenant(who=who, reads=reads_of(pool), projections=frozenset(), seen=None)
        async with tenant.connection() as connection:
            return await calendar_then(connection, tenant, uid(artist), until)


def shown(calendar: Calendar) -> object:
    """What reads make of a calendar."""
    holds = {id: (claim.spans, claim.limits, claim.consent, claim.project_id) for id, claim in calendar.holds.items()}
    bookings = {id: claim.spans for id, claim in calendar.bookings.items()}
    return holds, bookings, dict(calendar.time_off), calendar.challenges


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STORY, st.sampled_from(["ada", "bob"]), st.floats(0, 1))
def test_what_has_gone_leaves_no_trace(database: str, story: Told, artist: str, part: float) -> None:
    studio = told(story)
    write(database, studio)
    recorded = studio.log.recorded
    last = recorded[int(part * (len(recorded) - 1))]
    for until in (AsOf(last.seq, last.recorded_at), AsOf(None, last.recorded_at + timedelta(microseconds=1))):
        calendar = CALENDAR.initial
        for one in recorded:
            if one.stream == CALENDAR.stream(uid(artist)).name and until.includes(one.seq, one.recorded_at):
                calendar = CALENDAR.evolve(calendar, one.event)
        assert shown(asyncio.run(then(database, studio, artist, until))) == shown(calendar)


@pytest.mark.parametrize("analysed", [False, True], ids=["without statistics", "with statistics"])
def test_the_past_is_a_range_of_its_streams_index(database: str, analysed: bool) -> None:  # noqa: FBT001
    tenant = "0f0e7a52-0000-5000-8000-00000000000a"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            """
            INSERT INTO events
            SELECT %s, n, 'calendar/' || n %% 100, n / 100, gen_random_uuid(), 'a.b.v1', '{}', now(), 'a', 'c', NULL, ''
            FROM generate_series(1, 20000) n
            """,
            [tenant],
        )
        if analysed:
            connection.execute("ANALYZE events")
        connection.execute("SET ROLE production_tool_reader")
        connection.execute("SELECT set_config('app.tenant', %s, false)", [tenant])
        said = {"tenant_id": tenant, "stream": "calendar/7", "seq": 9000, "at": None, "ending": [], "of_one_hold": []}
        plan = str(connection.execute(b"EXPLAIN " + PAST.encode(), said).fetchall())
    assert "Index Scan using events_tenant_id_stream_version_key" in plan
    assert "events_pkey" not in plan
