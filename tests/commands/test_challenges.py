"""Challenges: book now or let go, decided stretch by stretch from rank 1."""

import pytest

from domain.artist import IdTaken
from domain.booking_time import ConsentPending, NotHeld
from domain.calendar import HoldPromoted, TimeLapsed
from domain.challenge import ChallengeEnded, Contested
from domain.challenging import (
    ChallengeAlreadyOpen,
    ChallengeOver,
    CoolingDown,
    MayNotChallenge,
    NotChallenged,
    NothingToChallenge,
)
from domain.errors import NotFound
from domain.placing import QueueFull
from domain.project import ProjectNotOpen
from tests.given import OVERRIDES, Studio, accepting, days, uid

WEEK = days("2027-03-01", "2027-03-05")
MONDAY, TUESDAY = days("2027-03-01"), days("2027-03-02")


@pytest.fixture
def studio() -> Studio:
    """A queue of three on one week: film, spot, show."""
    studio = Studio()
    studio.project("show")
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.hold("c", WEEK, project="show")
    return studio


def ended(studio: Studio) -> list[tuple[str, str, str]]:
    """How each stretch of each challenge ended."""
    return [
        (event.outcome, str(event.ended[0].first_day)[-2:], str(event.ended[-1].last_day)[-2:])
        for event in studio.events(ChallengeEnded)
    ]


def test_everyone_above_is_challenged_at_once_with_the_same_deadline(studio: Studio) -> None:
    told = studio.challenge("x", by="c")
    assert told["challenged"] == [uid("a"), uid("b")]
    assert told["answer_by"] == {"at": "2026-11-24T09:00:00Z", "rule": "24 hours to answer", "zone": "Europe/Berlin"}


def test_an_answer_from_rank_2_does_not_bind_until_rank_1_has_let_go(studio: Studio) -> None:
    studio.challenge("x", by="c")
    assert "booking_id" not in studio.answers("x", by="b", answer="confirm")
    assert studio.calendar().bookings == {}
    studio.answers("x", by="a", answer="release")
    (booking,) = studio.calendar().bookings.values()
    assert booking.project_id == uid("spot")
    assert ended(studio) == [("lost", "01", "05")]
    assert studio.ranks("c") == [(1, "standby")]


def test_when_rank_1_confirms_it_books_and_the_challenge_is_lost(studio: Studio) -> None:
    studio.challenge("x", by="c")
    told = studio.answers("x", by="a", answer="confirm")
    assert set(studio.calendar().bookings) == {told["booking_id"]}
    assert ended(studio) == [("lost", "01", "05")]
    assert studio.ranks("b") == [(1, "standby")]
    with pytest.raises(ChallengeOver):
        studio.answers("x", by="b", answer="confirm")


def test_confirming_directly_answers_a_challenge_too(studio: Studio) -> None:
    studio.challenge("x", by="c")
    studio.confirm("a")
    assert ended(studio) == [("lost", "01", "05")]


def test_when_all_above_let_go_the_challenger_has_won_and_must_book_within_its_commitment(studio: Studio) -> None:
    studio.challenge("x", by="c")
    studio.answers("x", by="b", answer="release")
    studio.answers("x", by="a", answer="release")
    assert ended(studio) == [("won", "01", "05")]
    assert studio.ranks("c") == [(1, "live")]
    assert studio.events(HoldPromoted) == []
    studio.pass_(hours=48)
    assert studio.ranks("c") == []
    studio.record_overdue()
    (lapse,) = studio.events(TimeLapsed)
    assert (lapse.hold_id, lapse.because) == (uid("c"), "commitment")


def test_a_winner_who_books_in_time_has_the_dates(studio: Studio) -> None:
    studio.challenge("x", by="b")
    studio.answers("x", by="a", answer="release")
    studio.pass_(hours=47)
    assert studio.confirm("b")["booking_id"]


def test_silence_at_the_deadline_loses(studio: Studio) -> None:
    studio.challenge("x", by="c")
    studio.answers("x", by="b", answer="release")
    studio.pass_(hours=24)
    with pytest.raises(ChallengeOver):
        studio.answers("x", by="a", answer="confirm")
    studio.record_overdue()
    (lapse,) = studio.events(TimeLapsed)
    assert (lapse.hold_id, lapse.because, lapse.at.isoformat()) == (uid("a"), "challenge", "2026-11-24T09:00:00+00:00")
    assert ended(studio) == [("won", "01", "05")]


def test_an_answer_just_before_the_deadline_counts(studio: Studio) -> None:
    studio.challenge("x", by="b")
    studio.at("2026-11-24T08:59:59.999999")
    assert studio.answers("x", by="a", answer="confirm")["booking_id"]


def test_when_rank_1_is_silent_an_intended_confirmation_from_rank_2_binds(studio: Studio) -> None:
    studio.challenge("x", by="c")
    studio.answers("x", by="b", answer="confirm")
    studio.pass_(hours=30)
    studio.hold("d", days("2027-04-01"))
    (booking,) = studio.calendar().bookings.values()
    assert booking.project_id == uid("spot")
    assert [lapse.hold_id for lapse in studio.events(TimeLapsed)] == [uid("a")]


def test_monday_can_be_won_and_tuesday_lost(studio: Studio) -> None:
    studio.challenge("x", by="b")
    studio.answers("x", by="a", answer="release", periods=MONDAY)
    assert ended(studio) == [("won", "01", "01")]
    studio.answers("x", by="a", answer="confirm", periods=TUESDAY)
    assert ended(studio) == [("won", "01", "01"), ("lost", "02", "02")]
    assert studio.rank_on("2027-03-03", "a") == 1
    studio.pass_(hours=24)
    studio.record_overdue()
    assert ended(studio) == [("won", "01", "01"), ("lost", "02", "02"), ("won", "03", "05")]


def test_only_the_given_days_are_challenged(studio: Studio) -> None:
    studio.challenge("x", by="b", periods=days("2027-03-03"))
    studio.pass_(hours=24)
    assert studio.record_overdue()["next_due_at"] == "2026-11-26T09:00:00Z"
    assert [studio.rank_on(f"2027-03-0{day}", "b") for day in (2, 3, 4)] == [2, 1, 2]


def test_only_time_that_is_held_can_be_challenged(studio: Studio) -> None:
    with pytest.raises(NotHeld):
        studio.challenge("x", by="b", periods=days("2027-03-08"))


def test_rank_1_has_nothing_to_challenge_and_nobody_challenges_its_own_project(studio: Studio) -> None:
    with pytest.raises(NothingToChallenge):
        studio.challenge("x", by="a")
    studio.hold("d", WEEK)
    with pytest.raises(NothingToChallenge):
        studio.challenge("x", by="d")


def test_only_live_holds_can_be_challenged(studio: Studio) -> None:
    studio.confirm("a", periods=days("2027-03-01", "2027-03-04"), keep_rest=True)
    told = studio.challenge("x", by="c")
    assert told["challenged"] == [uid("a"), uid("b")]
    (challenge,) = studio.calendar().challenges.values()
    assert [str(span.first_day) for span in challenge.spans] == ["2027-03-05"]


def test_one_challenge_at_a_time_is_open_on_a_stretch(studio: Studio) -> None:
    studio.challenge("x", by="b", periods=MONDAY)
    with pytest.raises(ChallengeAlreadyOpen):
        studio.challenge("y", by="c")
    studio.challenge("y", by="c", periods=TUESDAY)


def test_the_policy_can_let_only_the_next_in_rank_challenge(studio: Studio) -> None:
    studio.policy("motion-24h", who_may_challenge="next_rank")
    with pytest.raises(MayNotChallenge):
        studio.challenge("x", by="c")
    studio.challenge("x", by="b")


def test_the_challenger_may_withdraw_and_the_challenged_return_to_where_they_were(studio: Studio) -> None:
    studio.challenge("x", by="c")
    studio.answers("x", by="b", answer="release")
    studio.withdraw("x")
    assert [studio.ranks(name) for name in "abc"] == [[(1, "live")], [(2, "live")], [(3, "live")]]
    before = studio.recorded()
    studio.withdraw("x")
    assert studio.recorded() == before
    studio.pass_(hours=24)
    studio.record_overdue()
    assert studio.ranks("a") == [(1, "live")]


def test_after_a_failed_challenge_the_same_challenger_waits(studio: Studio) -> None:
    studio.challenge("x", by="c", periods=MONDAY)
    studio.withdraw("x")
    with pytest.raises(CoolingDown):
        studio.challenge("y", by="c")
    studio.challenge("y", by="c", periods=TUESDAY)
    studio.challenge("z", by="b", periods=MONDAY)
    studio.withdraw("z")
    studio.pass_(hours=24)
    studio.challenge("w", by="c", periods=MONDAY)


def test_without_a_cool_down_the_challenger_may_try_again_at_once(studio: Studio) -> None:
    studio.policy("motion-24h", cool_down_hours=0)
    studio.challenge("x", by="c")
    studio.withdraw("x")
    studio.challenge("y", by="c")


def test_contested_time_can_be_released_but_not_changed_and_its_clock_not_extended(studio: Studio) -> None:
    studio.challenge("x", by="b", periods=MONDAY)
    with pytest.raises(Contested):
        studio.change("a", days("2027-03-02", "2027-03-05"))
    with pytest.raises(Contested):
        studio.extend("a")
    studio.change("a", days("2027-03-01", "2027-03-04"))
    studio.extend("c")
    studio.release("a", periods=MONDAY)
    assert ended(studio) == [("won", "01", "01")]


def test_who_has_no_part_in_a_challenge_may_change_the_time_that_it_is_about(studio: Studio) -> None:
    studio.challenge("x", by="b", periods=MONDAY)
    studio.change("c", days("2027-03-02", "2027-03-05"))
    assert studio.ranks("a")[0] == (1, "live")


def test_a_challenge_ends_when_the_challenger_lets_go(studio: Studio) -> None:
    studio.challenge("x", by="b")
    studio.release("b")
    assert ended(studio) == [("void", "01", "05")]
    assert studio.ranks("a") == [(1, "live")]


def test_a_challenge_ends_where_time_off_blocks_the_time(studio: Studio) -> None:
    studio.challenge("x", by="b")
    studio.time_off("away", days("2027-03-02"))
    studio.approve("away")
    assert ended(studio) == [("void", "02", "02")]


def test_somebody_booked_over_the_contested_time_ends_the_challenge(studio: Studio) -> None:
    studio.permissions = OVERRIDES
    studio.challenge("x", by="b")
    studio.book("z", WEEK, project="show", overrides=accepting("jump_queue", "a", "b", "c"))
    assert ended(studio) == [("lost", "01", "05")]


def test_when_a_challenged_hold_lapses_by_itself_the_walk_goes_on(studio: Studio) -> None:
    studio.at("2026-12-07T08:00:00")
    studio.project("ad")
    studio.hold("d", days("2027-03-01"), project="ad")
    studio.challenge("x", by="d")
    studio.at("2026-12-07T10:00:00")
    studio.record_overdue()
    assert ended(studio) == [("won", "01", "01")]


def test_an_intended_confirmation_that_has_become_impossible_counts_as_silence_with_the_reason(
    studio: Studio,
) -> None:
    studio.artist("bob")
    studio.job("comp", periods=WEEK)
    studio.hold("j", days("2027-04-01"), job_id="comp")
    studio.hold("k", days("2027-04-01"), project="spot")
    studio.challenge("x", by="k")
    studio.hold("filler", days("2027-04-01"), artist="bob", job_id="comp")
    studio.confirm("filler")
    studio.answers("x", by="j", answer="confirm")
    assert studio.ranks("j") == [(1, "live")]
    studio.pass_(hours=24)
    studio.record_overdue()
    (lapse,) = studio.events(TimeLapsed)
    assert lapse.hold_id == uid("j")
    assert lapse.reason == "The job needs 1 and has 1 already."


def test_an_intended_confirmation_fills_the_job(studio: Studio) -> None:
    studio.job("comp", periods=WEEK)
    studio.hold("j", days("2027-04-01"), job_id="comp")
    studio.hold("k", days("2027-04-01"), project="spot")
    studio.challenge("x", by="k")
    booking_id = studio.answers("x", by="j", answer="confirm")["booking_id"]
    assert studio.cancel(booking_id)["fees"] == []


def test_the_latest_answer_counts_and_the_same_one_twice_is_one(studio: Studio) -> None:
    studio.challenge("x", by="c")
    studio.answers("x", by="b", answer="confirm")
    studio.answers("x", by="b", answer="release", periods=MONDAY)
    before = studio.recorded()
    studio.answers("x", by="b", answer="release", periods=MONDAY)
    studio.answers("x", by="b", answer="confirm", periods=TUESDAY)
    assert studio.recorded() == before
    studio.answers("x", by="a", answer="release")
    assert ended(studio) == [("won", "01", "01"), ("lost", "02", "05")]


def test_only_who_is_challenged_can_answer_and_only_about_contested_time(studio: Studio) -> None:
    studio.challenge("x", by="b", periods=MONDAY)
    with pytest.raises(NotChallenged):
        studio.answers("x", by="c", answer="release")
    with pytest.raises(NotChallenged):
        studio.answers("x", by="a", answer="release", periods=TUESDAY)
    with pytest.raises(NotFound):
        studio.answers("nothing", by="a", answer="release")


def test_the_same_challenge_sent_twice_is_one_and_another_under_its_id_is_a_conflict(studio: Studio) -> None:
    studio.challenge("x", by="b")
    before = studio.recorded()
    assert studio.challenge("x", by="b") == {"challenge_id": uid("x")} | studio.challenge("x", by="b")
    assert studio.recorded() == before
    with pytest.raises(IdTaken):
        studio.challenge("x", by="b", note="please")


def test_what_the_artist_has_not_accepted_cannot_challenge_nor_be_confirmed_in_answer(studio: Studio) -> None:
    studio.artist("eve", consent="freelancer")
    studio.hold("p", WEEK, artist="eve")
    studio.hold("q", WEEK, artist="eve", project="spot")
    with pytest.raises(ConsentPending):
        studio.challenge("x", by="q")
    studio.accept("q")
    studio.challenge("x", by="q")
    with pytest.raises(ConsentPending):
        studio.answers("x", by="p", answer="confirm")
    studio.accept("p")
    assert studio.answers("x", by="p", answer="confirm")["booking_id"]


def test_a_window_of_working_days_skips_the_weekend_and_ends_at_its_cut_off(studio: Studio) -> None:
    studio.policy("motion-24h", window={"amount": 1, "unit": "working_days", "cut_off": "18:00"})
    studio.at("2026-11-27T20:00:00")
    told = studio.challenge("x", by="b")
    assert told["answer_by"]["at"] == "2026-12-01T17:00:00Z"


def test_when_the_policy_releases_the_others_a_confirmation_still_ends_the_challenge(studio: Studio) -> None:
    studio.policy("motion-24h", on_confirm="release")
    studio.challenge("x", by="c")
    studio.answers("x", by="a", answer="confirm")
    assert ended(studio) == [("lost", "01", "05")]
    assert studio.calendar().holds == {}


def test_who_was_passed_over_by_hand_does_not_lapse_for_not_answering(studio: Studio) -> None:
    studio.permissions = OVERRIDES
    studio.release("a")
    studio.reorder("cb", WEEK, overrides=accepting("jump_queue", "b"))
    studio.pass_(hours=48)
    assert studio.ranks("b") == [(1, "live")]
    assert studio.ranks("c") == []


def test_a_hold_is_extended_once_the_challenge_on_it_is_decided_though_others_are_contested_still(
    studio: Studio,
) -> None:
    studio.hold("m", days("2027-03-08"))
    studio.hold("t", days("2027-03-09"), project="spot")
    studio.hold("x", days("2027-03-08", "2027-03-09"), project="show")
    studio.challenge("y", by="x")
    with pytest.raises(Contested):
        studio.extend("m")
    studio.release("x", periods=days("2027-03-08"))
    studio.extend("m")
    with pytest.raises(Contested):
        studio.extend("t")


def test_answering_release_lets_go_of_the_contested_days_only(studio: Studio) -> None:
    studio.challenge("x", by="b", periods=MONDAY)
    studio.answers("x", by="a", answer="release")
    assert studio.rank_on("2027-03-01", "a") is None
    assert studio.rank_on("2027-03-02", "a") == 1


def test_where_the_policy_lets_anyone_challenge_who_holds_nothing_gets_a_hold_at_the_back_first(
    studio: Studio,
) -> None:
    studio.project("ad")
    with pytest.raises(MayNotChallenge):
        studio.challenge_anew("x", WEEK, project="ad")
    studio.policy("motion-24h", who_may_challenge="anyone")
    told = studio.challenge_anew("x", WEEK, project="ad", note="we shoot that week")
    assert told["worst_rank"] == 4
    assert told["challenged"] == [uid("a"), uid("b"), uid("c")]
    before = studio.recorded()
    assert studio.challenge_anew("x", WEEK, project="ad", note="we shoot that week")["hold_id"] == told["hold_id"]
    assert studio.recorded() == before
    for name in "abc":
        studio.answers("x", by=name, answer="release")
    assert studio.ranks(told["hold_id"]) == [(1, "live")]
    assert "answer_by" not in studio.challenge_anew("x", WEEK, project="ad", note="we shoot that week")


def test_another_challenge_or_hold_under_the_id_of_one_raised_without_a_hold_is_a_conflict(studio: Studio) -> None:
    studio.policy("motion-24h", who_may_challenge="anyone")
    studio.project("ad")
    studio.challenge_anew("x", WEEK, project="ad")
    for more in ({"note": "please"}, {"periods": MONDAY}):
        with pytest.raises(IdTaken):
            studio.challenge_anew("x", **{"periods": WEEK, "project": "ad", **more})  # type: ignore[arg-type]


def test_who_cannot_be_placed_at_the_back_challenges_nobody_and_leaves_no_hold(studio: Studio) -> None:
    studio.policy("motion-24h", who_may_challenge="anyone", max_depth=3)
    studio.project("ad")
    before = studio.recorded()
    with pytest.raises(QueueFull):
        studio.challenge_anew("x", WEEK, project="ad")
    with pytest.raises(NothingToChallenge):
        studio.challenge_anew("x", days("2027-05-03"), project="ad")
    studio.close_project("ad")
    with pytest.raises(ProjectNotOpen):
        studio.challenge_anew("x", WEEK, project="ad")
    assert studio.recorded() == before + 1


def test_a_hold_of_another_artist_has_nothing_to_answer(studio: Studio) -> None:
    studio.artist("bob")
    studio.hold("elsewhere", WEEK, artist="bob")
    studio.challenge("x", by="b")
    with pytest.raises(NotChallenged):
        studio.answers("x", by="elsewhere", answer="release")


def test_a_challenge_said_again_while_it_is_open_answers_as_the_first_time(studio: Studio) -> None:
    first = studio.challenge("x", by="c")
    again = studio.challenge("x", by="c")
    assert {name: again[name] for name in ("challenge_id", "answer_by", "challenged")} == {
        name: first[name] for name in ("challenge_id", "answer_by", "challenged")
    }


def test_a_challenge_that_is_over_before_its_time_is_up_ends_once() -> None:
    """Nobody looks until all of it is overdue: one hold lapses, so that the other has won, and then lapses, too."""
    studio = Studio()
    studio.hold("a", MONDAY)
    studio.pass_(hours=1)
    studio.hold("b", MONDAY, project="spot")
    studio.pass_(days=13, hours=12)
    studio.challenge("x", by="b")
    studio.pass_(days=2)
    studio.record_overdue()
    assert [ended.outcome for ended in studio.events(ChallengeEnded)] == ["won"]
    assert studio.calendar().holds == {}
