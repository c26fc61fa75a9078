"""One story for each preset, told with its own clocks."""

import pytest

from domain.calendar import TimeBooked, TimeLapsed
from domain.challenge import ChallengeOpened
from domain.placing import QueueFull
from tests.given import Studio, days, uid

WEEK = days("2027-03-01", "2027-03-05")


def test_motion_24h() -> None:
    """Two studios want Ada. The second challenges, the first is silent for a day, the second books."""
    studio = Studio()
    assert studio.hold("first", WEEK)["deadline"]["rule"] == "14 days after placing"
    studio.hold("second", WEEK, project="spot")
    told = studio.challenge("x", by="second")
    assert told["answer_by"]["at"] == "2026-11-24T09:00:00Z"
    studio.pass_(hours=24)
    assert studio.confirm("second")["booking_id"]
    assert [lapse.hold_id for lapse in studio.events(TimeLapsed)] == [uid("first")]


def test_stage_24h_48h() -> None:
    """The winner of a challenge has 48 hours to sign and pay; whatever is not booked falls a week before."""
    studio = Studio()
    studio.policy("stage-24h-48h")
    assert studio.hold("first", WEEK)["deadline"]["at"] == "2027-02-21T23:00:00Z"
    studio.hold("second", WEEK, project="spot")
    studio.hold("third", WEEK, project="spot")
    studio.challenge("x", by="second")
    studio.answers("x", by="first", answer="release")
    studio.pass_(hours=47)
    assert studio.ranks("second") == [(1, "live")]
    studio.pass_(hours=1)
    assert studio.ranks("second") == []
    assert studio.ranks("third") == [(1, "live")]
    studio.at("2027-02-21T23:00:00")
    assert studio.ranks("third") == []


def test_arena_72h() -> None:
    """A challenge on a Friday ends on Wednesday; two holds are all that a date takes."""
    studio = Studio()
    studio.policy("arena-72h")
    studio.at("2026-11-27T15:00:00")
    studio.hold("first", WEEK)
    studio.hold("second", WEEK, project="spot")
    with pytest.raises(QueueFull):
        studio.hold("third", WEEK)
    told = studio.challenge("x", by="second")
    assert told["answer_by"] == {
        "at": "2026-12-02T15:00:00Z",
        "rule": "3 working days to answer",
        "zone": "Europe/Berlin",
    }


def test_models_de_1wd() -> None:
    """An option on a shoot in March ends three days before at six in the evening, Berlin time, wherever it is."""
    studio = Studio()
    studio.artist("lee", time_zone="America/New_York")
    studio.policy("models-de-1wd")
    assert studio.hold("first", WEEK, artist="lee")["deadline"] == {
        "at": "2027-02-26T17:00:00Z",
        "rule": "3 days before the first day at 18:00",
        "zone": "Europe/Berlin",
    }
    studio.hold("second", WEEK, artist="lee", project="spot")
    studio.at("2026-12-24T10:00:00")
    told = studio.challenge("x", by="second")
    assert told["answer_by"]["at"] == "2026-12-28T10:00:00Z"


@pytest.mark.parametrize(
    ("at", "percent"), [("2027-02-26T00:00", "0"), ("2027-02-27T12:00", "50"), ("2027-02-28T12:00", "100")]
)
def test_models_us(at: str, percent: str) -> None:
    """Cancelling costs half under 48 hours, all of it under 24."""
    studio = Studio()
    studio.policy("models-us")
    studio.book("shoot", days("2027-03-01"), rate={"amount": "2000.00", "currency": "USD"})
    studio.at(at)
    (fee,) = studio.cancel(uid("shoot"))["fees"]
    assert fee["percent"] == percent
    assert fee["amount"]["amount"] == f"{20 * int(percent)}.00"


@pytest.mark.parametrize(
    ("day", "percent"),
    [("02-22", "0"), ("02-23", "50"), ("02-25", "50"), ("02-26", "75"), ("02-27", "75"), ("02-28", "100")],
)
def test_crew_uk_commercial(day: str, percent: str) -> None:
    """Seven days' notice is free, six to four cost half, three or two three quarters, the day before all of it."""
    studio = Studio()
    studio.policy("crew-uk-commercial")
    studio.book("shoot", days("2027-03-01"))
    studio.at(f"2027-{day}T20:00:00")
    (fee,) = studio.cancel(uid("shoot"))["fees"]
    assert fee["percent"] == percent
    assert fee["zone"] == "Europe/London"


def test_a_deadline_is_the_earliest_limit_of_several() -> None:
    studio = Studio()
    limits = {"days_after_placing": 14, "fixed": "2026-12-01", "before_first_day": {"days": 3, "at": "18:00"}}
    studio.policy("motion-24h", lapse=limits)
    assert studio.hold("a", WEEK)["deadline"]["rule"] == "the end of 2026-12-01"
    assert studio.hold("b", days("2026-11-30"))["deadline"]["rule"] == "3 days before the first day at 18:00"
    studio.at("2026-12-02T09:00:00")
    assert studio.hold("c", WEEK)["deadline"]["rule"] == "14 days after placing"


def test_others_can_be_asked_what_becomes_of_their_holds_when_one_is_confirmed() -> None:
    studio = Studio()
    studio.policy("motion-24h", on_confirm="ask")
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    (warning,) = studio.confirm("a")["warnings"]
    assert (warning["code"], warning["holds"]) == ("others_asked", [uid("b")])
    assert studio.events(TimeBooked)[0].others == "ask"
    assert studio.ranks("b") == [(1, "standby")]
    assert "warnings" not in studio.book("alone", days("2027-04-01"))


def test_every_clock_records_the_policy_in_force_when_it_was_started() -> None:
    studio = Studio()
    studio.artist("eve", consent="freelancer")
    studio.policy("motion-24h", name="placing", lapse={"days_after_placing": 14, "before_first_day": {"days": 3}})
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.hold("asked", WEEK, artist="eve")
    studio.policy("motion-24h", name="challenging")
    studio.challenge("x", by="b")
    studio.policy("motion-24h", name="winning")
    studio.answers("x", by="a", answer="release", periods=days("2027-03-01"))
    studio.policy("motion-24h", name="promoting")
    studio.withdraw("x")
    studio.release("a")
    studio.policy("motion-24h", name="extending")
    studio.extend("b")
    limits = studio.calendar().holds[uid("b")].limits
    assert {kind: clock.policy for kind, clock in limits.items()} == {
        "after_placing": "extending",
        "before_first_day": "placing",
    }
    spans = studio.calendar().holds[uid("b")].spans
    assert [span.commitment.policy for span in spans if span.commitment] == ["winning"]
    assert [span.first_refusal.policy for span in spans if span.first_refusal] == ["promoting"]
    (opened,) = studio.events(ChallengeOpened)
    assert opened.answer_by.policy == "challenging"
    respond_by = studio.calendar("eve").holds[uid("asked")].respond_by
    assert respond_by is not None
    assert respond_by.policy == "placing"


def test_anyone_may_challenge_once_they_have_a_hold_at_the_back() -> None:
    studio = Studio()
    studio.policy("motion-24h", who_may_challenge="anyone")
    studio.hold("a", WEEK)
    studio.hold("b", WEEK, project="spot")
    studio.project("show")
    assert studio.hold("c", WEEK, project="show")["worst_rank"] == 3
    assert studio.challenge("x", by="c")["challenged"] == [uid("a"), uid("b")]
