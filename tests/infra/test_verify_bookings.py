"""V4: a booking is held against those that stand where it comes to."""

from domain.calendar import BookingMoved, TimeBooked
from infra.verify_bookings import clashes
from tests.given import OVERRIDES, Studio, accepting, days, uid
from tests.infra.calendar_log import steps

WEEK = days("2027-03-01", "2027-03-05")


def clashing(studio: Studio) -> list[list[str]]:
    """What each booking on Ada's calendar was made or moved over without an override."""
    return [
        clashes(step.before, step.event.booking_id, step.event.spans, step.event.overrides)
        for _, step in steps(studio)
        if isinstance(step.event, TimeBooked | BookingMoved)
    ]


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
