"""Placing, changing and ending holds, as a coordinator would tell it."""

import pytest

from domain.artist import IdTaken
from domain.calendar import HoldPromoted, TimeLapsed
from domain.ending import CannotExtend, HoldEnded, HoldLapsed
from domain.errors import NotFound, VersionConflict
from domain.placing import AlreadyBooked, QueueFull
from domain.project import ProjectNotOpen
from domain.spans import InThePast
from tests.given import OVERRIDES, Studio, accepting, days, hours, uid

WEEK = days("2027-03-01", "2027-03-05")


@pytest.fixture
def studio() -> Studio:
    return Studio()


def test_the_first_hold_on_free_time_is_1st_and_gets_no_first_refusal_clock(studio: Studio) -> None:
    told = studio.hold("a", WEEK)
    assert told["worst_rank"] == 1
    assert told["ranks"] == [
        {
            "starts_at": "2027-02-28T23:00:00Z",
            "ends_at": "2027-03-05T23:00:00Z",
            "first_day": "2027-03-01",
            "last_day": "2027-03-05",
            "rank": 1,
            "state": "live",
        }
    ]
    assert told["deadline"] == {
        "at": "2026-12-07T09:00:00Z",
        "rule": "14 days after placing",
        "zone": "Europe/Berlin",
    }


def test_a_hold_can_be_1st_on_monday_and_2nd_on_tuesday(studio: Studio) -> None:
    studio.hold("a", days("2027-03-02"))
    studio.hold("b", WEEK, project="spot")
    assert studio.rank_on("2027-03-01", "b") == 1
    assert studio.rank_on("2027-03-02", "b") == 2
    assert studio.rank_on("2027-03-03", "b") == 1


def test_the_same_hold_sent_twice_is_one_hold(studio: Studio) -> None:
    studio.hold("a", WEEK, note="for the titles")
    before = studio.recorded()
    assert studio.hold("a", WEEK, note="for the titles")["worst_rank"] == 1
    assert studio.recorded() == before


def test_the_same_id_with_other_content_is_a_conflict(studio: Studio) -> None:
    studio.hold("a", WEEK)
    with pytest.raises(IdTaken):
        studio.hold("a", days("2027-03-01"))


def test_a_hold_all_in_the_past_is_refused_and_one_that_has_begun_is_not(studio: Studio) -> None:
    with pytest.raises(InThePast):
        studio.hold("a", days("2026-11-20"))
    assert studio.hold("b", days("2026-11-20", "2026-11-25"))["worst_rank"] == 1


def test_the_queue_on_a_stretch_is_full_at_the_depth_of_the_policy(studio: Studio) -> None:
    for name in "abcde":
        studio.hold(name, WEEK, project="spot" if name > "a" else "film")
    with pytest.raises(QueueFull):
        studio.hold("f", days("2027-03-05", "2027-03-08"))
    assert studio.hold("g", days("2027-03-06"))["worst_rank"] == 1


def test_a_second_hold_of_a_project_on_the_same_time_is_allowed_with_a_warning(studio: Studio) -> None:
    studio.hold("a", WEEK)
    told = studio.hold("b", days("2027-03-05"))
    assert [warning["code"] for warning in told["warnings"]] == ["same_project"]


def test_a_limit_that_has_passed_when_the_hold_is_placed_is_left_out_with_a_warning(studio: Studio) -> None:
    studio.policy("models-de-1wd")
    told = studio.hold("a", days("2026-11-25"))
    assert [warning["code"] for warning in told["warnings"]] == ["limit_passed"]
    assert told["deadline"]["rule"] == "the end of the time held"
    assert told["deadline"]["at"] == "2026-11-25T23:00:00Z"


def test_a_hold_needs_an_artist_and_an_open_project(studio: Studio) -> None:
    with pytest.raises(NotFound):
        studio.hold("a", WEEK, artist="nobody")
    with pytest.raises(NotFound):
        studio.hold("a", WEEK, project="nothing")
    studio.close_project("film")
    with pytest.raises(ProjectNotOpen):
        studio.hold("a", WEEK)


def test_releasing_part_promotes_the_others_on_just_those_days(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.release("a", periods=days("2027-03-03"), reason="we found somebody")
    assert [studio.rank_on(f"2027-03-0{day}", "b") for day in range(1, 6)] == [2, 2, 1, 2, 2]
    (promotion,) = studio.events(HoldPromoted)
    assert promotion.hold_id == uid("b")
    assert [(str(s.first_day), str(s.last_day)) for s in promotion.promoted] == [("2027-03-03", "2027-03-03")]


def test_releasing_twice_or_what_is_not_held_changes_nothing(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.release("a", periods=days("2027-03-08"))
    studio.release("a")
    before = studio.recorded()
    studio.release("a")
    assert studio.recorded() == before


def test_half_a_day_can_be_released(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.release("a", periods=hours("2027-03-03T12:00:00+01:00", "2027-03-04T00:00:00+01:00"))
    assert studio.ranks("b") == [(2, "live"), (1, "live"), (2, "live")]


def test_added_time_joins_the_back_and_kept_time_keeps_its_place(studio: Studio) -> None:
    studio.hold("a", days("2027-03-01", "2027-03-02"))
    studio.hold("b", days("2027-03-02", "2027-03-03"), project="spot")
    studio.change("a", days("2027-03-02", "2027-03-03"))
    assert studio.rank_on("2027-03-02", "a") == 1
    assert studio.rank_on("2027-03-03", "a") == 2
    assert studio.rank_on("2027-03-01", "a") is None
    assert studio.events(HoldPromoted) == []


def test_changing_to_the_same_dates_changes_nothing(studio: Studio) -> None:
    studio.hold("a", WEEK)
    before = studio.recorded()
    studio.change("a", WEEK)
    assert studio.recorded() == before


def test_changing_the_dates_works_the_dated_limit_out_again(studio: Studio) -> None:
    studio.policy("models-de-1wd")
    assert studio.hold("a", WEEK)["deadline"]["at"] == "2027-02-26T17:00:00Z"
    assert studio.change("a", days("2027-03-29"))["deadline"]["at"] == "2027-03-26T17:00:00Z"
    assert studio.change("a", days("2027-03-30"))["deadline"]["at"] == "2027-03-27T17:00:00Z"


def test_a_hold_cannot_move_into_the_past(studio: Studio) -> None:
    studio.hold("a", WEEK)
    with pytest.raises(InThePast):
        studio.change("a", days("2026-11-01"))


def test_a_hold_is_dead_at_its_deadline_whether_or_not_that_is_recorded(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.at("2026-12-07T08:59:59.999999")
    assert studio.ranks("a") == [(1, "live")]
    studio.at("2026-12-07T09:00:00")
    assert studio.ranks("a") == []
    with pytest.raises(HoldLapsed):
        studio.confirm("a")
    with pytest.raises(HoldLapsed):
        studio.extend("a")
    assert studio.events(TimeLapsed) == []


def test_the_next_command_on_the_calendar_records_the_lapses_in_the_order_in_which_they_fell_due(
    studio: Studio,
) -> None:
    studio.policy("motion-24h", lapse={"days_after_placing": 5})
    studio.hold("a", WEEK)
    studio.policy("motion-24h", lapse={"days_after_placing": 3})
    studio.hold("b", WEEK, project="spot")
    studio.policy()
    studio.hold("c", WEEK)
    studio.pass_(days=6)
    studio.hold("d", days("2027-04-01"))
    assert [(lapse.hold_id, str(lapse.at)[:10]) for lapse in studio.events(TimeLapsed)] == [
        (uid("b"), "2026-11-26"),
        (uid("a"), "2026-11-28"),
    ]
    (promotion,) = studio.events(HoldPromoted)
    assert promotion.hold_id == uid("c")


def test_a_promotion_is_recorded_once_and_its_clock_starts_when_it_is_recorded(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.pass_(days=10)
    studio.hold("b", WEEK, project="spot")
    studio.pass_(days=6)
    studio.hold("c", WEEK)
    studio.hold("d", WEEK)
    (promotion,) = studio.events(HoldPromoted)
    assert promotion.first_refusal.at.isoformat() == "2026-12-11T09:00:00+00:00"
    assert promotion.first_refusal.policy == "motion-24h"


def test_a_hold_placed_where_somebody_has_just_lapsed_unrecorded_gets_no_clock(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.pass_(days=20)
    assert "first_refusal_until" not in studio.hold("b", WEEK, project="spot")["ranks"][0]
    assert studio.events(HoldPromoted) == []


def test_silence_after_a_promotion_lapses_the_hold_on_that_stretch_only(studio: Studio) -> None:
    studio.hold("a", days("2027-03-02"))
    studio.hold("b", WEEK, project="spot")
    studio.hold("c", WEEK)
    studio.release("a")
    studio.pass_(hours=48)
    assert [studio.rank_on(f"2027-03-0{day}", "b") for day in (1, 2, 3)] == [1, None, 1]
    assert [studio.rank_on(f"2027-03-0{day}", "c") for day in (1, 2, 3)] == [2, 1, 2]
    studio.hold("d", days("2027-03-02"))
    (lapse,) = studio.events(TimeLapsed)
    assert (lapse.hold_id, lapse.because) == (uid("b"), "first_refusal")
    assert [promotion.hold_id for promotion in studio.events(HoldPromoted)] == [uid("b"), uid("c")]


def test_keep_ends_the_clock_and_the_holds_own_deadline_goes_on(studio: Studio) -> None:
    studio.hold("a", days("2027-03-02"))
    studio.hold("b", WEEK, project="spot")
    studio.release("a")
    studio.keep("b")
    before = studio.recorded()
    studio.keep("b", periods=WEEK)
    assert studio.recorded() == before
    studio.pass_(days=13)
    assert studio.ranks("b") == [(1, "live")]
    studio.pass_(days=1)
    assert studio.ranks("b") == []


def test_part_of_a_promotion_can_be_kept(studio: Studio) -> None:
    studio.hold("a", days("2027-03-01", "2027-03-02"))
    studio.hold("b", WEEK, project="spot")
    studio.release("a")
    studio.keep("b", periods=days("2027-03-01"))
    studio.pass_(hours=48)
    assert [studio.rank_on(f"2027-03-0{day}", "b") for day in (1, 2, 3)] == [1, None, 1]


def test_extending_moves_the_limit_counted_from_placing_as_often_as_the_policy_allows(studio: Studio) -> None:
    studio.hold("a", WEEK)
    assert studio.extend("a")["deadline"]["at"] == "2026-12-21T09:00:00Z"
    assert studio.extend("a", reason="waiting for the client")["deadline"]["at"] == "2027-01-04T09:00:00Z"
    with pytest.raises(CannotExtend):
        studio.extend("a")


def test_without_a_limit_counted_from_placing_there_is_nothing_to_extend(studio: Studio) -> None:
    studio.policy("stage-24h-48h")
    studio.hold("a", WEEK)
    with pytest.raises(CannotExtend):
        studio.extend("a")


def test_a_running_clock_never_changes_when_a_policy_changes(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.policy("motion-24h", lapse={"days_after_placing": 1})
    assert studio.hold("a", WEEK)["deadline"]["at"] == "2026-12-07T09:00:00Z"


def test_a_released_hold_has_ended_for_good(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.release("a")
    with pytest.raises(HoldEnded):
        studio.confirm("a")


def test_unknown_holds_are_not_found(studio: Studio) -> None:
    with pytest.raises(NotFound):
        studio.release("nothing")


def test_a_hold_stands_by_behind_a_booking_or_is_refused_as_the_policy_says(studio: Studio) -> None:
    studio.book("b", days("2027-03-03"))
    studio.hold("a", WEEK, project="spot")
    assert studio.ranks("a") == [(1, "live"), (1, "standby"), (1, "live")]
    studio.policy("motion-24h", holds_behind_bookings=False)
    with pytest.raises(AlreadyBooked) as refused:
        studio.hold("c", WEEK)
    assert refused.value.helps["conflicts"] == [uid("b")]


def test_deadlines_keep_their_local_time_across_a_clock_change(studio: Studio) -> None:
    studio.at("2027-03-20T09:00:00")
    assert studio.hold("a", days("2027-05-03"))["deadline"]["at"] == "2027-04-03T08:00:00Z"


def test_a_command_about_an_older_version_is_a_conflict(studio: Studio) -> None:
    studio.hold("a", WEEK)
    with pytest.raises(VersionConflict):
        studio.release_at_version("a", 7)


def test_the_strength_of_a_hold_never_reorders_the_queue(studio: Studio) -> None:
    studio.hold("a", WEEK, strength="soft")
    studio.hold("b", WEEK, project="spot", strength="heavy")
    assert studio.ranks("a") == [(1, "live")]
    assert studio.ranks("b") == [(2, "live")]


def test_whole_days_are_read_in_the_artists_zone_unless_the_command_names_another(studio: Studio) -> None:
    studio.artist("lee", time_zone="America/Los_Angeles")
    (own,) = studio.hold("a", days("2027-03-01"), artist="lee")["ranks"]
    assert (own["starts_at"], own["ends_at"]) == ("2027-03-01T08:00:00Z", "2027-03-02T08:00:00Z")
    (said,) = studio.hold("b", days("2027-03-08"), artist="lee", time_zone="Europe/London")["ranks"]
    assert (said["starts_at"], said["first_day"]) == ("2027-03-08T00:00:00Z", "2027-03-08")


def test_a_monday_in_los_angeles_takes_some_of_a_tuesday_in_london(studio: Studio) -> None:
    studio.artist("lee", time_zone="Europe/London")
    studio.hold("a", days("2027-03-01"), artist="lee", time_zone="America/Los_Angeles")
    told = studio.hold("b", days("2027-03-02"), artist="lee", project="spot")
    assert [(rank["rank"], rank["ends_at"]) for rank in told["ranks"]] == [
        (2, "2027-03-02T08:00:00Z"),
        (1, "2027-03-03T00:00:00Z"),
    ]


def test_the_days_of_a_hold_stay_those_of_the_zone_that_it_was_placed_in(studio: Studio) -> None:
    studio.hold("a", days("2027-03-01", "2027-03-02"), time_zone="America/Los_Angeles")
    studio.release("a", periods=days("2027-03-01"))
    assert studio.rank_on("2027-03-02", "a") == 1
    studio.change("a", days("2027-03-03"))
    assert studio.rank_on("2027-03-03", "a") == 1
    studio.confirm("a", periods=days("2027-03-03"))
    (booked,) = studio.calendar().bookings.values()
    assert booked.spans[0].starts_at.isoformat() == "2027-03-03T08:00:00+00:00"


def test_night_work_is_one_stretch_across_midnight(studio: Studio) -> None:
    night = hours("2027-03-01T20:00:00+01:00", "2027-03-02T04:00:00+01:00")
    (rank,) = studio.hold("a", night)["ranks"]
    assert (rank["starts_at"], rank["ends_at"]) == ("2027-03-01T19:00:00Z", "2027-03-02T03:00:00Z")
    assert studio.hold("b", days("2027-03-02"), project="spot")["worst_rank"] == 2


def test_two_halves_of_a_day_are_held_by_two_who_are_both_1st(studio: Studio) -> None:
    studio.hold("a", hours("2027-03-01T08:00:00+01:00", "2027-03-01T13:00:00+01:00"))
    studio.hold("b", hours("2027-03-01T13:00:00+01:00", "2027-03-01T18:00:00+01:00"), project="spot")
    assert studio.ranks("a") == studio.ranks("b") == [(1, "live")]


def test_a_hold_that_is_released_in_part_goes_on_as_the_same_hold(studio: Studio) -> None:
    studio.hold("a", WEEK)
    deadline = studio.calendar().holds[uid("a")].deadline
    studio.release("a", periods=days("2027-03-03"))
    assert set(studio.calendar().holds) == {uid("a")}
    assert studio.calendar().holds[uid("a")].deadline == deadline
    assert studio.ranks("a") == [(1, "live"), (1, "live")]


def test_those_behind_move_up_at_the_deadline_whether_or_not_the_lapse_is_recorded(studio: Studio) -> None:
    studio.hold("a", WEEK)
    studio.pass_(days=1)
    studio.hold("b", WEEK, project="spot")
    studio.at("2026-12-07T08:59:59")
    assert studio.ranks("b") == [(2, "live")]
    studio.at("2026-12-07T09:00:00")
    assert studio.ranks("b") == [(1, "live")]
    assert studio.events(TimeLapsed) == []


def test_only_a_live_hold_is_promoted(studio: Studio) -> None:
    studio.permissions = OVERRIDES
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.book("over", WEEK, overrides=accepting("jump_queue", "a", "b"))
    studio.release("a")
    assert studio.ranks("b") == [(1, "standby")]
    assert studio.events(HoldPromoted) == []
    studio.cancel(uid("over"))
    assert [promotion.hold_id for promotion in studio.events(HoldPromoted)] == [uid("b")]


def test_a_dated_limit_that_had_passed_comes_back_with_later_dates(studio: Studio) -> None:
    studio.policy("models-de-1wd")
    assert studio.hold("a", days("2026-11-25"))["deadline"]["rule"] == "the end of the time held"
    moved = studio.change("a", days("2027-03-29"))
    assert moved["deadline"]["at"] == "2027-03-26T17:00:00Z"
    assert "warnings" not in moved
    back = studio.change("a", days("2026-11-25"))
    assert [warning["code"] for warning in back["warnings"]] == ["limit_passed"]


def test_a_limit_that_is_exactly_now_has_passed(studio: Studio) -> None:
    at = {"days": 1, "at": "18:00:30"}
    studio.policy("motion-24h", lapse={"before_first_day": at})
    studio.at("2027-02-28T17:00:29")
    told = studio.hold("a", days("2027-03-01"))
    assert told["deadline"] == {
        "at": "2027-02-28T17:00:30Z",
        "rule": "1 day before the first day at 18:00:30",
        "zone": "Europe/Berlin",
    }
    studio.pass_(seconds=1)
    told = studio.hold("b", days("2027-03-01"))
    assert [warning["code"] for warning in told["warnings"]] == ["limit_passed"]
