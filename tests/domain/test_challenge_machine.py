"""Random challenges among random holds, bookings and time off: what must be true of every log they leave."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.booking import BookingMade
from domain.calendar import TimeBooked, TimeLapsed
from domain.challenge import ChallengeAnswered, ChallengeEnded, ChallengeOpened, OpenChallenge
from domain.ending import HoldEnded, HoldLapsed
from domain.errors import DomainError
from domain.groups import GroupDecided, GroupJoined
from domain.job import JobFilled
from domain.queue import ranks, stretches
from domain.spans import Span, overlap, subtract
from tests.domain.campaign import CAMPAIGN
from tests.domain.laws import every_excess_booking_is_named
from tests.given import OVERRIDES, Studio, accepting, days, uid

FIRST_DAY = date(2027, 3, 1)
DAYS = 4
ARTISTS = ("ada", "eve")
Command = Callable[..., dict[str, Any]]
Refusal = type[DomainError] | tuple[type[DomainError], ...]
RUNS = st.tuples(st.integers(0, DAYS - 1), st.integers(0, DAYS - 1)).map(sorted)
PICK = st.integers(0, 1000)


def periods(run: list[int]) -> list[dict[str, str]]:
    first, last = (FIRST_DAY + timedelta(days=number) for number in run)
    return days(first.isoformat(), last.isoformat())


class Challenges(RuleBasedStateMachine):
    """Three projects want two artists, one of them for a job that needs one person; one artist has to be asked."""

    def __init__(self) -> None:
        super().__init__()
        self.studio = Studio(permissions=OVERRIDES)
        self.studio.artist("eve", consent="freelancer")
        self.studio.project("show")
        self.studio.policy("motion-24h", cool_down_hours=12)
        self.studio.job("comp", periods=periods([0, DAYS - 1]))
        self.studio.job("crew", periods=periods([0, DAYS - 1]), quantity=3)
        self.holds: list[str] = []
        self.bookings: list[str] = []
        self.accepts: list[str] = []
        self.count = 0

    @initialize(last_challenges=st.booleans())
    def everybody_wants_all_of_it(self, *, last_challenges: bool) -> None:
        for artist in ARTISTS:
            for kind in ("spot", "member", "show"):
                self.place([0, DAYS - 1], artist, kind)
                self.accepted(self.studio.accept, self.holds[-1])
            if last_challenges:
                self.challenge(len(self.holds) - 1, [0, DAYS - 1])

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}-{self.count}"

    def accepted(
        self, command: Command, *args: object, refused: Refusal = DomainError, **more: object
    ) -> dict[str, Any]:
        """What a command answered; a refusal must leave no trace."""
        before = self.studio.recorded()
        try:
            return command(*args, **more)
        except refused:
            assert self.studio.recorded() == before
            return {}

    @rule(elapsed=st.sampled_from([1, 1, 6, 6, 12, 12, 24, 48, 14 * 24]))
    def time_passes(self, elapsed: int) -> None:
        self.studio.pass_(hours=elapsed)

    def forcing(self, *, forced: bool) -> list[dict[str, Any]]:
        """Nothing, or the acceptance of everybody who holds or has booked."""
        return [one for each in sorted(OVERRIDES) for one in accepting(each, *self.accepts)] if forced else []

    @rule(
        run=RUNS,
        artist=st.sampled_from(ARTISTS),
        kind=st.sampled_from(["film", "spot", "show", "job", "member", "run"]),
    )
    def place(self, run: list[int], artist: str, kind: str) -> None:
        name = self.name("hold")
        more: dict[str, Any] = {"project": kind if kind in {"spot", "show"} else "film"}
        if kind in {"job", "member"}:
            more["job_id"] = "comp"
        if kind == "member":
            more["group"] = {"id": uid("group"), "kind": "any_of"}
        if kind == "run":
            more |= {"job_id": "crew", "group": {"id": uid("run"), "kind": "all_of"}}
        if self.accepted(self.studio.hold, name, periods(run), artist=artist, **more):
            self.holds.append(name)
            self.accepts.append(name)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS, what=st.sampled_from(["accept", "accept", "decline", "counter"]))
    def the_artist_answers(self, pick: int, run: list[int], what: str) -> None:
        hold = self.holds[pick % len(self.holds)]
        if what == "counter":
            self.accepted(self.studio.counter, hold, periods(run))
        else:
            self.accepted({"accept": self.studio.accept, "decline": self.studio.decline}[what], hold)

    @property
    def open(self) -> list[OpenChallenge]:
        """The challenges that are open, or would be if their time were not up."""
        return [one for artist in ARTISTS for one in self.studio.calendar(artist).challenges.values()]

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS)
    def challenge(self, pick: int, run: list[int]) -> None:
        name = self.name("challenge")
        self.accepted(self.studio.challenge, name, by=self.holds[pick % len(self.holds)], periods=periods(run))

    @precondition(lambda self: self.open)
    @rule(pick=PICK, by=PICK, run=RUNS)
    def intend_to_confirm(self, pick: int, by: int, run: list[int]) -> None:
        self.answer(pick, by, "confirm", run)

    @precondition(lambda self: self.open)
    @rule(pick=PICK, by=PICK, run=RUNS)
    def intend_to_release(self, pick: int, by: int, run: list[int]) -> None:
        self.answer(pick, by, "release", run)

    def answer(self, pick: int, by: int, answer: str, run: list[int]) -> None:
        challenge = self.open[pick % len(self.open)]
        hold = challenge.challenged[by % len(challenge.challenged)]
        said: dict[str, Any] = {"answer": answer, "periods": periods(run)}
        self.booked(self.accepted(self.studio.answers, challenge.challenge_id, by=hold, **said))

    def booked(self, told: dict[str, Any]) -> None:
        if "booking_id" in told and told["booking_id"] not in self.bookings:
            self.bookings.append(told["booking_id"])
            self.accepts.append(told["booking_id"])

    @precondition(lambda self: self.open)
    @rule(pick=PICK)
    def withdraw(self, pick: int) -> None:
        if pick % 4 == 0:
            self.accepted(self.studio.withdraw, self.open[pick % len(self.open)].challenge_id)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS, what=st.sampled_from(["release", "keep"]))
    def release_or_keep(self, pick: int, run: list[int], what: str) -> None:
        """Nothing that others have said refuses either, as long as the hold stands."""
        commands: dict[str, Command] = {"release": self.studio.release, "keep": self.studio.keep}
        hold, gone = self.holds[pick % len(self.holds)], (HoldEnded, HoldLapsed)
        self.accepted(commands[what], hold, periods=periods(run), refused=gone)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS, forced=st.booleans())
    def confirm(self, pick: int, run: list[int], *, forced: bool) -> None:
        said: dict[str, Any] = {"periods": periods(run), "keep_rest": True, "overrides": self.forcing(forced=forced)}
        self.booked(self.accepted(self.studio.confirm, self.holds[pick % len(self.holds)], **said))

    @precondition(lambda self: self.holds)
    @rule(run=RUNS, artist=st.sampled_from(ARTISTS))
    def reorder(self, run: list[int], artist: str) -> None:
        said: dict[str, Any] = {"artist": artist, "overrides": self.forcing(forced=True)}
        self.accepted(self.studio.reorder, self.holds[::-1], periods(run), **said)

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
        told = self.accepted(commands[what], self.bookings[pick % len(self.bookings)])
        if "hold_id" in told and told["hold_id"] not in self.holds:
            self.holds.append(told["hold_id"])
            self.accepts.append(told["hold_id"])

    @precondition(lambda self: self.bookings)
    @rule(pick=PICK, run=RUNS, forced=st.booleans())
    def reschedule(self, pick: int, run: list[int], *, forced: bool) -> None:
        said: dict[str, Any] = {"overrides": self.forcing(forced=forced)}
        self.accepted(self.studio.reschedule, self.bookings[pick % len(self.bookings)], periods(run), **said)

    @rule(run=RUNS, artist=st.sampled_from(ARTISTS), approve=st.booleans(), stays=st.booleans())
    def time_off(self, run: list[int], artist: str, *, approve: bool, stays: bool) -> None:
        name = self.name("off")
        self.accepted(self.studio.time_off, name, periods(run), artist=artist)
        if approve:
            self.accepted(self.studio.approve, name)
        if not stays:
            self.accepted(self.studio.withdraw_time_off, name)

    @rule(artist=st.sampled_from(ARTISTS))
    def what_is_overdue_can_always_be_recorded(self, artist: str) -> None:
        """No state of a calendar refuses the clock: else it would refuse everybody for ever."""
        self.studio.record_overdue(artist)

    @invariant()
    def ranks_are_1_to_n_and_agree_with_each_holds_own(self) -> None:
        for artist in ARTISTS:
            calendar, now = self.studio.calendar(artist), self.studio.log.now
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
        for artist in ARTISTS:
            for one, other in combinations(self.studio.calendar(artist).challenges.values(), 2):
                assert not overlap(one.spans, other.spans)

    @invariant()
    def each_challenge_ends_exactly_once_on_each_stretch(self) -> None:
        left: dict[str, tuple[Span, ...]] = {e.challenge_id: e.spans for e in self.studio.events(ChallengeOpened)}
        for event in self.studio.events(ChallengeEnded):
            assert not subtract(event.ended, left[event.challenge_id])
            left[event.challenge_id] = subtract(left[event.challenge_id], event.ended)
            assert _seconds(left[event.challenge_id]) == _seconds(event.spans)

    @invariant()
    def no_answer_counts_that_came_at_the_deadline_or_later(self) -> None:
        answer_by = {event.challenge_id: event.answer_by.at for event in self.studio.events(ChallengeOpened)}
        for one in self.studio.log.recorded:
            if isinstance(one.event, ChallengeAnswered):
                assert one.recorded_at < answer_by[one.event.challenge_id]

    @invariant()
    def nothing_of_a_run_is_booked_after_it_was_broken(self) -> None:
        members, broken = set[str](), False
        for event in self.studio.events(GroupJoined, GroupDecided, JobFilled):
            if isinstance(event, GroupJoined) and event.group.kind == "all_of":
                assert not broken
                members.add(event.hold_id)
            elif isinstance(event, GroupDecided):
                broken = broken or event.outcome == "broken"
            else:
                assert not (broken and event.hold_id in members)

    @invariant()
    def nobody_is_booked_twice_unless_an_override_names_the_other_booking(self) -> None:
        for artist in ARTISTS:
            every_excess_booking_is_named(self.studio, artist)

    @invariant()
    def every_booking_is_made_once_and_its_time_is_its_own(self) -> None:
        made = [one.stream for one in self.studio.log.recorded if isinstance(one.event, BookingMade)]
        assert len(made) == len(set(made))

    @invariant()
    def on_no_stretch_is_a_hold_both_converted_and_lapsed(self) -> None:
        for booked in self.studio.events(TimeBooked):
            for lapse in self.studio.events(TimeLapsed):
                assert lapse.hold_id != booked.hold_id or not overlap(booked.spans, lapse.lapsed)

    @invariant()
    def a_job_for_one_has_one_booking_at_a_time_unless_it_was_over_filled(self) -> None:
        over_filled = {event.booking_id for event in self.studio.events(JobFilled) if event.over_filled}
        filling = [
            booking
            for artist in ARTISTS
            for booking in self.studio.calendar(artist).bookings.values()
            if booking.job_id == uid("comp") and booking.booking_id not in over_filled
        ]
        assert not any(overlap(one.spans, other.spans) for one, other in combinations(filling, 2))

    def teardown(self) -> None:
        """Once everybody is silent, everything ends."""
        for artist in ARTISTS * 5:
            self.studio.pass_(days=200)
            self.studio.record_overdue(artist)
        for artist in ARTISTS:
            assert self.studio.calendar(artist).holds == {}
            assert self.studio.calendar(artist).challenges == {}


def _seconds(spans: tuple[Span, ...]) -> float:
    return sum((span.ends_at - span.starts_at).total_seconds() for span in spans)


TestChallenges = Challenges.TestCase
TestChallenges.settings = CAMPAIGN
