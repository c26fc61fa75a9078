"""Two-sided consent: the artist, or an agent, accepts, declines or counters."""

import pytest

from domain.booking_time import ConsentPending
from domain.calendar import TimeLapsed, TimeReleased
from domain.consent import NotAsked
from domain.ending import HoldEnded
from tests.given import Studio, days, uid

WEEK = days("2027-03-01", "2027-03-05")


@pytest.fixture
def studio() -> Studio:
    studio = Studio()
    studio.artist("eve", consent="freelancer")
    return studio


def test_a_freelancer_is_asked_and_silence_declines(studio: Studio) -> None:
    told = studio.hold("a", WEEK, artist="eve")
    assert told["respond_by"]["at"] == "2026-11-25T09:00:00Z"
    with pytest.raises(ConsentPending):
        studio.confirm("a")
    studio.pass_(hours=48)
    studio.record_overdue("eve")
    (lapse,) = studio.events(TimeLapsed)
    assert lapse.because == "no_response"


def test_what_was_accepted_can_be_confirmed(studio: Studio) -> None:
    studio.hold("a", WEEK, artist="eve")
    assert "respond_by" not in studio.accept("a")
    before = studio.recorded()
    studio.accept("a")
    assert studio.recorded() == before
    studio.pass_(hours=48)
    assert studio.confirm("a")["booking_id"]


def test_a_declined_hold_has_ended(studio: Studio) -> None:
    studio.hold("a", WEEK, artist="eve")
    studio.decline("a", reason="on another film")
    (released,) = studio.events(TimeReleased)
    assert released.because == "declined"
    before = studio.recorded()
    studio.decline("a")
    assert studio.recorded() == before
    with pytest.raises(HoldEnded):
        studio.accept("a")


def test_a_hold_changed_to_what_the_artist_offered_is_accepted(studio: Studio) -> None:
    studio.hold("a", WEEK, artist="eve")
    studio.counter("a", days("2027-03-03", "2027-03-12"))
    before = studio.recorded()
    studio.counter("a", days("2027-03-03", "2027-03-12"))
    assert studio.recorded() == before
    with pytest.raises(ConsentPending):
        studio.confirm("a")
    studio.pass_(hours=60)
    assert "respond_by" not in studio.change("a", days("2027-03-08", "2027-03-12"))
    assert studio.confirm("a")["booking_id"]


def test_a_hold_changed_to_other_time_than_was_offered_is_asked_for_again(studio: Studio) -> None:
    studio.hold("a", WEEK, artist="eve")
    studio.counter("a", days("2027-03-08"))
    studio.pass_(hours=2)
    assert studio.change("a", days("2027-03-09"))["respond_by"]["at"] == "2026-11-25T11:00:00Z"


def test_giving_up_days_needs_no_new_consent(studio: Studio) -> None:
    studio.hold("a", WEEK, artist="eve")
    studio.accept("a")
    assert "respond_by" not in studio.change("a", days("2027-03-01"))
    assert "respond_by" in studio.change("a", days("2027-03-01", "2027-03-02"))


def test_staff_are_not_asked(studio: Studio) -> None:
    studio.hold("a", WEEK)
    with pytest.raises(NotAsked):
        studio.accept("a")
    with pytest.raises(NotAsked):
        studio.decline("a")


def test_a_limit_in_working_days_is_counted_from_the_acceptance(studio: Studio) -> None:
    studio.policy("motion-24h", lapse={"days_after_placing": None, "working_days_after_acceptance": 2})
    assert studio.hold("a", WEEK, artist="eve")["deadline"]["rule"] == "the end of the time held"
    studio.at("2026-11-24T09:00:00")
    told = studio.accept("a")
    assert told["deadline"]["at"] == "2026-11-26T09:00:00Z"
    assert told["deadline"]["rule"] == "2 working days after acceptance"
    assert studio.hold("b", WEEK)["deadline"]["at"] == "2026-11-26T09:00:00Z"


def test_a_counter_offer_taken_up_starts_the_limit_counted_from_acceptance(studio: Studio) -> None:
    studio.policy("motion-24h", lapse={"days_after_placing": None, "working_days_after_acceptance": 2})
    studio.hold("a", WEEK, artist="eve")
    studio.counter("a", days("2027-03-08"))
    assert studio.change("a", days("2027-03-08"))["deadline"]["at"] == "2026-11-25T09:00:00Z"


def test_a_direct_booking_of_a_freelancer_is_a_warning(studio: Studio) -> None:
    told = studio.book("a", WEEK, artist="eve")
    assert [warning["code"] for warning in told["warnings"]] == ["consent_not_asked"]
    assert told["booking_id"] == uid("a")


def test_the_same_offer_to_another_wish_is_an_answer_again(studio: Studio) -> None:
    studio.hold("a", WEEK, artist="eve")
    studio.counter("a", days("2027-03-08"))
    studio.change("a", days("2027-03-09"))
    assert "respond_by" not in studio.counter("a", days("2027-03-08"))


def test_what_was_countered_can_be_accepted_all_the_same(studio: Studio) -> None:
    studio.hold("a", WEEK, artist="eve")
    studio.counter("a", days("2027-03-08"))
    studio.accept("a")
    assert studio.confirm("a")["booking_id"]


def test_an_agent_answers_for_the_artist_as_a_freelancer_would(studio: Studio) -> None:
    studio.artist("zoe", consent="agency")
    assert studio.hold("a", WEEK, artist="zoe")["respond_by"]["rule"] == "48 hours to respond"
    studio.accept("a")
    assert studio.confirm("a")["booking_id"]
