"""Time off, and its clashes with holds and bookings."""

import pytest

from domain.artist import IdTaken
from domain.booking import BookingCancelled
from domain.booking_time import DoubleBooking
from domain.calendar import ConflictResolved, HoldPromoted, TimeOffMarked
from domain.conflicts import PeriodsNeeded
from domain.errors import NotFound
from domain.placing import OnTimeOff
from domain.spans import InThePast
from domain.time_off import TimeOffEnded
from tests.given import OVERRIDES, Studio, accepting, days, uid

WEEK = days("2027-03-01", "2027-03-05")
WEDNESDAY = days("2027-03-03")


@pytest.fixture
def studio() -> Studio:
    return Studio()


def away(studio: Studio) -> None:
    studio.time_off("away", WEDNESDAY)
    studio.approve("away")


def test_a_hold_on_requested_time_off_is_allowed_with_a_warning(studio: Studio) -> None:
    studio.time_off("away", WEDNESDAY)
    told = studio.hold("a", WEEK)
    assert [warning["code"] for warning in told["warnings"]] == ["time_off_requested"]
    assert studio.ranks("a") == [(1, "live")]


def test_a_hold_on_approved_time_off_is_refused_unless_that_is_accepted(studio: Studio) -> None:
    away(studio)
    with pytest.raises(OnTimeOff) as refused:
        studio.hold("a", WEEK)
    assert refused.value.helps["conflicts"] == [uid("away")]
    studio.permissions = OVERRIDES
    studio.hold("a", WEEK, overrides=accepting("over_time_off", "away"))
    assert studio.ranks("a") == [(1, "live"), (1, "blocked"), (1, "live")]


def test_a_booking_on_approved_time_off_is_refused_unless_that_is_accepted(studio: Studio) -> None:
    away(studio)
    with pytest.raises(OnTimeOff):
        studio.book("a", WEEK)
    studio.permissions = OVERRIDES
    studio.book("a", WEEK, overrides=accepting("over_time_off", "away"))
    assert not studio.calendar().conflicts


def test_approved_time_off_blocks_holds_deletes_nothing_and_says_who_has_to_be_told(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", days("2027-03-08"), project="spot")
    away(studio)
    marked = studio.events(TimeOffMarked)[-1]
    assert marked.blocked == (uid("a"),)
    assert studio.ranks("a") == [(1, "live"), (1, "blocked"), (1, "live")]
    with pytest.raises(OnTimeOff):
        studio.confirm("a")
    studio.confirm("a", periods=days("2027-03-01"), keep_rest=True)


def test_when_time_off_ends_the_blocked_holds_are_live_again_and_the_first_is_promoted(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    away(studio)
    studio.reject("away")
    assert studio.ranks("a") == [(1, "live"), (1, "live"), (1, "live")]
    (promotion,) = studio.events(HoldPromoted)
    assert promotion.hold_id == uid("a")
    assert [str(span.first_day) for span in promotion.promoted] == ["2027-03-03"]


def test_time_off_that_was_only_asked_for_frees_nothing_when_it_is_withdrawn(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.time_off("away", WEDNESDAY)
    studio.withdraw_time_off("away")
    assert studio.events(HoldPromoted) == []


def test_time_off_over_a_booking_is_a_conflict_once_it_is_approved(studio: Studio) -> None:
    studio.book("a", WEEK)
    told = studio.time_off("away", WEDNESDAY)
    assert [warning["code"] for warning in told["warnings"]] == ["booked"]
    assert studio.approve("away")["conflicts"] == [uid("a")]
    before = studio.recorded()
    assert studio.approve("away")["conflicts"] == [uid("a")]
    assert studio.recorded() == before


def test_a_conflict_is_resolved_by_moving_the_booking(studio: Studio) -> None:
    studio.book("a", WEEK)
    away(studio)
    with pytest.raises(PeriodsNeeded):
        studio.resolve(uid("a"), "move")
    with pytest.raises(OnTimeOff):
        studio.resolve(uid("a"), "move", periods=WEDNESDAY)
    studio.resolve(uid("a"), "move", periods=days("2027-03-08", "2027-03-12"))
    assert [str(span.first_day) for span in studio.calendar().bookings[uid("a")].spans] == ["2027-03-08"]
    assert len(studio.events(ConflictResolved)) == 1
    with pytest.raises(NotFound):
        studio.resolve(uid("a"), "move", periods=WEEK)


def test_a_conflict_is_resolved_by_splitting_the_booking(studio: Studio) -> None:
    studio.policy("models-us")
    studio.book("a", WEEK)
    away(studio)
    assert studio.resolve(uid("a"), "split")["fees"] == []
    spans = studio.calendar().bookings[uid("a")].spans
    assert [(str(s.first_day)[-2:], str(s.last_day)[-2:]) for s in spans] == [("01", "02"), ("04", "05")]


def test_the_days_that_are_split_off_can_go_elsewhere(studio: Studio) -> None:
    studio.book("a", WEEK)
    away(studio)
    studio.resolve(uid("a"), "split", periods=days("2027-03-08"))
    spans = studio.calendar().bookings[uid("a")].spans
    assert [str(span.first_day)[-2:] for span in spans] == ["01", "04", "08"]


def test_a_conflict_is_resolved_by_cancelling_with_the_fee(studio: Studio) -> None:
    studio.policy("crew-uk-commercial")
    studio.at("2027-02-26T12:00:00")
    studio.book("a", WEEK)
    away(studio)
    (fee,) = studio.resolve(uid("a"), "cancel", reason="they were not told")["fees"]
    assert fee["percent"] == "75"
    assert studio.events(BookingCancelled)[0].by == "client"
    assert not studio.calendar().conflicts


def test_a_conflict_is_resolved_by_rejecting_the_time_off(studio: Studio) -> None:
    studio.book("a", WEEK)
    away(studio)
    studio.resolve(uid("a"), "reject_time_off")
    assert studio.calendar().time_off == {}
    assert not studio.calendar().conflicts
    with pytest.raises(TimeOffEnded):
        studio.approve("away")


def test_a_conflict_resolves_itself_when_the_booking_goes_away(studio: Studio) -> None:
    studio.book("a", WEEK)
    away(studio)
    studio.cancel(uid("a"))
    assert len(studio.events(ConflictResolved)) == 1


def test_time_off_is_asked_for_once_and_ends_once(studio: Studio) -> None:
    studio.time_off("away", WEDNESDAY)
    before = studio.recorded()
    studio.time_off("away", WEDNESDAY)
    assert studio.recorded() == before
    with pytest.raises(IdTaken):
        studio.time_off("away", WEEK)
    with pytest.raises(InThePast):
        studio.time_off("then", days("2026-11-01"))
    studio.reject("away")
    before = studio.recorded()
    studio.reject("away")
    assert studio.recorded() == before
    with pytest.raises(TimeOffEnded):
        studio.withdraw_time_off("away")
    studio.time_off("again", WEDNESDAY)
    studio.withdraw_time_off("again")
    before = studio.recorded()
    studio.withdraw_time_off("again")
    assert studio.recorded() == before
    with pytest.raises(NotFound):
        studio.approve("nothing")


def test_a_booking_behind_time_off_that_moves_still_obeys_the_rules(studio: Studio) -> None:
    studio.book("a", WEEK)
    studio.book("b", days("2027-03-08"), project="spot")
    away(studio)
    with pytest.raises(DoubleBooking):
        studio.resolve(uid("a"), "move", periods=days("2027-03-08"))


def test_a_booking_on_requested_time_off_is_a_warning(studio: Studio) -> None:
    studio.time_off("away", WEDNESDAY)
    assert [warning["code"] for warning in studio.book("a", WEEK)["warnings"]] == ["time_off_requested"]


def test_time_off_merges_with_time_off(studio: Studio) -> None:
    away(studio)
    studio.time_off("more", WEEK)
    studio.approve("more")
    studio.withdraw_time_off("away")
    with pytest.raises(OnTimeOff):
        studio.hold("a", WEDNESDAY)
