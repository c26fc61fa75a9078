"""What is decided does not depend on whether the clock process has run."""

import pytest

from domain.calendar import TimeBooked, TimeLapsed
from domain.groups import GroupBroken, GroupDecided
from tests.given import Studio, days, uid

DAY = days("2027-03-01")


@pytest.mark.parametrize("recorded", [True, False])
def test_who_is_1st_since_a_lapse_can_keep_that_whether_or_not_it_is_recorded(*, recorded: bool) -> None:
    studio = Studio()
    for name, project in (("a", "film"), ("b", "spot"), ("c", "film")):
        studio.hold(name, DAY, project=project)
    studio.release("a")
    studio.pass_(hours=48)
    if recorded:
        studio.record_overdue()
    studio.keep("c")
    studio.pass_(hours=48)
    assert studio.ranks("c") == [(1, "live")]


@pytest.mark.parametrize("how", ["lapse", "challenge", "another booking"])
def test_a_run_is_broken_however_a_member_goes(how: str) -> None:
    studio = Studio()
    studio.artist("bob")
    studio.policy("motion-24h", on_confirm="release")
    studio.job("comp", periods=DAY, quantity=2)
    group = {"id": uid("group"), "kind": "all_of"}
    studio.hold("top", DAY, project="spot")
    studio.hold("a", DAY, job_id="comp", group=group)
    studio.hold("last", DAY, project="spot")
    if how == "lapse":
        studio.pass_(days=13)
    studio.hold("b", DAY, artist="bob", job_id="comp", group=group)
    if how == "lapse":
        studio.pass_(days=1)
        studio.record_overdue()
    elif how == "another booking":
        studio.confirm("top")
    else:
        studio.release("top")
        studio.project("show")
        studio.hold("d", DAY, project="show")
        studio.challenge("x", by="d")
        studio.answers("x", by="a", answer="release")
    (decided,) = studio.events(GroupDecided)
    assert decided.let_go == (uid("b"),)
    with pytest.raises(GroupBroken):
        studio.confirm("b")


@pytest.mark.parametrize("recorded", [True, False])
def test_an_intent_books_at_the_challenges_deadline_though_its_hold_would_have_lapsed_since(*, recorded: bool) -> None:
    studio = Studio()
    studio.project("show")
    studio.hold("silent", DAY)
    studio.hold("willing", DAY, project="spot")
    studio.pass_(days=13, hours=-2)
    studio.hold("challenger", DAY, project="show")
    studio.extend("silent")
    studio.challenge("x", by="challenger")
    studio.answers("x", by="willing", answer="confirm")
    studio.pass_(hours=24)
    if recorded:
        studio.record_overdue()
    studio.pass_(hours=3)
    studio.record_overdue()
    (booked,) = studio.events(TimeBooked)
    assert booked.hold_id == uid("willing")
    assert [(lapse.hold_id, lapse.because) for lapse in studio.events(TimeLapsed)] == [(uid("silent"), "challenge")]
