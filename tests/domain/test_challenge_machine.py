"""Random challenges among random holds, bookings and time off: what must be true of every log they leave."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.calendar import TimeBooked, TimeLapsed
from domain.challenge import ChallengeEnded, ChallengeOpened
from domain.errors import DomainError
from domain.queue import ranks, stretches
from domain.spans import Span, overlap, subtract
from tests.given import Studio, days, uid

FIRST_DAY = date(2027, 3, 1)
DAYS = 4
Command = Callable[..., dict[str, Any]]
RUNS = st.tuples(st.integers(0, DAYS - 1), st.integers(0, DAYS - 1)).map(sorted)
PICK = st.integers(0, 1000)


def periods(run: list[int]) -> list[dict[str, str]]:
    first, last = (FIRST_DAY + timedelta(days=number) for number in run)
    return days(first.isoformat(), last.isoformat())


class Challenges(RuleBasedStateMachine):
    """Three projects want one artist, one of them for a job that needs a single person."""

    def __init__(self) -> None:
        super().__init__()
        self.studio = Studio()
        self.studio.project("show")
        self.studio.policy("motion-24h", cool_down_hours=12)
        self.studio.job("comp", periods=periods([0, DAYS - 1]))
        self.holds: list[str] = []
        self.challenges: list[str] = []
        self.bookings: list[str] = []
        self.count = 0

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}-{self.count}"

    def accepted(self, command: Command, *args: object, **more: object) -> dict[str, Any]:
        """What a command answered; a refusal must leave no trace."""
        before = self.studio.recorded()
        try:
            return command(*args, **more)
        except DomainError:
            assert self.studio.recorded() == before
            return {}

    @rule(elapsed=st.sampled_from([1, 12, 24, 48, 14 * 24]))
    def time_passes(self, elapsed: int) -> None:
        self.studio.pass_(hours=elapsed)

    @rule(run=RUNS, project=st.sampled_from(["film", "spot", "show"]), for_job=st.booleans())
    def place(self, run: list[int], project: str, for_job: bool) -> None:  # noqa: FBT001 - drawn, not called
        name = self.name("hold")
        more = {"job_id": "comp"} if for_job and project == "film" else {}
        if self.accepted(self.studio.hold, name, periods(run), project=project, **more):
            self.holds.append(name)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS)
    def challenge(self, pick: int, run: list[int]) -> None:
        name = self.name("challenge")
        if self.accepted(self.studio.challenge, name, by=self.holds[pick % len(self.holds)], periods=periods(run)):
            self.challenges.append(name)

    @precondition(lambda self: self.challenges)
    @rule(pick=PICK, by=PICK, answer=st.sampled_from(["confirm", "release"]), run=RUNS)
    def answer(self, pick: int, by: int, answer: str, run: list[int]) -> None:
        name, hold = self.challenges[pick % len(self.challenges)], self.holds[by % len(self.holds)]
        told = self.accepted(self.studio.answers, name, by=hold, answer=answer, periods=periods(run))
        if "booking_id" in told:
            self.bookings.append(told["booking_id"])

    @precondition(lambda self: self.challenges)
    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        self.accepted(self.studio.withdraw, self.challenges[pick % len(self.challenges)])

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS, what=st.sampled_from(["release", "keep", "confirm"]))
    def act_on_a_hold(self, pick: int, run: list[int], what: str) -> None:
        commands: dict[str, Command] = {
            "release": self.studio.release,
            "keep": self.studio.keep,
            "confirm": self.studio.confirm,
        }
        told = self.accepted(commands[what], self.holds[pick % len(self.holds)], periods=periods(run))
        if "booking_id" in told:
            self.bookings.append(told["booking_id"])

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS)
    def change(self, pick: int, run: list[int]) -> None:
        self.accepted(self.studio.change, self.holds[pick % len(self.holds)], periods(run))

    @precondition(lambda self: self.bookings)
    @rule(pick=PICK, what=st.sampled_from(["cancel", "unconfirm", "postpone"]))
    def act_on_a_booking(self, pick: int, what: str) -> None:
        commands: dict[str, Command] = {
            "cancel": self.studio.cancel,
            "unconfirm": self.studio.unconfirm,
            "postpone": self.studio.postpone,
        }
        self.accepted(commands[what], self.bookings[pick % len(self.bookings)])

    @rule(run=RUNS, approve=st.booleans())
    def time_off(self, run: list[int], approve: bool) -> None:  # noqa: FBT001
        name = self.name("off")
        self.accepted(self.studio.time_off, name, periods(run))
        if approve:
            self.accepted(self.studio.approve, name)
        self.accepted(self.studio.withdraw_time_off, name)

    @invariant()
    def ranks_are_1_to_n_and_agree_with_each_holds_own(self) -> None:
        calendar, now = self.studio.calendar(), self.studio.log.now
        own = {id: ranks(calendar, id, now) for id in calendar.holds}
        for stretch in stretches(calendar, now):
            assert [entry.rank for entry in stretch.entries] == list(range(1, len(stretch.entries) + 1))
            for entry in stretch.entries:
                there = [
                    (rank.rank, rank.state)
                    for rank in own[entry.hold_id]
                    if rank.span.starts_at <= stretch.starts_at and stretch.ends_at <= rank.span.ends_at
                ]
                assert there == [(entry.rank, entry.state)]

    @invariant()
    def at_most_one_challenge_is_open_on_a_stretch(self) -> None:
        challenges = list(self.studio.calendar().challenges.values())
        for number, one in enumerate(challenges):
            assert not any(overlap(one.spans, other.spans) for other in challenges[number + 1 :])

    @invariant()
    def each_challenge_ends_exactly_once_on_each_stretch(self) -> None:
        opened = {event.challenge_id: event.spans for event in self.studio.events(ChallengeOpened)}
        left: dict[str, tuple[Span, ...]] = dict(opened)
        for event in self.studio.events(ChallengeEnded):
            assert not subtract(event.ended, left[event.challenge_id])
            left[event.challenge_id] = subtract(left[event.challenge_id], event.ended)
            assert _seconds(left[event.challenge_id]) == _seconds(event.spans)

    @invariant()
    def nobody_is_booked_twice(self) -> None:
        bookings = list(self.studio.calendar().bookings.values())
        for number, one in enumerate(bookings):
            assert not any(overlap(one.spans, other.spans) for other in bookings[number + 1 :])

    @invariant()
    def on_no_stretch_is_a_hold_both_converted_and_lapsed(self) -> None:
        for booked in self.studio.events(TimeBooked):
            for lapse in self.studio.events(TimeLapsed):
                assert lapse.hold_id != booked.hold_id or not overlap(booked.spans, lapse.lapsed)

    @invariant()
    def a_job_for_one_has_one_booking_at_a_time(self) -> None:
        calendar = self.studio.calendar()
        filling = [b for b in calendar.bookings.values() if b.job_id == uid("comp")]
        assert not any(overlap(a.spans, b.spans) for a in filling for b in filling if a.booking_id < b.booking_id)

    def teardown(self) -> None:
        """Once everybody is silent, everything ends."""
        for _ in range(5):
            self.studio.pass_(days=200)
            self.studio.record_overdue()
        assert self.studio.calendar().holds == {}
        assert self.studio.calendar().challenges == {}


def _seconds(spans: tuple[Span, ...]) -> float:
    return sum((span.ends_at - span.starts_at).total_seconds() for span in spans)


TestChallenges = Challenges.TestCase
TestChallenges.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
