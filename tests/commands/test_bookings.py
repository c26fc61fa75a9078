"""Confirming, booking directly, cancelling."""

import pytest

from domain.artist import IdTaken
from domain.booking import BookingCancelled
from domain.booking_time import DoubleBooking, NotFirst, NotHeld
from domain.calendar import HoldPromoted, TimeBooked, TimeReleased
from domain.cancelling import BookingEnded
from domain.challenging import NothingToChallenge
from domain.ending import HoldEnded, HoldLapsed
from domain.errors import NotAllowed, NotFound
from domain.job import JobFull, JobNotOpen
from domain.placing import QueueFull, Spent
from domain.project import ProjectNotOpen
from tests.given import OVERRIDES, Studio, accepting, days, uid

WEEK = days("2027-03-01", "2027-03-05")


@pytest.fixture
def studio() -> Studio:
    return Studio()


def test_confirming_turns_the_hold_into_a_booking(studio: Studio) -> None:
    studio.hold("a", WEEK)
    booking_id = studio.confirm("a")["booking_id"]
    assert set(studio.calendar().bookings) == {booking_id}
    assert set(studio.calendar().holds) == set()


def test_confirming_what_is_confirmed_answers_the_same_booking_and_changes_nothing(studio: Studio) -> None:
    studio.hold("a", WEEK)
    booking_id = studio.confirm("a")["booking_id"]
    before = studio.recorded()
    assert studio.confirm("a")["booking_id"] == booking_id
    assert studio.recorded() == before
    studio.cancel(booking_id)
    with pytest.raises(HoldEnded):
        studio.confirm("a")


def test_days_that_are_not_confirmed_are_released_or_kept_as_asked(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.confirm("a", periods=days("2027-03-01"), keep_rest=True)
    assert studio.rank_on("2027-03-02", "a") == 1
    studio.confirm("a", periods=days("2027-03-02"))
    assert studio.rank_on("2027-03-03", "a") is None
    assert studio.ranks("b") == [(1, "standby"), (1, "live")]
    (promotion,) = studio.events(HoldPromoted)
    assert promotion.hold_id == uid("b")


def test_only_time_that_is_held_can_be_confirmed(studio: Studio) -> None:
    studio.hold("a", WEEK)
    with pytest.raises(NotHeld):
        studio.confirm("a", periods=days("2027-03-05", "2027-03-06"))


def test_a_lower_hold_cannot_be_confirmed_past_a_higher_one(studio: Studio) -> None:
    studio.hold("a", days("2027-03-03"))
    studio.hold("b", WEEK, project="spot")
    with pytest.raises(NotFirst) as refused:
        studio.confirm("b")
    assert refused.value.helps["conflicts"] == [uid("a")]
    assert studio.confirm("b", periods=days("2027-03-01", "2027-03-02"), keep_rest=True)["booking_id"]


def test_jumping_the_queue_needs_the_permission_and_a_reason_and_names_who_is_passed_over(studio: Studio) -> None:
    studio.hold("a", days("2027-03-03"))
    studio.hold("b", WEEK, project="spot")
    with pytest.raises(NotAllowed):
        studio.confirm("b", overrides=accepting("jump_queue", "a"))
    studio.permissions = OVERRIDES
    with pytest.raises(NotFirst):
        studio.confirm("b", overrides=accepting("jump_queue", "somebody else"))
    studio.confirm("b", overrides=accepting("jump_queue", "a"))
    (booked,) = studio.events(TimeBooked)
    assert booked.passed_over == (uid("a"),)
    assert booked.overrides[0].reason == "the client insists"
    assert studio.ranks("a") == [(1, "standby")]


def test_an_artist_is_never_booked_twice_at_one_time_unless_that_is_accepted(studio: Studio) -> None:
    studio.book("a", days("2027-03-05"))
    studio.hold("b", WEEK, project="spot")
    with pytest.raises(DoubleBooking) as refused:
        studio.confirm("b")
    assert refused.value.helps["conflicts"] == [uid("a")]
    with pytest.raises(DoubleBooking):
        studio.book("c", days("2027-03-05"))
    studio.permissions = OVERRIDES
    studio.confirm("b", overrides=accepting("double_book", "a"))
    assert len(studio.calendar().bookings) == 2


def test_an_override_that_was_not_needed_is_not_recorded(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.confirm("a", overrides=accepting("double_book", "b"))
    assert studio.events(TimeBooked)[0].overrides == ()


def test_a_direct_booking_must_win_the_queue_too(studio: Studio) -> None:
    studio.hold("a", WEEK)
    with pytest.raises(NotFirst):
        studio.book("b", days("2027-03-05"))
    studio.permissions = OVERRIDES
    studio.book("b", days("2027-03-05"), overrides=accepting("jump_queue", "a"))


def test_a_booking_may_be_entered_afterwards(studio: Studio) -> None:
    assert studio.book("a", days("2026-11-02"))["version"] == 1


def test_the_same_booking_sent_twice_is_one_and_another_under_its_id_is_a_conflict(studio: Studio) -> None:
    studio.book("a", WEEK)
    before = studio.recorded()
    studio.book("a", WEEK)
    assert studio.recorded() == before
    with pytest.raises(IdTaken):
        studio.book("a", days("2027-04-01"))


def test_the_others_stand_by_and_revive_promoted_when_the_booking_is_cancelled(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.hold("c", WEEK, project="spot")
    booking_id = studio.confirm("a")["booking_id"]
    assert studio.ranks("b") == [(1, "standby")]
    assert studio.ranks("c") == [(2, "standby")]
    with pytest.raises(DoubleBooking):
        studio.confirm("b")
    studio.cancel(booking_id)
    assert studio.ranks("b") == [(1, "live")]
    (promotion,) = studio.events(HoldPromoted)
    assert promotion.hold_id == uid("b")


def test_a_policy_can_release_the_others_when_one_is_confirmed(studio: Studio) -> None:
    studio.policy("motion-24h", on_confirm="release")
    studio.hold("a", days("2027-03-01"))
    studio.hold("b", WEEK, project="spot")
    studio.hold("c", days("2027-03-02"), project="spot")
    studio.confirm("a")
    (released,) = studio.events(TimeReleased)
    assert (released.hold_id, released.because) == (uid("b"), "booked")
    assert studio.ranks("b") == [(1, "live")]


def test_cancelled_days_are_free_and_the_rest_stays_booked(studio: Studio) -> None:
    studio.hold("a", WEEK)
    booking_id = studio.confirm("a")["booking_id"]
    studio.cancel(booking_id, periods=days("2027-03-03"))
    before = studio.recorded()
    studio.cancel(booking_id, periods=days("2027-03-03"))
    assert studio.recorded() == before
    studio.book("b", days("2027-03-03"))
    studio.cancel(booking_id)
    before = studio.recorded()
    studio.cancel(booking_id)
    assert studio.recorded() == before
    assert set(studio.calendar().bookings) == {uid("b")}


def test_unknown_bookings_are_not_found(studio: Studio) -> None:
    with pytest.raises(NotFound):
        studio.cancel(uid("nothing"))


def test_a_job_knows_how_many_it_still_needs(studio: Studio) -> None:
    studio.artist("bob")
    studio.job("comp", periods=WEEK, quantity=1)
    studio.hold("a", WEEK, job_id="comp")
    studio.hold("b", days("2027-03-05"), artist="bob", job_id="comp")
    studio.hold("c", days("2027-03-04"), artist="bob", job_id="comp")
    booking_id = studio.confirm("a", periods=days("2027-03-01", "2027-03-04"))["booking_id"]
    studio.confirm("b")
    with pytest.raises(JobFull) as refused:
        studio.confirm("c")
    assert refused.value.helps["conflicts"] == [booking_id]
    studio.cancel(booking_id, periods=days("2027-03-04"))
    studio.confirm("c")


def test_over_filling_a_job_needs_an_override(studio: Studio) -> None:
    studio.artist("bob")
    studio.job("comp", periods=WEEK)
    studio.book("a", WEEK, job_id="comp")
    with pytest.raises(JobFull):
        studio.book("b", WEEK, artist="bob", job_id="comp")
    studio.permissions = OVERRIDES
    studio.book("b", WEEK, artist="bob", job_id="comp", overrides=accepting("over_fill", "a"))


def test_nothing_is_held_or_booked_for_a_closed_job(studio: Studio) -> None:
    studio.job("comp", periods=WEEK)
    studio.close_job("comp")
    before = studio.recorded()
    studio.close_job("comp")
    assert studio.recorded() == before
    with pytest.raises(JobNotOpen):
        studio.hold("a", WEEK, job_id="comp")
    with pytest.raises(NotFound):
        studio.hold("a", WEEK, project="spot", job_id="comp")


def test_nothing_is_booked_for_a_closed_project(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.close_project("film")
    with pytest.raises(ProjectNotOpen):
        studio.confirm("a")


def test_less_rest_than_the_turnaround_between_bookings_is_a_warning(studio: Studio) -> None:
    studio.policy("motion-24h", turnaround_hours=11)
    studio.book("a", days("2027-03-01"))
    told = studio.book("b", days("2027-03-02"))
    assert [warning["code"] for warning in told["warnings"]] == ["short_turnaround"]
    assert "warnings" not in studio.book("c", days("2027-03-08"))


def test_what_a_cancellation_costs_is_recorded_with_the_band(studio: Studio) -> None:
    studio.policy("models-us")
    studio.hold("a", days("2027-03-01", "2027-03-02"))
    booking_id = studio.confirm("a", rate={"amount": "450.00", "currency": "USD"})["booking_id"]
    studio.at("2027-02-27T12:00:00")
    told = studio.cancel(booking_id, reason="the client withdrew")
    assert told["fees"] == [
        {
            "days": 2,
            "percent": "50",
            "amount": {"amount": "450.00", "currency": "USD"},
            "notice": "35 hours",
            "band": "under 48 hours",
            "policy": "models-us",
            "zone": "Europe/Berlin",
        }
    ]
    (cancelled,) = studio.events(BookingCancelled)
    assert cancelled.by == "client"


def test_an_artist_who_cancels_is_not_paid_for_it(studio: Studio) -> None:
    studio.policy("models-us")
    studio.book("a", days("2026-11-24"))
    assert studio.cancel(uid("a"), by="artist")["fees"] == []


def test_a_lapsed_hold_is_not_booked(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.pass_(days=14)
    with pytest.raises(HoldLapsed):
        studio.confirm("a")


def test_a_completed_booking_cannot_be_cancelled(studio: Studio) -> None:
    studio.book("a", days("2026-11-02"))
    studio.complete("a")
    with pytest.raises(BookingEnded):
        studio.cancel(uid("a"))


def test_a_hold_does_not_come_back_to_time_that_it_booked_or_lost_to_a_clock(studio: Studio) -> None:
    studio.hold("top", days("2027-03-04"), project="spot")
    studio.hold("a", WEEK)
    studio.release("top")
    studio.pass_(hours=48)
    with pytest.raises(Spent):
        studio.change("a", WEEK)
    booking_id = studio.confirm("a", periods=days("2027-03-01"), keep_rest=True)["booking_id"]
    studio.cancel(booking_id)
    with pytest.raises(Spent):
        studio.change("a", days("2027-03-01", "2027-03-03"))


def test_holds_that_stand_by_or_are_blocked_count_for_the_depth_of_the_queue(studio: Studio) -> None:
    studio.policy("motion-24h", max_depth=2)
    for name in "ab":
        studio.hold(name, days("2027-03-01", "2027-03-02"), project="spot")
    studio.permissions = OVERRIDES
    studio.book("over", days("2027-03-01"), overrides=accepting("jump_queue", "a", "b"))
    studio.time_off("away", days("2027-03-02"))
    studio.approve("away")
    for day in ("2027-03-01", "2027-03-02"):
        with pytest.raises(QueueFull):
            studio.hold("c", days(day), overrides=accepting("over_time_off", "away"))


def test_a_conflict_that_appeared_meanwhile_is_refused_and_named(studio: Studio) -> None:
    studio.permissions = OVERRIDES
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.hold("c", WEEK, project="spot")
    with pytest.raises(NotFirst) as refused:
        studio.confirm("c", overrides=accepting("jump_queue", "a"))
    assert refused.value.helps["conflicts"] == [uid("b")]


def test_only_a_live_hold_is_confirmed(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.confirm("a")
    with pytest.raises(DoubleBooking):
        studio.confirm("b")
    with pytest.raises(NothingToChallenge):
        studio.challenge("x", by="b")


@pytest.mark.parametrize("missing", sorted(OVERRIDES))
def test_each_override_is_a_permission_of_its_own(studio: Studio, missing: str) -> None:
    studio.artist("bob")
    studio.job("comp", periods=WEEK)
    studio.book("booked", days("2027-03-01"))
    studio.book("filling", days("2027-03-02"), artist="bob", job_id="comp")
    studio.hold("first", days("2027-03-03"), project="spot")
    studio.time_off("away", days("2027-03-04"))
    studio.approve("away")
    accepted = {"double_book": "booked", "over_fill": "filling", "jump_queue": "first", "over_time_off": "away"}
    overrides = [one for permission, id in accepted.items() for one in accepting(permission, id)]
    studio.permissions = OVERRIDES - {missing}
    with pytest.raises(NotAllowed) as refused:
        studio.book("all", WEEK, job_id="comp", overrides=overrides)
    assert refused.value.helps == {"permission": missing}
    studio.permissions = OVERRIDES
    studio.book("all", WEEK, job_id="comp", overrides=overrides)
    (booked,) = [event for event in studio.events(TimeBooked) if event.booking_id == uid("all")]
    assert {one.permission for one in booked.overrides} == OVERRIDES - {"over_fill"}
