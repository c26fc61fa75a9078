"""What follows on other calendars is carried out step by step, and may be begun again anywhere."""

import pytest

from commands.following import Following, follow, of_group
from domain.calendar import TimeReleased
from domain.groups import GroupDecided
from tests.given import Studio, days, now, uid

DAY = days("2027-03-01")


@pytest.fixture
def studio() -> Studio:
    studio = Studio()
    for name in ("bob", "eve"):
        studio.artist(name)
    return studio


def carry_out(studio: Studio, following: Following) -> int:
    return now(follow(studio.log, studio.context({}, key="decision"), following))


def test_the_other_alternatives_are_released_once_enough_are_confirmed(studio: Studio) -> None:
    studio.job("comp", periods=DAY)
    group = {"id": uid("group"), "kind": "any_of"}
    for name, artist in (("a", "ada"), ("b", "bob"), ("c", "eve")):
        studio.hold(name, DAY, artist=artist, job_id="comp", group=group)
    studio.confirm("b")
    (decided,) = studio.events(GroupDecided)
    assert carry_out(studio, of_group(decided)) == 2
    assert {(event.hold_id, event.because) for event in studio.events(TimeReleased)} == {
        (uid("a"), "group_filled"),
        (uid("c"), "group_filled"),
    }


def test_a_broken_run_lets_go_of_the_others_and_cancels_what_was_booked(studio: Studio) -> None:
    studio.job("comp", periods=DAY, quantity=3)
    group = {"id": uid("group"), "kind": "all_of"}
    for name, artist in (("a", "ada"), ("b", "bob"), ("c", "eve")):
        studio.hold(name, DAY, artist=artist, job_id="comp", group=group)
    studio.confirm("a")
    studio.release("b")
    (decided,) = studio.events(GroupDecided)
    assert carry_out(studio, of_group(decided)) == 2
    assert studio.calendar("ada").bookings == {}
    assert studio.calendar("eve").holds == {}


def test_a_cancelled_project_lets_go_of_everything_in_it(studio: Studio) -> None:
    studio.hold("a", DAY)
    studio.book("b", DAY, artist="bob")
    studio.cancel_project("film")
    following = Following("project_cancelled", (uid("a"),), (uid("b"),), "the client withdrew")
    assert carry_out(studio, following) == 2
    assert studio.calendar("ada").holds == {}
    assert studio.calendar("bob").bookings == {}


def test_beginning_again_changes_nothing(studio: Studio) -> None:
    studio.hold("a", DAY)
    studio.book("b", DAY, artist="bob")
    following = Following("project_cancelled", (uid("a"),), (uid("b"),))
    carry_out(studio, following)
    before = studio.recorded()
    carry_out(studio, following)
    assert studio.recorded() == before


def test_what_has_ended_by_itself_needs_no_ending(studio: Studio) -> None:
    studio.hold("a", DAY)
    studio.release("a")
    studio.hold("b", DAY)
    studio.pass_(days=20)
    studio.book("c", days("2026-11-02"), artist="bob")
    studio.complete("c")
    following = Following("project_cancelled", (uid("a"), uid("b")), (uid("c"),))
    assert carry_out(studio, following) == 0
