"""Reordering a queue by hand."""

import pytest
from pydantic import ValidationError

from domain.booking_time import NotFirst
from domain.calendar import HoldPromoted, Reordered
from domain.challenge import Contested
from domain.errors import NotAllowed
from domain.reordering import NotTheQueue
from tests.given import OVERRIDES, Studio, accepting, days, uid

WEEK = days("2027-03-01", "2027-03-05")


@pytest.fixture
def studio() -> Studio:
    studio = Studio(permissions=OVERRIDES)
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.hold("c", days("2027-03-03"), project="spot")
    return studio


def test_the_new_order_holds_on_that_time_only_and_later_arrivals_come_after_it(studio: Studio) -> None:
    studio.reorder("bac", days("2027-03-03"), overrides=accepting("jump_queue", "a"))
    assert [studio.rank_on("2027-03-03", name) for name in "abc"] == [2, 1, 3]
    assert [studio.rank_on("2027-03-04", name) for name in "ab"] == [1, 2]
    assert studio.hold("d", WEEK)["worst_rank"] == 4
    (event,) = studio.events(Reordered)
    assert event.passed_over == (uid("a"),)
    assert event.override.reason == "the client insists"


def test_who_is_1st_now_is_promoted(studio: Studio) -> None:
    studio.reorder("bac", days("2027-03-03"), overrides=accepting("jump_queue", "a"))
    (promotion,) = studio.events(HoldPromoted)
    assert promotion.hold_id == uid("b")


def test_reordering_to_the_order_that_stands_changes_nothing(studio: Studio) -> None:
    before = studio.recorded()
    studio.reorder("abc", WEEK, overrides=accepting("jump_queue"))
    assert studio.recorded() == before


def test_reordering_needs_an_override_and_its_permission(studio: Studio) -> None:
    with pytest.raises(ValidationError, match="reordering is an override"):
        studio.reorder("bac", WEEK, overrides=accepting("double_book", "a"))
    studio.permissions = frozenset()
    with pytest.raises(NotAllowed):
        studio.reorder("bac", WEEK, overrides=accepting("jump_queue", "a"))


def test_whoever_is_passed_over_has_to_be_accepted(studio: Studio) -> None:
    with pytest.raises(NotFirst) as refused:
        studio.reorder("cba", WEEK, overrides=accepting("jump_queue", "a"))
    assert refused.value.helps["conflicts"] == [uid("b")]


def test_the_order_names_everyone_who_stands_there(studio: Studio) -> None:
    with pytest.raises(NotTheQueue) as refused:
        studio.reorder("ba", WEEK, overrides=accepting("jump_queue", "a"))
    assert refused.value.helps["conflicts"] == [uid("c")]


def test_holds_that_do_not_stand_there_are_left_alone(studio: Studio) -> None:
    studio.hold("d", days("2027-04-01"))
    studio.reorder("dbac", days("2027-03-03"), overrides=accepting("jump_queue", "a"))
    assert studio.rank_on("2027-04-01", "d") == 1


def test_contested_time_is_not_reordered(studio: Studio) -> None:
    studio.challenge("x", by="b")
    with pytest.raises(Contested):
        studio.reorder("bac", WEEK, overrides=accepting("jump_queue", "a"))


def test_a_winner_who_is_passed_over_has_nothing_to_book_and_loses_nothing(studio: Studio) -> None:
    studio.challenge("x", by="b")
    studio.answers("x", by="a", answer="release")
    studio.reorder("cb", days("2027-03-03"), overrides=accepting("jump_queue", "b"))
    studio.pass_(hours=48)
    assert [studio.rank_on(f"2027-03-0{day}", "b") for day in (2, 3, 4)] == [None, 1, None]
