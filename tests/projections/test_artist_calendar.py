from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from domain.calendar import (
    CALENDAR,
    BookingFreed,
    ConflictFound,
    ConflictResolved,
    TimeBooked,
    TimeLapsed,
    TimeOffCleared,
    TimeOffMarked,
    TimeReleased,
)
from domain.challenge import ChallengeAnswered, ChallengeEnded, ChallengeOpened, Intent, OpenChallenge
from domain.claims import Held, TimeOffClaim, hold_claim
from domain.event import Event
from domain.rederived import BookingRederived, TimeOffRederived, TimeRederived
from domain.stored_claim import Claim, claim_from
from projections import artist_calendar
from projections.artist_calendar import CLAIMS, ends_by
from projections.claims import concerned, fold
from projections.table import Row
from tests.projections.story import (
    ARTIST,
    BOOKING,
    HOLD,
    NOW,
    OTHER_HOLD,
    PROJECT,
    TENANT,
    clock,
    limits,
    march,
    projected,
    time,
    time_held,
)

CALENDAR_STREAM = f"calendar/{ARTIST}"


def standing(*events: Event) -> dict[str, Row]:
    rows = projected(artist_calendar.PROJECTION, *((CALENDAR_STREAM, event) for event in events))
    return {key[-1]: row for key, row in rows[CLAIMS].items()}


def claim_of(row: Row) -> Claim:
    return claim_from(row["kind"], row["claim_id"], row["claim"])


def test_a_hold_stands_on_the_calendar_with_its_bounds() -> None:
    row = standing(time_held(HOLD, march(1, 2), march(8, 9)))[HOLD]
    assert (row["tenant_id"], row["artist_id"], row["kind"]) == (TENANT, ARTIST, "hold")
    assert (row["starts_at"], row["ends_at"]) == (march(1, 1).starts_at, march(9, 9).ends_at)
    assert row["ends_by"] == clock(336).at


def test_releasing_a_part_leaves_the_rest() -> None:
    release = TimeReleased(hold_id=HOLD, released=(march(1, 2),), spans=(march(3, 5),), because="released")
    claim = claim_of(standing(time_held(), release)[HOLD])
    assert claim.spans == (march(3, 5),)


def test_a_hold_that_lapsed_leaves_the_calendar() -> None:
    lapse = TimeLapsed(
        hold_id=HOLD, lapsed=(march(1, 5),), spans=(), because="deadline", at=clock(336).at, rule="14 days"
    )
    assert standing(time_held(), lapse) == {}


def test_confirming_a_part_leaves_a_booking_and_the_rest_of_the_hold() -> None:
    booked = TimeBooked(
        booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 2),), hold_id=HOLD, hold_spans=(march(3, 5),)
    )
    rows = standing(time_held(), booked)
    assert {row["kind"] for row in rows.values()} == {"hold", "booking"}
    assert claim_of(rows[HOLD]).spans == (march(3, 5),)
    assert claim_of(rows[BOOKING]).spans == (march(1, 2),)


def test_a_cancelled_booking_leaves_the_calendar() -> None:
    booked = TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 2),))
    assert standing(booked, BookingFreed(booking_id=BOOKING, freed=(march(1, 2),), spans=())) == {}


def test_time_off_comes_and_goes() -> None:
    marked = TimeOffMarked(time_off_id=BOOKING, spans=(march(1, 2),), approved=True)
    assert standing(marked)[BOOKING]["kind"] == "time_off"
    assert standing(marked, TimeOffCleared(time_off_id=BOOKING)) == {}


def test_what_was_worked_out_again_by_the_zones_stands_where_its_days_lie_now() -> None:
    rows = standing(
        time_held(),
        TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 2),)),
        TimeOffMarked(time_off_id=OTHER_HOLD, spans=(march(1, 2),), approved=True),
        TimeRederived(hold_id=HOLD, spans=(march(8, 9),)),
        BookingRederived(booking_id=BOOKING, spans=(march(8, 9),)),
        TimeOffRederived(time_off_id=OTHER_HOLD, spans=time(8, 9), approved=True),
    )
    assert {row["starts_at"] for row in rows.values()} == {march(8, 8).starts_at}
    assert claim_of(rows[OTHER_HOLD]) == TimeOffClaim(OTHER_HOLD, time(8, 9), approved=True)


def test_events_of_other_streams_are_no_concern_of_a_calendar() -> None:
    assert projected(artist_calendar.PROJECTION, (f"hold/{HOLD}", time_held()))[CLAIMS] == {}


@pytest.mark.parametrize("event", CALENDAR.events, ids=lambda event: event.stored_as)
def test_every_event_of_a_calendar_is_known_to_concern_a_claim_or_none(event: type[Event]) -> None:
    ids = {"hold_id", "booking_id", "time_off_id", "challenge_id"} & event.model_fields.keys()
    members: dict[str, Any] = dict.fromkeys(ids, HOLD) or {"spans": {HOLD: ()}}
    example = event.model_construct(None, **members)
    assert (concerned(example) != ()) == (event not in {ConflictFound, ConflictResolved})


def test_a_challenge_stands_on_the_calendar_until_it_is_decided() -> None:
    opened = ChallengeOpened(
        challenge_id=BOOKING,
        hold_id=OTHER_HOLD,
        project_id=PROJECT,
        spans=(march(1, 2),),
        challenged=(HOLD,),
        answer_by=clock(24),
    )
    said = ChallengeAnswered(challenge_id=BOOKING, hold_id=HOLD, answer="release", spans=time(1, 2))
    ended = ChallengeEnded(challenge_id=BOOKING, outcome="withdrawn", ended=(march(1, 2),), spans=())
    row = standing(opened, said)[BOOKING]
    assert row["kind"] == "challenge"
    claim = claim_of({**row, "claim": from_json(to_json(row["claim"]))})
    assert isinstance(claim, OpenChallenge)
    assert claim.intents == ((HOLD, Intent("release", time(1, 2))),)
    assert standing(opened, said, ended) == {}


def test_the_winner_of_a_challenge_stands_there_with_its_clock() -> None:
    opened = ChallengeOpened(
        challenge_id=BOOKING,
        hold_id=HOLD,
        project_id=PROJECT,
        spans=(march(1, 5),),
        challenged=(OTHER_HOLD,),
        answer_by=clock(24),
    )
    won = ChallengeEnded(
        challenge_id=BOOKING,
        outcome="won",
        ended=(march(1, 5),),
        spans=(),
        commitment=clock(48),
        hold_id=HOLD,
        hold_spans=(replace(march(1, 5), commitment=clock(48)),),
    )
    assert standing(time_held(), opened, won)[HOLD]["ends_by"] == clock(48).at


def test_a_claim_survives_the_way_into_its_row_and_back() -> None:
    event = time_held(HOLD, march(1, 2), march(7, 8, first_refusal=clock(9)), respond_by=clock(48))
    row = standing(event)[HOLD]
    stored = {**row, "claim": from_json(to_json(row["claim"]))}
    assert claim_of(stored) == claim_of(row) == fold([], event).holds[HOLD]


_HOURS = st.none() | st.integers(1, 100)


@given(st.lists(st.tuples(_HOURS, _HOURS), min_size=1, max_size=4), st.integers(1, 100), _HOURS, st.integers(0, 110))
def test_nothing_is_held_from_the_instant_at_which_it_ends(
    clocks: list[tuple[int | None, int | None]], deadline: int, respond: int | None, at: int
) -> None:
    spans = tuple(
        Held(
            march(n, n).starts_at,
            march(n, n).ends_at,
            "Europe/Berlin",
            first_refusal=None if refusal is None else clock(refusal),
            commitment=None if commitment is None else clock(commitment),
        )
        for n, (refusal, commitment) in enumerate(clocks, 1)
    )
    claim = hold_claim(
        hold_id=HOLD,
        project_id=PROJECT,
        spans=spans,
        limits=limits(deadline),
        respond_by=None if respond is None else clock(respond),
    )
    now = NOW + timedelta(hours=at)
    assert (claim.alive_spans(now) == ()) == (now >= ends_by(claim))
