"""Artists, projects, jobs and policies."""

import pytest
from pydantic import ValidationError

from domain.artist import IdTaken
from domain.errors import NotFound
from domain.project import ProjectNotOpen
from domain.tenant import PolicyAdopted
from tests.given import Studio, days

WEEK = days("2027-03-01", "2027-03-05")


@pytest.fixture
def studio() -> Studio:
    return Studio()


def test_the_same_artist_project_or_job_sent_twice_is_one(studio: Studio) -> None:
    studio.job("comp", periods=WEEK)
    before = studio.recorded()
    studio.artist("ada")
    studio.project("film")
    studio.job("comp", periods=WEEK)
    assert studio.recorded() == before


def test_another_under_the_same_id_is_a_conflict(studio: Studio) -> None:
    studio.job("comp", periods=WEEK)
    with pytest.raises(IdTaken):
        studio.artist("ada", email="ada@example.com")
    with pytest.raises(IdTaken):
        studio.project("film", budget={"amount": "100.00", "currency": "EUR"})
    with pytest.raises(IdTaken):
        studio.job("comp", periods=WEEK, quantity=2)


def test_a_job_needs_an_open_project(studio: Studio) -> None:
    with pytest.raises(NotFound):
        studio.job("comp", project="nothing", periods=WEEK)
    studio.close_project("film")
    with pytest.raises(ProjectNotOpen):
        studio.job("comp", periods=WEEK)


def test_nothing_is_placed_into_a_cancelled_project_and_it_cannot_be_closed(studio: Studio) -> None:
    studio.cancel_project("film")
    before = studio.recorded()
    studio.cancel_project("film")
    assert studio.recorded() == before
    with pytest.raises(ProjectNotOpen):
        studio.hold("a", WEEK)
    with pytest.raises(ProjectNotOpen):
        studio.close_project("film")


def test_a_projects_days_are_in_order(studio: Studio) -> None:
    with pytest.raises(ValidationError):
        studio.project("backwards", first_day="2027-03-02", last_day="2027-03-01")
    studio.project("forwards", first_day="2027-03-01", last_day="2027-03-02")


def test_a_policy_is_a_preset_a_preset_with_changes_or_ones_own(studio: Studio) -> None:
    assert studio.policy("arena-72h")["policy"]["max_depth"] == 2
    changed = studio.policy("arena-72h", max_depth=7)["policy"]
    assert (changed["name"], changed["max_depth"], changed["window"]["amount"]) == ("arena-72h, changed", 7, 3)
    assert studio.policy("arena-72h", name="ours", max_depth=7)["policy"]["name"] == "ours"
    assert studio.whole_policy({"name": "ours", "max_depth": 3})["policy"]["window"]["amount"] == 24
    assert studio.whole_policy("models-us")["policy"]["name"] == "models-us"


def test_adopting_the_policy_in_force_changes_nothing(studio: Studio) -> None:
    studio.policy("arena-72h")
    studio.policy("arena-72h")
    assert len(studio.events(PolicyAdopted)) == 1


@pytest.mark.parametrize(
    ("rules", "where"),
    [
        ({"preset": "nonsense"}, "preset"),
        ({"preset": {}}, "preset"),
        ({"max_depth": 0}, "max_depth"),
        ({"window": {"unit": "weeks"}}, "window"),
        ({"window": {"amount": 24, "cut_off": "18:00"}}, "cut_off: only a window of working_days"),
        ({"window": {"unit": "working_days", "cut_off": "18:00Z"}}, "HH:MM"),
        ({"working_calendar": {"country": "XX"}}, "country: the holidays of XX"),
        ({"working_calendar": {"country": "DE", "subdivision": "ZZ"}}, "subdivision: DE has no ZZ"),
        ({"working_calendar": {"subdivision": "BE"}}, "subdivision: no country has no BE"),
        ({"lapse": {"days_after_placing": 0}}, "lapse.days_after_placing"),
        ({"cancellation": {"bands": [{"below": 48, "percent": 50}, {"below": 24, "percent": 100}]}}, "bands"),
        ({"cancellation": {"bands": [{"below": 48, "percent": 12.5}]}}, "written as text"),
        ({"working_calendar": {"weekend": [1, 2, 3, 4, 5, 6, 7]}}, "weekend"),
    ],
)
def test_a_mistake_in_a_policy_is_named_by_its_field(studio: Studio, rules: dict[str, object], where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        studio.whole_policy(rules)


def test_what_a_coordinator_calls_things_is_kept_and_changes_no_rule(studio: Studio) -> None:
    told = studio.policy("motion-24h", labels={"hold": "pencil"})
    assert told["policy"]["labels"] == {"hold": "pencil"}


def test_a_fixed_limit_ends_with_that_day(studio: Studio) -> None:
    studio.policy("motion-24h", lapse={"fixed": "2026-12-01"})
    assert studio.hold("a", WEEK)["deadline"] == {
        "at": "2026-12-01T23:00:00Z",
        "rule": "the end of 2026-12-01",
        "zone": "Europe/Berlin",
    }


def test_without_standing_by_free_time_can_be_held(studio: Studio) -> None:
    studio.policy("motion-24h", holds_behind_bookings=False)
    assert studio.hold("a", WEEK)["worst_rank"] == 1


def test_all_of_a_calendar_that_nobody_touches_is_recorded_by_the_clock(studio: Studio) -> None:
    studio.hold("a", WEEK)
    assert studio.record_overdue()["next_due_at"] == "2026-12-07T09:00:00Z"
    studio.pass_(days=14)
    assert studio.record_overdue()["next_due_at"] is None
    before = studio.recorded()
    studio.record_overdue()
    assert studio.recorded() == before


def test_a_calendar_of_nobody_is_not_found(studio: Studio) -> None:
    with pytest.raises(NotFound):
        studio.record_overdue("nobody")
