"""Groups of a job's holds: alternatives, runs that make sense only whole, and those that go their own ways."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.groups import GroupBroken, GroupDecided, GroupFilled, GroupLeft, GroupMismatch
from tests.given import Studio, days, uid

DAY = days("2027-03-01")


@pytest.fixture
def studio() -> Studio:
    studio = Studio()
    for name in ("bob", "eve"):
        studio.artist(name)
    studio.job("comp", periods=days("2027-03-01", "2027-03-31"), quantity=3)
    return studio


def member(studio: Studio, name: str, artist: str, kind: str, k: int = 1) -> dict[str, Any]:
    group = {"id": uid("group"), "kind": kind, "k": k}
    return studio.hold(name, DAY, artist=artist, job_id="comp", group=group)


def test_when_k_alternatives_are_confirmed_the_rest_are_to_be_released(studio: Studio) -> None:
    for name, artist in (("a", "ada"), ("b", "bob"), ("c", "eve")):
        member(studio, name, artist, "any_of", k=2)
    studio.confirm("a")
    assert studio.events(GroupDecided) == []
    studio.confirm("b")
    (decided,) = studio.events(GroupDecided)
    assert (decided.outcome, decided.let_go) == ("filled", (uid("c"),))


def test_one_more_alternative_than_wanted_cannot_be_confirmed_or_placed(studio: Studio) -> None:
    member(studio, "a", "ada", "any_of")
    member(studio, "b", "bob", "any_of")
    booking_id = studio.confirm("a")["booking_id"]
    with pytest.raises(GroupFilled) as refused:
        studio.confirm("b")
    assert refused.value.helps["conflicts"] == [booking_id]
    with pytest.raises(GroupFilled):
        member(studio, "c", "eve", "any_of")
    studio.cancel(booking_id)
    studio.confirm("b")


def test_a_run_is_broken_when_a_member_goes_and_the_others_are_to_be_let_go(studio: Studio) -> None:
    for name, artist in (("a", "ada"), ("b", "bob"), ("c", "eve")):
        member(studio, name, artist, "all_of")
    booking_id = studio.confirm("a")["booking_id"]
    studio.release("b")
    (decided,) = studio.events(GroupDecided)
    assert (decided.outcome, decided.let_go, decided.cancel) == ("broken", (uid("c"),), (booking_id,))
    with pytest.raises(GroupBroken):
        studio.confirm("c")
    studio.release("c")
    assert len(studio.events(GroupDecided)) == 1


def test_a_member_of_an_independent_group_goes_alone(studio: Studio) -> None:
    member(studio, "a", "ada", "independent")
    member(studio, "b", "bob", "independent")
    studio.release("a")
    studio.confirm("b")
    assert studio.events(GroupDecided) == []
    assert [left.hold_id for left in studio.events(GroupLeft)] == [uid("a")]


def test_part_of_a_member_can_be_released_without_leaving(studio: Studio) -> None:
    group = {"id": uid("group"), "kind": "all_of"}
    studio.hold("a", days("2027-03-01", "2027-03-02"), job_id="comp", group=group)
    studio.release("a", periods=DAY)
    assert studio.events(GroupLeft) == []


def test_a_declined_member_leaves_its_group(studio: Studio) -> None:
    studio.artist("zoe", consent="agency")
    member(studio, "a", "zoe", "any_of")
    studio.decline("a")
    assert [left.hold_id for left in studio.events(GroupLeft)] == [uid("a")]


def test_a_group_is_of_one_kind(studio: Studio) -> None:
    member(studio, "a", "ada", "any_of")
    with pytest.raises(GroupMismatch):
        member(studio, "b", "bob", "all_of")


def test_a_group_belongs_to_a_job(studio: Studio) -> None:
    with pytest.raises(ValidationError, match="job_id is needed"):
        studio.hold("a", DAY, group={"id": uid("group"), "kind": "any_of"})


def test_a_kept_rest_of_a_confirmed_member_no_longer_counts_as_open(studio: Studio) -> None:
    group = {"id": uid("group"), "kind": "all_of"}
    studio.hold("a", days("2027-03-01", "2027-03-02"), job_id="comp", group=group)
    studio.confirm("a", periods=DAY, keep_rest=True)
    studio.release("a")
    assert studio.events(GroupLeft) == []


def test_a_member_confirmed_in_parts_keeps_its_place_while_one_part_is_booked(studio: Studio) -> None:
    group = {"id": uid("group"), "kind": "any_of"}
    for name, artist in (("a", "ada"), ("b", "bob")):
        studio.hold(name, days("2027-03-01", "2027-03-02"), artist=artist, job_id="comp", group=group)
    studio.confirm("a", periods=DAY, keep_rest=True)
    second = studio.confirm("a", periods=days("2027-03-02"))["booking_id"]
    studio.cancel(second)
    with pytest.raises(GroupFilled):
        studio.confirm("b")


def test_every_part_of_a_confirmed_member_of_a_broken_run_is_to_be_cancelled(studio: Studio) -> None:
    group = {"id": uid("group"), "kind": "all_of"}
    for name, artist in (("a", "ada"), ("b", "bob")):
        studio.hold(name, days("2027-03-01", "2027-03-02"), artist=artist, job_id="comp", group=group)
    first = studio.confirm("a", periods=DAY, keep_rest=True)["booking_id"]
    second = studio.confirm("a", periods=days("2027-03-02"))["booking_id"]
    studio.release("b")
    (decided,) = studio.events(GroupDecided)
    assert decided.cancel == (first, second)


def test_a_postponed_alternative_cannot_come_back_once_another_has_taken_its_place(studio: Studio) -> None:
    for name, artist in (("a", "ada"), ("b", "bob")):
        member(studio, name, artist, "any_of")
    booking_id = studio.confirm("a")["booking_id"]
    studio.postpone(booking_id)
    studio.confirm("b")
    with pytest.raises(GroupFilled):
        studio.reschedule(booking_id, days("2027-03-08"))


def test_the_kept_rest_of_a_cancelled_alternative_is_an_alternative_still(studio: Studio) -> None:
    group = {"id": uid("group"), "kind": "any_of"}
    for name, artist in (("a", "ada"), ("b", "bob")):
        studio.hold(name, days("2027-03-01", "2027-03-02"), artist=artist, job_id="comp", group=group)
    studio.cancel(studio.confirm("a", periods=DAY, keep_rest=True)["booking_id"])
    studio.confirm("b")
    with pytest.raises(GroupFilled):
        studio.confirm("a")
