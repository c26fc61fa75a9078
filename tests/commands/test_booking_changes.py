"""What becomes of bookings: rescheduled, postponed, un-confirmed, completed."""

import pytest

from domain.booking_time import DoubleBooking, NotFirst
from domain.calendar import HoldPromoted
from domain.cancelling import BookingEnded
from domain.groups import GroupBroken, GroupFilled
from domain.hold import HoldPlaced
from domain.job import JobFull
from domain.project import ProjectNotOpen
from domain.rebooking import NotBegun
from domain.spans import InThePast
from tests.given import OVERRIDES, Studio, accepting, days, uid

WEEK = days("2027-03-01", "2027-03-05")


@pytest.fixture
def studio() -> Studio:
    return Studio()


def test_a_rescheduled_booking_frees_its_old_time_and_takes_the_new(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    booking_id = studio.confirm("a")["booking_id"]
    studio.reschedule(booking_id, days("2027-03-04", "2027-03-10"), reason="rain")
    assert studio.ranks("b") == [(1, "live"), (1, "standby")]
    (promotion,) = studio.events(HoldPromoted)
    assert promotion.hold_id == uid("b")
    with pytest.raises(DoubleBooking):
        studio.book("c", days("2027-03-10"))


def test_rescheduling_to_where_it_is_changes_nothing(studio: Studio) -> None:
    studio.book("a", WEEK)
    before = studio.recorded()
    studio.reschedule(uid("a"), WEEK)
    assert studio.recorded() == before


def test_a_booking_is_not_rescheduled_past_others(studio: Studio) -> None:
    studio.book("a", WEEK)
    studio.hold("b", days("2027-03-10"), project="spot")
    with pytest.raises(NotFirst):
        studio.reschedule(uid("a"), days("2027-03-10"))
    studio.permissions = OVERRIDES
    studio.reschedule(uid("a"), days("2027-03-10"), overrides=accepting("jump_queue", "b"))


def test_a_postponed_booking_frees_its_time_until_it_is_rescheduled(studio: Studio) -> None:
    studio.artist("bob")
    studio.job("comp", periods=WEEK)
    studio.book("a", WEEK, job_id="comp")
    studio.postpone(uid("a"))
    before = studio.recorded()
    studio.postpone(uid("a"))
    assert studio.recorded() == before
    studio.book("b", days("2027-03-01"), artist="bob", job_id="comp")
    studio.book("c", days("2027-03-05"))
    with pytest.raises(JobFull):
        studio.reschedule(uid("a"), days("2027-03-01"), overrides=[])
    studio.reschedule(uid("a"), days("2027-03-02"))
    assert uid("a") in studio.calendar().bookings
    studio.postpone(uid("a"))
    with pytest.raises(BookingEnded):
        studio.unconfirm(uid("a"))
    assert studio.cancel(uid("a"))["fees"] == []


def test_an_unconfirmed_booking_is_a_hold_again_with_its_old_place_and_deadline(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    booking_id = studio.confirm("a")["booking_id"]
    studio.pass_(days=1)
    told = studio.unconfirm(booking_id)
    assert told["worst_rank"] == 1
    assert told["deadline"]["at"] == "2026-12-07T09:00:00Z"
    assert studio.ranks("b") == [(2, "live")]
    assert studio.events(HoldPromoted) == []
    assert studio.events(HoldPlaced)[-1].unconfirmed_from == booking_id
    before = studio.recorded()
    assert studio.unconfirm(booking_id)["hold_id"] == told["hold_id"]
    assert studio.recorded() == before


def test_it_joins_the_back_with_a_fresh_deadline_if_somebody_placed_a_hold_on_that_time_since(
    studio: Studio,
) -> None:
    studio.hold("a", WEEK)
    booking_id = studio.confirm("a")["booking_id"]
    studio.pass_(days=1)
    studio.hold("b", WEEK, project="spot")
    told = studio.unconfirm(booking_id)
    assert told["worst_rank"] == 2
    assert told["deadline"]["at"] == "2026-12-08T09:00:00Z"
    assert [promotion.hold_id for promotion in studio.events(HoldPromoted)] == [uid("b")]


def test_it_has_a_fresh_deadline_if_the_old_one_has_passed(studio: Studio) -> None:
    studio.hold("a", WEEK)
    booking_id = studio.confirm("a")["booking_id"]
    studio.pass_(days=20)
    assert studio.unconfirm(booking_id)["deadline"]["at"] == "2026-12-27T09:00:00Z"


def test_a_direct_booking_can_become_a_hold(studio: Studio) -> None:
    studio.artist("eve", consent="freelancer")
    studio.job("comp", periods=WEEK)
    studio.book("a", WEEK, artist="eve", job_id="comp")
    told = studio.unconfirm(uid("a"))
    assert told["worst_rank"] == 1
    assert "respond_by" not in told


def test_what_has_gone_by_cannot_be_a_hold_again(studio: Studio) -> None:
    studio.book("a", days("2026-11-02"))
    with pytest.raises(InThePast):
        studio.unconfirm(uid("a"))


def test_work_is_completed_once_it_has_begun_and_its_time_stays_taken(studio: Studio) -> None:
    studio.book("a", days("2026-11-02"))
    studio.book("b", WEEK)
    with pytest.raises(NotBegun):
        studio.complete("b")
    studio.complete("a")
    before = studio.recorded()
    studio.complete("a")
    assert studio.recorded() == before
    with pytest.raises(BookingEnded):
        studio.reschedule(uid("a"), WEEK)
    with pytest.raises(DoubleBooking):
        studio.book("c", days("2026-11-02"))


def test_a_hold_that_a_booking_has_become_again_is_as_strong_as_it_was_and_in_its_group(studio: Studio) -> None:
    group = {"id": uid("group"), "kind": "any_of"}
    studio.artist("bob")
    studio.job("comp", periods=WEEK, quantity=2)
    studio.hold("a", WEEK, job_id="comp", group=group, strength="heavy", note="for the titles")
    studio.hold("b", WEEK, artist="bob", job_id="comp", group=group)
    booking_id = studio.confirm("a")["booking_id"]
    again = studio.unconfirm(booking_id)["hold_id"]
    placed = studio.events(HoldPlaced)[-1]
    assert (placed.strength, placed.note, placed.group.id) == ("heavy", "for the titles", uid("group"))
    studio.confirm("b")
    with pytest.raises(GroupFilled):
        studio.confirm(again)


def test_a_booking_of_a_run_that_is_broken_is_not_made_a_hold_again(studio: Studio) -> None:
    group = {"id": uid("group"), "kind": "all_of"}
    studio.artist("bob")
    studio.job("comp", periods=WEEK, quantity=2)
    studio.hold("a", WEEK, job_id="comp", group=group)
    studio.hold("b", WEEK, artist="bob", job_id="comp", group=group)
    booking_id = studio.confirm("a")["booking_id"]
    studio.release("b")
    with pytest.raises(GroupBroken):
        studio.unconfirm(booking_id)


def test_a_booking_of_a_cancelled_project_is_not_made_a_hold_again_and_one_of_a_closed_project_is(
    studio: Studio,
) -> None:
    studio.book("a", WEEK)
    studio.book("b", days("2027-04-01"), project="spot")
    studio.cancel_project("film")
    with pytest.raises(ProjectNotOpen):
        studio.unconfirm(uid("a"))
    studio.close_project("spot")
    assert studio.unconfirm(uid("b"))["worst_rank"] == 1


def test_it_joins_the_back_if_somebody_moved_a_hold_to_that_time_since(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", days("2027-04-01"), project="spot")
    booking_id = studio.confirm("a")["booking_id"]
    studio.change("b", days("2027-03-05"))
    assert studio.unconfirm(booking_id)["worst_rank"] == 2


def test_a_policy_that_releases_the_others_does_so_where_a_booking_moves_to(studio: Studio) -> None:
    studio.permissions = OVERRIDES
    studio.policy("motion-24h", on_confirm="release")
    studio.book("a", WEEK)
    studio.hold("b", days("2027-03-05", "2027-03-08"), project="spot")
    studio.reschedule(uid("a"), days("2027-03-08"), overrides=accepting("jump_queue", "b"))
    assert str(studio.calendar().holds[uid("b")].spans[-1].last_day) == "2027-03-07"
    studio.postpone(uid("a"))
    studio.reschedule(uid("a"), days("2027-03-07"), overrides=accepting("jump_queue", "b"))
    assert str(studio.calendar().holds[uid("b")].spans[-1].last_day) == "2027-03-06"
