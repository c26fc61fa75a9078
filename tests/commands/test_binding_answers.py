"""Answers to a challenge that bind later, or in parts: what was said then has to be possible now."""

from itertools import pairwise

import pytest

from domain.calendar import TimeBooked, TimeLapsed
from domain.challenge import ChallengeEnded
from domain.challenging import NotChallenged
from tests.given import Studio, days, uid

WEEK = days("2027-03-01", "2027-03-05")
MONDAY, TUESDAY = days("2027-03-01"), days("2027-03-02")


@pytest.fixture
def studio() -> Studio:
    """Three projects: film, spot, show."""
    studio = Studio()
    studio.project("show")
    return studio


def test_each_part_that_is_confirmed_is_a_booking_of_its_own(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.challenge("x", by="b")
    booked = {
        studio.answers("x", by="a", answer="confirm", periods=days(f"2027-03-0{day}"))["booking_id"]
        for day in (3, 4, 5, 1, 2)
    }
    assert len(booked) == 5
    assert set(studio.calendar().bookings) == booked
    in_order = sorted(booking.spans[0].starts_at for booking in studio.calendar().bookings.values())
    assert all(one < other for one, other in pairwise(in_order))


def test_a_confirmation_that_its_group_has_no_room_for_counts_as_silence(studio: Studio) -> None:
    group = {"id": uid("group"), "kind": "any_of"}
    studio.artist("bob")
    studio.job("comp", periods=WEEK, quantity=2)
    studio.hold("a", WEEK, project="spot")
    studio.hold("b", WEEK, job_id="comp", group=group)
    studio.hold("c", WEEK, project="show")
    studio.hold("elsewhere", WEEK, artist="bob", job_id="comp", group=group)
    studio.challenge("x", by="c")
    studio.answers("x", by="b", answer="confirm")
    studio.confirm("elsewhere")
    studio.release("a")
    assert studio.calendar().bookings == {}
    studio.pass_(hours=24)
    studio.record_overdue()
    (lapse,) = studio.events(TimeLapsed)
    assert (lapse.hold_id, lapse.reason) == (uid("b"), "The group wants 1, and that many are confirmed.")


def test_a_confirmation_that_the_artist_has_to_accept_again_counts_as_silence(studio: Studio) -> None:
    studio.artist("eve", consent="freelancer")
    for name, project in (("a", "spot"), ("b", "film"), ("c", "show")):
        studio.hold(name, WEEK, artist="eve", project=project)
        studio.accept(name)
    studio.challenge("x", by="c")
    studio.answers("x", by="b", answer="confirm")
    studio.change("b", days("2027-03-01", "2027-03-08"))
    studio.release("a")
    assert studio.calendar("eve").bookings == {}
    studio.pass_(hours=24)
    studio.record_overdue("eve")
    (lapse,) = studio.events(TimeLapsed)
    assert (lapse.hold_id, lapse.reason) == (uid("b"), "The artist has not accepted.")


def test_where_the_job_is_full_on_one_day_only_the_others_are_booked(studio: Studio) -> None:
    studio.artist("bob")
    studio.job("comp", periods=WEEK)
    studio.book("taken", TUESDAY, artist="bob", job_id="comp")
    studio.hold("a", days("2027-03-01", "2027-03-02"), job_id="comp")
    studio.hold("b", days("2027-03-01", "2027-03-02"), project="spot")
    studio.hold("c", TUESDAY, project="show")
    studio.challenge("x", by="b")
    assert studio.answers("x", by="a", answer="confirm")["booking_id"]
    (booked,) = studio.events(TimeBooked)[1:]
    assert [str(span.last_day) for span in booked.spans] == ["2027-03-01"]
    assert studio.rank_on("2027-03-02", "a") == 1


def test_many_challenges_that_end_at_once_are_all_decided(studio: Studio) -> None:
    """Each confirmation that binds now is another project, hold and booking that nobody has named."""
    for day in range(1, 9):
        when = days(f"2027-03-0{day}")
        for name, project in (("a", "film"), ("b", "spot"), ("c", "show")):
            studio.hold(f"{name}{day}", when, project=project)
        studio.challenge(f"x{day}", by=f"c{day}")
        studio.answers(f"x{day}", by=f"b{day}", answer="confirm")
    studio.pass_(hours=24)
    studio.record_overdue()
    assert len(studio.calendar().bookings) == 8
    assert {event.outcome for event in studio.events(ChallengeEnded)} == {"lost"}


def test_who_stands_above_on_other_days_only_is_not_challenged_there(studio: Studio) -> None:
    studio.hold("a", MONDAY)
    studio.hold("top", TUESDAY, project="show")
    studio.hold("b", days("2027-03-01", "2027-03-02"), project="spot")
    studio.change("a", days("2027-03-01", "2027-03-02"))
    studio.challenge("x", by="b")
    with pytest.raises(NotChallenged):
        studio.answers("x", by="a", answer="confirm", periods=TUESDAY)
    studio.answers("x", by="a", answer="release")
    assert studio.rank_on("2027-03-02", "a") == 3


def test_an_answer_that_had_to_wait_for_the_artist_binds_as_soon_as_they_accept(studio: Studio) -> None:
    studio.artist("eve", consent="freelancer")
    for name, project in (("a", "film"), ("b", "spot")):
        studio.hold(name, MONDAY, artist="eve", project=project)
        studio.accept(name)
    studio.hold("c", MONDAY, artist="eve", project="show")
    studio.accept("c")
    studio.challenge("x", by="c")
    studio.answers("x", by="b", answer="confirm")
    studio.change("b", days("2027-03-01", "2027-03-02"))
    studio.answers("x", by="a", answer="release")
    assert studio.calendar("eve").bookings == {}
    studio.accept("b")
    (booking,) = studio.calendar("eve").bookings.values()
    assert booking.project_id == uid("spot")
