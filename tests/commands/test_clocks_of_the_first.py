"""First refusal and commitment: clocks of whoever is 1st and live, which stop where somebody is not live any more."""

import pytest

from domain.calendar import ClocksStopped, HoldPromoted, TimeLapsed
from tests.given import OVERRIDES, Studio, accepting, days, uid

MONDAY, TUESDAY = "2027-03-01", "2027-03-02"
BOTH = days(MONDAY, TUESDAY)


@pytest.fixture
def studio() -> Studio:
    """B has been promoted on both days, and must decide within 48 hours."""
    studio = Studio(permissions=OVERRIDES)
    studio.hold("a", BOTH)
    studio.hold("b", BOTH, project="spot")
    studio.release("a")
    return studio


def test_a_promoted_hold_that_stands_by_behind_a_booking_loses_nothing_and_is_promoted_anew(studio: Studio) -> None:
    studio.book("over", days(MONDAY), overrides=accepting("jump_queue", "b"))
    studio.keep("b", periods=days(TUESDAY))
    studio.pass_(hours=48)
    studio.record_overdue()
    assert studio.standing_on(MONDAY, "b") == [(1, "standby")]
    studio.cancel(uid("over"))
    again = studio.events(HoldPromoted)[-1]
    assert [(span.first_day, again.hold_id) for span in again.promoted] == [
        (studio.calendar().holds[uid("b")].spans[0].first_day, uid("b"))
    ]
    studio.pass_(hours=48)
    assert studio.standing_on(MONDAY, "b") == []
    assert studio.standing_on(TUESDAY, "b") == [(1, "live")]


def test_the_clock_goes_on_where_the_hold_is_live_still(studio: Studio) -> None:
    studio.book("over", days(MONDAY), overrides=accepting("jump_queue", "b"))
    (stopped,) = studio.events(ClocksStopped)
    assert [str(span.first_day) for span in stopped.stopped] == [MONDAY]
    studio.pass_(hours=48)
    assert studio.standing_on(MONDAY, "b") == [(1, "standby")]
    assert studio.standing_on(TUESDAY, "b") == []


def test_a_promoted_hold_that_time_off_blocks_loses_nothing(studio: Studio) -> None:
    studio.time_off("away", BOTH)
    assert studio.events(ClocksStopped) == []
    studio.approve("away")
    studio.pass_(hours=48)
    assert studio.ranks("b") == [(1, "blocked")]


def test_a_booking_that_is_moved_over_a_promoted_hold_stops_its_clock(studio: Studio) -> None:
    studio.book("over", days("2027-03-08"))
    studio.reschedule(uid("over"), BOTH, overrides=accepting("jump_queue", "b"))
    studio.pass_(hours=48)
    studio.record_overdue()
    assert studio.events(TimeLapsed) == []


def test_a_winner_whose_time_is_booked_by_somebody_else_has_nothing_to_book_and_loses_nothing(studio: Studio) -> None:
    studio.keep("b")
    studio.hold("c", BOTH)
    studio.challenge("x", by="c")
    studio.answers("x", by="b", answer="release")
    studio.book("over", BOTH, project="spot", overrides=accepting("jump_queue", "c"))
    studio.pass_(hours=48)
    assert studio.ranks("c") == [(1, "standby")]
    studio.cancel(uid("over"))
    assert studio.events(HoldPromoted)[-1].hold_id == uid("c")


def test_a_clock_that_has_run_out_is_late_though_the_time_is_booked_after_it(studio: Studio) -> None:
    studio.pass_(hours=48)
    studio.book("over", BOTH)
    assert studio.events(ClocksStopped) == []
    assert [lapse.because for lapse in studio.events(TimeLapsed)] == ["first_refusal"]
