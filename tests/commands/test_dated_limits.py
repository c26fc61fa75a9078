"""Limits that depend on the dates: they follow what the holder does with them, and nothing else."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import LimitsMoved
from domain.errors import Refused
from domain.instants import local_instant
from tests.given import Studio, days, uid

FIRST = date(2027, 3, 1)
WEEK = days("2027-03-01", "2027-03-05")
BEFORE = {"before_first_day": {"days": 3, "at": "18:00"}}


@pytest.fixture
def studio() -> Studio:
    studio = Studio()
    studio.policy("motion-24h", lapse=BEFORE)
    return studio


def lapses_at(studio: Studio, name: str) -> str:
    return studio.calendar().holds[uid(name)].deadline.at.isoformat()


def test_releasing_the_first_days_moves_the_limit_that_is_counted_from_them(studio: Studio) -> None:
    assert studio.hold("a", WEEK)["deadline"]["at"] == "2027-02-26T17:00:00Z"
    told = studio.release("a", periods=days("2027-03-01", "2027-03-02"))
    assert told["deadline"] == {
        "at": "2027-02-28T17:00:00Z",
        "rule": "3 days before the first day at 18:00",
        "zone": "Europe/Berlin",
    }
    studio.at("2027-02-28T16:59:59")
    studio.confirm("a")


def test_releasing_other_days_moves_no_limit(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.release("a", periods=days("2027-03-02", "2027-03-05"))
    assert studio.events(LimitsMoved) == []


def test_limits_that_do_not_depend_on_the_dates_go_on_when_the_first_days_are_released(studio: Studio) -> None:
    studio.policy("motion-24h", lapse={**BEFORE, "days_after_placing": 14})
    studio.hold("a", WEEK)
    told = studio.release("a", periods=days("2027-03-01"))
    assert told["deadline"]["rule"] == "14 days after placing"
    assert studio.calendar().holds[uid("a")].limits["before_first_day"].at == datetime.fromisoformat(
        "2027-02-27T17:00:00Z"
    )


def test_what_is_kept_of_a_hold_that_is_confirmed_in_part_is_counted_from_its_own_first_day(studio: Studio) -> None:
    studio.hold("a", WEEK)
    told = studio.confirm("a", periods=days("2027-03-01", "2027-03-03"), keep_rest=True)
    assert told["deadline"]["at"] == "2027-03-01T17:00:00Z"


def test_a_hold_that_ends_with_its_time_ends_earlier_once_its_last_days_are_released(studio: Studio) -> None:
    studio.at("2027-02-27T09:00")
    assert studio.hold("a", WEEK)["deadline"]["at"] == "2027-03-05T23:00:00Z"
    told = studio.release("a", periods=days("2027-03-04", "2027-03-05"))
    assert told["deadline"]["at"] == "2027-03-03T23:00:00Z"


def test_a_limit_that_had_passed_is_back_once_the_first_days_are_released(studio: Studio) -> None:
    studio.at("2027-02-27T09:00")
    studio.hold("a", WEEK)
    told = studio.release("a", periods=days("2027-03-01", "2027-03-02"))
    assert (told["deadline"]["at"], "warnings" in told) == ("2027-02-28T17:00:00Z", False)


def test_a_limit_that_has_passed_for_the_dates_that_are_left_is_a_warning(studio: Studio) -> None:
    studio.at("2027-02-27T18:00")
    studio.hold("a", WEEK)
    told = studio.release("a", periods=days("2027-03-01"))
    assert [warning["code"] for warning in told["warnings"]] == ["limit_passed"]
    assert told["deadline"]["rule"] == "the end of the time held"


@pytest.mark.parametrize("lost_by", ["silence", "release"])
def test_days_lost_in_a_challenge_move_no_limit(studio: Studio, lost_by: str) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", days("2027-03-01"), project="spot")
    studio.challenge("c", by="b")
    if lost_by == "release":
        studio.answers("c", by="a", answer="release")
    studio.pass_(hours=24)
    studio.record_overdue()
    assert studio.rank_on("2027-03-01", "a") is None
    assert lapses_at(studio, "a") == "2027-02-26T17:00:00+00:00"


def test_days_that_a_clock_took_move_no_limit(studio: Studio) -> None:
    studio.hold("a", days("2027-03-01"))
    studio.hold("b", WEEK, project="spot")
    studio.release("a")
    studio.pass_(hours=48)
    studio.record_overdue()
    assert studio.rank_on("2027-03-01", "b") is None
    assert lapses_at(studio, "b") == "2027-02-26T17:00:00+00:00"


def test_another_policy_counts_where_the_first_day_moved_and_nowhere_else(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.policy("motion-24h", lapse={"before_first_day": {"days": 1, "at": "12:00"}})
    studio.release("a", periods=days("2027-03-05"))
    studio.change("a", days("2027-03-01", "2027-03-03"))
    assert lapses_at(studio, "a") == "2027-02-26T17:00:00+00:00"
    studio.release("a", periods=days("2027-03-01"))
    assert lapses_at(studio, "a") == "2027-03-01T11:00:00+00:00"


def test_a_hold_that_ended_with_its_time_ends_there_still_when_other_days_are_released(studio: Studio) -> None:
    studio.at("2027-02-27T09:00")
    studio.hold("a", WEEK)
    studio.policy("motion-24h", name="ours", lapse=BEFORE)
    studio.release("a", periods=days("2027-03-03"))
    assert studio.events(LimitsMoved) == []


runs = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)


@given(steps=st.lists(st.tuples(st.sampled_from(["release", "confirm", "change"]), runs), max_size=8))
def test_whatever_its_holder_does_a_hold_lapses_three_days_before_the_first_day_that_it_still_holds(
    steps: list[tuple[str, list[int]]],
) -> None:
    studio = Studio()
    studio.policy("motion-24h", lapse=BEFORE)
    studio.hold("a", days("2027-03-01", "2027-03-10"))
    commands: dict[str, Callable[..., object]] = {
        "release": studio.release,
        "confirm": studio.confirm,
        "change": studio.change,
    }
    for what, (first, last) in steps:
        periods = days(*[(FIRST + timedelta(days=number)).isoformat() for number in (first, last)])
        more = {"keep_rest": True} if what == "confirm" else {}
        try:
            commands[what]("a", periods=periods, **more)
        except Refused:
            continue
        if (claim := studio.calendar().holds.get(uid("a"))) is not None:
            first_day = claim.spans[0].first_day
            assert first_day is not None
            at = datetime.combine(first_day - timedelta(days=3), datetime.min.time().replace(hour=18))
            assert claim.deadline.at == local_instant(at, "Europe/Berlin")
