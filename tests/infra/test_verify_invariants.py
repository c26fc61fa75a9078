"""What real commands decide contradicts no invariant, and what somebody made of it afterwards does."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from commands.calendar import ReorderQueue, reorder_queue
from commands.challenge import WithdrawChallenge, withdraw_challenge
from infra.verify_invariants import INVARIANTS
from tests.database_time import DatabaseTime
from tests.flow.office import Office, catch_up, days, open_log
from tests.infra.calendar_log import wrong
from tests.infra.test_verify import broken, verdicts
from tests.infra.test_verify_bookings import clashing
from tests.projections.test_agreement import STORY, Told, opening, told
from tests.zones import read_as

NAMES = {name for name, _, _ in INVARIANTS}
QUEUED, WON, SPLIT, TWICE, OPEN = (days(f"2035-0{month}-01", f"2035-0{month}-02") for month in range(1, 6))


@settings(max_examples=200, deadline=None)
@given(STORY)
def test_no_story_contradicts_an_invariant(story: Told) -> None:
    studio = told(story)
    assert {name: wrong(studio, look) for name, _, look in INVARIANTS} == {name: [] for name, _, _ in INVARIANTS}


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(st.tuples(st.sampled_from(["Europe/Lisbon", "Europe/Moscow"]), STORY), min_size=1, max_size=3))
def test_no_story_contradicts_an_invariant_in_which_zones_get_other_rules(parts: list[tuple[str, Told]]) -> None:
    """Every claim moves by hours, to where others stand until they have moved too; then the story goes on."""
    driver = opening()
    for rules, story in parts:
        with read_as("Europe/Berlin", rules):
            for artist in ("ada", "bob"):
                driver.studio.rederive(artist)
            for what, n, m, run in story:
                driver.do(what, n, m, run)
    studio = driver.studio
    assert {name: wrong(studio, look) for name, _, look in INVARIANTS} == {name: [] for name, _, _ in INVARIANTS}
    assert not any(clashing(studio))


@pytest.fixture
async def contested(database: str) -> str:
    """A calendar on which everything has happened that an invariant speaks of."""
    time = DatabaseTime(database)
    async with open_log(database) as log:
        office = Office(log)
        artist, film, spot = await office.artist(), await office.project(), await office.project()

        async def two(when: list[dict[str, str]]) -> tuple[str, str]:
            return await office.hold(artist, film, when), await office.hold(artist, spot, when)

        first, second = await two(QUEUED)
        override = {"permission": "jump_queue", "reason": "agreed", "accepts": [first]}
        said = {"hold_ids": [second, first], "periods": QUEUED, "overrides": [override]}
        await reorder_queue(log, office.context(), artist, ReorderQueue.model_validate_json(to_json(said)))
        await office.confirm(first, overrides=[{**override, "accepts": [second]}])
        _, challenger = await two(WON)
        await office.challenge(challenger)
        _, withdraws = await two(OPEN)
        challenge = await office.challenge(withdraws)
        await withdraw_challenge(log, office.context(), challenge, WithdrawChallenge())
        booking = await office.book(artist, film, TWICE)
        await office.book(artist, film, TWICE, over=("double_book", booking))
        split = await office.hold(artist, film, SPLIT)
        await office.confirm(split, periods=days("2035-03-01"), keep_rest=True)
        time.move(timedelta(days=15))
        await office.hold(artist, film, days("2035-06-01"))  # with it all that fell due is recorded
    await catch_up(database)
    return database


@pytest.mark.anyio
async def test_what_was_decided_contradicts_nothing(contested: str) -> None:
    assert [str(verdict) for verdict in (await verdicts(contested)).values() if not verdict.ok] == []


def changed(kind: str, where: str, what: str) -> str:
    """Rewrite the data of events of that kind."""
    return f"UPDATE events SET data = ({what})::json WHERE event_type = 'calendar.{kind}.v1' AND {where}"  # noqa: S608


IN_MARCH = "data::jsonb -> 'lapsed' -> 0 ->> 'first_day' = '2035-03-02'"
OVER = "data::jsonb -> 'overrides' -> 0 ->> 'permission' = '{}'"
SECOND_IN_JANUARY = "seq = (SELECT max(seq) FROM events WHERE event_type = 'calendar.time_held.v1' AND data::jsonb -> 'spans' -> 0 ->> 'first_day' = '2035-01-01')"  # fmt: skip  # noqa: E501


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "statement"),
    [
        pytest.param(
            "V10",
            changed(
                "time_lapsed",
                IN_MARCH,
                "SELECT jsonb_set(events.data::jsonb, '{lapsed}', booked.data::jsonb -> 'spans') FROM events booked "
                "WHERE booked.event_type = 'calendar.time_booked.v1' "
                "AND booked.data::jsonb ->> 'hold_id' = events.data::jsonb ->> 'hold_id'",
            ),
            id="V10 lapsed where it was converted",
        ),
        pytest.param(
            "I1",
            changed("time_booked", OVER.format("double_book"), "jsonb_set(data::jsonb, '{overrides}', '[]')"),
            id="I1 booked twice without an override",
        ),
        pytest.param(
            "I1",
            changed(
                "time_booked",
                OVER.format("double_book"),
                "jsonb_set(data::jsonb, '{overrides,0,accepts}', to_jsonb(ARRAY[gen_random_uuid()]))",
            ),
            id="I1 booked over another than the override names",
        ),
        pytest.param(
            "I2",
            changed("time_held", "true", "jsonb_set(data::jsonb, '{spans,1}', data::jsonb -> 'spans' -> 0)"),
            id="I2 standing twice",
        ),
        pytest.param(
            "I2",
            changed("time_held", SECOND_IN_JANUARY, "jsonb_set(data::jsonb, '{spans,0,place}', '0')"),
            id="I2 two at one place",
        ),
        pytest.param(
            "I3",
            changed("time_held", SECOND_IN_JANUARY, "jsonb_set(data::jsonb, '{spans,0,place}', '-1')"),
            id="I3 not at the back",
        ),
        pytest.param(
            "I3",
            changed("reordered", "true", "jsonb_set(data::jsonb, '{override,accepts}', '[]')"),
            id="I3 reordered past somebody",
        ),
        pytest.param(
            "I3",
            changed("time_booked", OVER.format("jump_queue"), "jsonb_set(data::jsonb, '{overrides}', '[]')"),
            id="I3 booked past somebody",
        ),
        pytest.param(
            "I4",
            changed(
                "challenge_opened",
                "data::jsonb -> 'spans' -> 0 ->> 'first_day' = '2035-05-01'",
                "SELECT jsonb_set(events.data::jsonb, '{spans}', other.data::jsonb -> 'spans') FROM events other "
                "WHERE other.event_type = 'calendar.challenge_opened.v1' AND other.seq < events.seq",
            ),
            id="I4 two open on one stretch",
        ),
        pytest.param(
            "I4",
            changed("challenge_ended", "true", "jsonb_set(data::jsonb, '{spans}', data::jsonb -> 'ended')"),
            id="I4 ended and still open",
        ),
        pytest.param(
            "I4",
            changed(
                "challenge_ended",
                "data::jsonb ->> 'outcome' = 'won'",
                "jsonb_set(data::jsonb, '{challenge_id}', to_jsonb(gen_random_uuid()))",
            ),
            id="I4 ended without having been opened",
        ),
        pytest.param(
            "I5",
            changed(
                "time_held",
                "data::jsonb -> 'spans' -> 0 ->> 'first_day' = '2035-01-01'",
                "jsonb_set(data::jsonb, '{limits,after_placing,at}', to_jsonb(recorded_at))",
            ),
            id="I5 converted past its deadline",
        ),
        pytest.param(
            "I5",
            changed("time_lapsed", "true", "jsonb_set(data::jsonb, '{at}', to_jsonb(recorded_at + interval '1 s'))"),
            id="I5 lapsed before its time",
        ),
        pytest.param(
            "I5",
            changed("time_lapsed", "true", "jsonb_set(data::jsonb, '{at}', to_jsonb(recorded_at - interval '1 s'))"),
            id="I5 lapsed by no clock",
        ),
    ],
)
async def test_what_contradicts_an_invariant_is_found(contested: str, name: str, statement: str) -> None:
    assert name in await broken(contested, statement)


@pytest.mark.anyio
async def test_a_calendar_that_cannot_be_replayed_contradicts_all_of_them(contested: str) -> None:
    assert (
        await broken(contested, "UPDATE events SET data = '{}' WHERE event_type = 'calendar.time_booked.v1'") >= NAMES
    )
