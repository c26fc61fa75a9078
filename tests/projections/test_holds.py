from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import LimitsMoved, Release, TimeBooked, TimeHeld, TimeLapsed, TimeReleased
from domain.claims import Held, hold_claim
from domain.event import Event
from domain.hold import HoldConfirmed, HoldExtended, HoldPlaced
from domain.periods import Days
from projections import holds
from projections.holds import HOLDS, ends_by
from projections.table import Row
from tests.projections.story import (
    ARTIST,
    BOOKING,
    HOLD,
    NOW,
    PROJECT,
    TENANT,
    clock,
    limits,
    march,
    projected,
    time_held,
)

CALENDAR = f"calendar/{ARTIST}"
STREAM = f"hold/{HOLD}"
PLACED = HoldPlaced(
    artist_id=ARTIST,
    project_id=PROJECT,
    periods=(Days(first_day=march(1, 5).first_day, last_day=march(1, 5).last_day),),
    note="the spot with the whale",
)


def hold(*entries: tuple[str, Event]) -> Row:
    return projected(holds.PROJECTION, *entries)[HOLDS][TENANT, HOLD]


def released(because: Release) -> TimeReleased:
    return TimeReleased(hold_id=HOLD, released=(march(1, 5),), spans=(), because=because)


def test_a_placed_hold_says_who_wants_whom_and_until_when() -> None:
    row = hold((STREAM, PLACED), (CALENDAR, time_held()))
    assert (row["artist_id"], row["project_id"], row["status"]) == (ARTIST, PROJECT, "held")
    assert row["ends_by"] == clock(336).at
    assert row["during"] == "{[2027-02-28T23:00:00+00:00,2027-03-05T23:00:00+00:00)}"
    assert row["details"]["note"] == "the spot with the whale"
    assert row["details"]["placed_by"] == "ada"


def test_the_two_streams_of_a_hold_may_come_in_either_order() -> None:
    one = hold((STREAM, PLACED), (CALENDAR, time_held()))
    other = hold((CALENDAR, time_held()), (STREAM, PLACED))
    assert {**one, "details": {**one["details"], "placed_at": None}} == {
        **other,
        "details": {**other["details"], "placed_at": None},
    }


def test_its_version_counts_its_own_stream_only() -> None:
    row = hold((STREAM, PLACED), (CALENDAR, time_held()), (STREAM, HoldExtended(extensions=1)))
    assert row["version"] == 2
    assert row["details"]["extensions"] == 1


def test_extending_moves_the_instant_at_which_it_ends() -> None:
    moved = LimitsMoved(hold_id=HOLD, limits=limits(500))
    assert hold((STREAM, PLACED), (CALENDAR, time_held()), (CALENDAR, moved))["ends_by"] == clock(500).at


def test_a_recorded_lapse_ends_it_at_its_deadline() -> None:
    lapse = TimeLapsed(
        hold_id=HOLD, lapsed=(march(1, 5),), spans=(), because="deadline", at=clock(336).at, rule="14 days"
    )
    row = hold((STREAM, PLACED), (CALENDAR, time_held()), (CALENDAR, lapse))
    assert (row["status"], row["ends_by"]) == ("lapsed", None)
    assert row["details"]["ended_at"] == clock(336).at


@pytest.mark.parametrize(
    ("because", "status"),
    [("released", "released"), ("declined", "declined"), ("not_kept", "confirmed"), ("booked", "released")],
)
def test_how_its_time_was_let_go_tells_how_it_ended(because: Release, status: str) -> None:
    assert hold((STREAM, PLACED), (CALENDAR, time_held()), (CALENDAR, released(because)))["status"] == status


def test_releasing_a_part_leaves_it_held() -> None:
    part = TimeReleased(hold_id=HOLD, released=(march(1, 2),), spans=(march(3, 5),), because="released")
    row = hold((STREAM, PLACED), (CALENDAR, time_held()), (CALENDAR, part))
    assert row["status"] == "held"
    assert row["during"] == "{[2027-03-02T23:00:00+00:00,2027-03-05T23:00:00+00:00)}"


def test_confirmed_it_has_a_booking_and_keeps_the_time_that_it_held() -> None:
    booked = TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 5),), hold_id=HOLD)
    confirmed = HoldConfirmed(booking_id=BOOKING)
    row = hold((STREAM, PLACED), (CALENDAR, time_held()), (STREAM, confirmed), (CALENDAR, booked))
    assert (row["status"], row["details"]["booking_ids"]) == ("confirmed", [BOOKING])
    assert row["claim"].spans == (march(1, 5),)


def test_a_direct_booking_is_no_concern_of_a_hold() -> None:
    booked = TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 5),))
    assert projected(holds.PROJECTION, (CALENDAR, booked))[HOLDS] == {}


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


def test_the_claim_survives_the_way_into_its_row_and_back() -> None:
    claim = holds.hold_from(
        hold((CALENDAR, time_held(HOLD, march(1, 2), march(7, 8, first_refusal=clock(9)))))["claim"]
    )
    stored = TimeHeld.model_validate_json(
        time_held(HOLD, march(1, 2), march(7, 8, first_refusal=clock(9))).model_dump_json(exclude_none=True)
    )
    assert hold((CALENDAR, stored))["claim"] == claim
