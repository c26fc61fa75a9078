import pytest

from domain.calendar import (
    CALENDAR,
    BookingFreed,
    TimeBooked,
    TimeHeld,
    TimeLapsed,
    TimeOffCleared,
    TimeOffMarked,
    TimeReleased,
)
from domain.event import Event
from projections import artist_calendar
from projections.artist_calendar import CLAIMS, claim_of
from projections.claims import concerned
from projections.table import Row
from tests.projections.story import ARTIST, BOOKING, HOLD, PROJECT, TENANT, clock, march, projected, time_held

CALENDAR_STREAM = f"calendar/{ARTIST}"


def standing(*events: Event) -> dict[str, Row]:
    rows = projected(artist_calendar.PROJECTION, *((CALENDAR_STREAM, event) for event in events))
    return {key[-1]: row for key, row in rows[CLAIMS].items()}


def test_a_hold_stands_on_the_calendar_with_its_bounds() -> None:
    row = standing(time_held(HOLD, march(1, 2), march(8, 9)))[HOLD]
    assert (row["tenant_id"], row["artist_id"], row["kind"]) == (TENANT, ARTIST, "hold")
    assert (row["starts_at"], row["ends_at"]) == (march(1, 1).starts_at, march(9, 9).ends_at)


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


def test_events_of_other_streams_are_no_concern_of_a_calendar() -> None:
    assert projected(artist_calendar.PROJECTION, (f"hold/{HOLD}", time_held()))[CLAIMS] == {}


@pytest.mark.parametrize("event", CALENDAR.events, ids=lambda event: event.stored_as)
def test_every_event_of_a_calendar_is_known_to_concern_a_claim_or_none(event: type[Event]) -> None:
    names = {"hold_id", "booking_id", "time_off_id"} & event.model_fields.keys()
    example = event.model_construct(**dict.fromkeys(names, HOLD), **({"spans": {HOLD: ()}} if not names else {}))
    assert concerned(example) != ()


def test_what_the_projection_knows_is_what_a_hold_was_placed_with() -> None:
    event = time_held(HOLD, respond_by=clock(48))
    stored = TimeHeld.model_validate_json(event.model_dump_json())
    assert claim_of(standing(event)[HOLD]) == claim_of(standing(stored)[HOLD])
