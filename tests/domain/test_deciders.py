"""What holds for every aggregate, and the small rules of the simple ones."""

from datetime import UTC, date, datetime
from typing import Any, ClassVar

import pytest

from domain.artist import ARTIST
from domain.beyond import Beyond, Unnamed
from domain.booking import BOOKING
from domain.calendar import CALENDAR, Calendar
from domain.challenge import CHALLENGE
from domain.claims import deadline_of, held, hold_claim
from domain.claims_by_time import HoldClaims
from domain.clocks import Clock
from domain.decider import Decider
from domain.errors import NotFound
from domain.event import Event
from domain.feed import FEED
from domain.groups import Members, of
from domain.hold import HOLD, Group
from domain.ids import derived_id
from domain.job import JOB, Job
from domain.job import close as close_job
from domain.overdue import Due, NotDue, lapse, must_be_due, next_due
from domain.project import PROJECT, Project, ProjectOpened, cancel, close
from domain.queue import depth, firsts, ranks, stretches, worst_rank
from domain.spans import whole_days
from domain.tenant import TENANT
from domain.time_off import TIME_OFF, TimeOff, withdraw

DECIDERS: list[Decider[Any]] = [ARTIST, BOOKING, CALENDAR, CHALLENGE, FEED, HOLD, JOB, PROJECT, TENANT, TIME_OFF]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
CLOCK = Clock(NOW, "an hour", "UTC", "ours")
DAY = whole_days(date(2027, 3, 1), date(2027, 3, 1), "UTC")


class SomethingElse(Event):
    """Of no aggregate."""

    stored_as: ClassVar[str] = "something.else.v1"


@pytest.mark.parametrize("decider", DECIDERS, ids=lambda decider: decider.category)
def test_an_event_of_another_kind_changes_nothing(decider: Decider[Any]) -> None:
    assert decider.evolve(decider.initial, SomethingElse()) == decider.initial


def test_stored_names_are_one_to_one() -> None:
    names = [event.stored_as for decider in DECIDERS for event in decider.events]
    assert len(names) == len(set(names))
    assert all(name.endswith(".v1") for name in names)


def test_a_stream_is_named_by_its_category_and_id() -> None:
    assert HOLD.stream("1").name == "hold/1"


def test_what_follows_has_the_same_id_whenever_it_is_worked_out() -> None:
    of = "5c1d0b5e-3a3d-4a53-9a1b-0b8f9f4f3c11"
    assert derived_id(of, "a") == derived_id(of, "a") != derived_id(of, "b")


def test_a_project_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        close(Project())
    with pytest.raises(NotFound):
        cancel(Project(), None)
    with pytest.raises(NotFound):
        close_job(Job())


def test_time_off_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        withdraw(None, TimeOff(), None, time_off_id="1")  # type: ignore[arg-type]  # refused before it is looked at


def test_a_project_is_cancelled_or_closed_once() -> None:
    opened = PROJECT.evolve(Project(), ProjectOpened(name="film", time_zone="UTC"))
    (closed,) = close(opened)
    assert close(PROJECT.evolve(opened, closed)) == []
    (cancelled,) = cancel(opened, "no money")
    assert cancel(PROJECT.evolve(opened, cancelled), None) == []


def test_streams_that_were_not_named_are_asked_for_together() -> None:
    named = HOLD.stream("1")
    beyond = Beyond(lambda stream: stream.decider.initial, [named])
    with pytest.raises(Unnamed) as missing:
        beyond.need(HOLD.stream("1"), JOB.stream("2"), BOOKING.stream("3"))
    assert [stream.name for stream in missing.value.streams] == ["job/2", "booking/3"]


def test_nobody_stands_where_nobody_looks() -> None:
    claim = hold_claim(hold_id="a", project_id="p", spans=(held(DAY, 0),), limits={"fixed": CLOCK})
    calendar = Calendar(holds=HoldClaims({"a": claim}))
    earlier = NOW.replace(year=2025)
    assert depth(calendar, earlier, ()) == 0
    assert firsts(calendar, earlier, ()) == {}
    assert stretches(calendar, NOW) == ()
    assert len(stretches(calendar, earlier)) == 1
    assert ranks(calendar, "a", NOW) == ranks(calendar, "b", NOW) == ()
    assert worst_rank(()) is None
    assert next_due(calendar) == NOW
    assert next_due(Calendar()) is None
    assert deadline_of(claim.limits) == CLOCK


def test_a_clock_that_an_earlier_fact_has_ended_lapses_nothing() -> None:
    claim = hold_claim(hold_id="a", project_id="p", spans=(held(DAY, 0),), limits={"fixed": CLOCK})
    calendar = Calendar(holds=HoldClaims({"a": claim}))
    assert lapse(calendar, Due("a", "first_refusal", CLOCK)) is None
    assert lapse(calendar, Due("b", "deadline", CLOCK)) is None
    assert lapse(calendar, Due("a", "deadline", CLOCK)) is not None


def test_a_clock_is_not_recorded_before_its_time() -> None:
    must_be_due(NOW, NOW)
    with pytest.raises(NotDue):
        must_be_due(NOW.replace(microsecond=1), NOW)


def test_a_hold_is_found_in_its_own_group() -> None:
    groups = {
        name: Members(Group(id=name, kind="any_of"), joined=(f"hold-{name}", f"gone-{name}"), open=(f"hold-{name}",))
        for name in ("one", "two")
    }
    assert of(groups, "hold-two") is groups["two"]
    assert of(groups, "gone-two") is groups["two"]
    assert of(groups, "another") is None
