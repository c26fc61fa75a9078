"""V4: a booking is held against those that stand where it comes to."""

import pytest

from domain.booking_time import DoubleBooking
from domain.calendar import BookingMoved, TimeBooked
from infra.verify_bookings import booked_once, clashes
from tests.given import OVERRIDES, Studio, accepting, days, uid
from tests.infra.calendar_log import steps, wrong
from tests.zones import read_as

WEEK = days("2027-03-01", "2027-03-05")


def clashing(studio: Studio) -> list[list[str]]:
    """What each booking was made or moved over without an override."""
    booked = [
        (step.before, step.event) for _, step in steps(studio) if isinstance(step.event, TimeBooked | BookingMoved)
    ]
    return [clashes(before, event.booking_id, event.spans, event.overrides) for before, event in booked]


def test_time_that_was_booked_over_another_with_an_override_stays_accepted_when_the_rest_moves() -> None:
    studio = Studio(permissions=OVERRIDES)
    studio.book("a", WEEK)
    studio.book("b", WEEK, project="spot", overrides=accepting("double_book", "a"))
    studio.reschedule(uid("b"), days("2027-03-05", "2027-03-09"))
    assert clashing(studio) == [[], [], []]


def test_time_that_a_booking_moves_to_is_its_own_unless_that_is_accepted() -> None:
    studio = Studio(permissions=OVERRIDES)
    studio.book("a", WEEK)
    studio.book("b", days("2027-03-08"), project="spot")
    (claim,) = [claim for claim in studio.calendar().bookings.values() if claim.booking_id == uid("a")]
    studio.stored("ada", BookingMoved(booking_id=uid("b"), spans=claim.spans))
    assert clashing(studio) == [[], [], [uid("a")]]


def test_a_booking_that_a_zone_has_moved_over_another_may_stay_there_when_the_rest_of_it_moves() -> None:
    studio = Studio()
    studio.book("a", days("2027-03-01"))
    studio.book("b", [{"starts_at": "2027-03-02T00:00+01:00", "ends_at": "2027-03-02T12:00+01:00"}], time_zone="UTC")
    with read_as("Europe/Berlin", "Europe/Lisbon"):
        assert studio.rederive()["double_booked"] == [sorted([uid("a"), uid("b")])]
        studio.reschedule(uid("a"), days("2027-03-01", "2027-03-01") + days("2027-03-04"))
        studio.cancel(uid("a"), periods=days("2027-03-04"))
        with pytest.raises(DoubleBooking):
            studio.reschedule(uid("a"), days("2027-03-02"))
        studio.postpone(uid("b"))
        studio.reschedule(uid("a"), days("2027-03-01", "2027-03-02"))
    assert clashing(studio) == [[]] * 4
    assert wrong(studio, booked_once) == []


def test_bookings_that_move_one_after_another_are_looked_at_once_all_have_moved() -> None:
    """To later hours and back: one way or the other, the first of them comes to where the second one lies still."""
    studio = Studio()
    studio.book("a", days("2027-03-01"))
    studio.book("b", days("2027-03-02"))
    for rules in ("Europe/Lisbon", "Europe/Moscow"):
        with read_as("Europe/Berlin", rules):
            told = studio.rederive()
        assert (told["claims"], told["double_booked"]) == (2, [])
    assert wrong(studio, booked_once) == []
