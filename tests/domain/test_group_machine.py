"""Random commands on members of four groups, beside a plain model of what each group takes and what it comes to."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from commands.following import follow, of_group
from domain.errors import DomainError
from domain.groups import GroupDecided, GroupJoined
from domain.job import JOB, JobFilled
from tests.domain.campaign import CAMPAIGN
from tests.domain.plain_groups import PlainGroup
from tests.given import Studio, days, now, uid

FIRST_DAY = date(2027, 3, 1)
DAYS = 3
ARTISTS = ("ada", "bob", "eve")
GROUPS = {"one": ("any_of", 1), "two": ("any_of", 2), "run": ("all_of", 1), "free": ("independent", 1)}
REFUSALS = {"group_broken", "group_filled"}
RUNS = st.tuples(st.integers(0, DAYS - 1), st.integers(0, DAYS - 1)).map(sorted)
PICK = st.integers(0, 1000)
Model = dict[str, PlainGroup]


def periods(run: list[int]) -> list[dict[str, str]]:
    first, last = (FIRST_DAY + timedelta(days=number) for number in run)
    return days(first.isoformat(), last.isoformat())


class Groups(RuleBasedStateMachine):
    """Everybody is held for one job, as a member of one of its groups; time passes, and what follows is carried out."""

    def __init__(self) -> None:
        super().__init__()
        self.studio = Studio()
        for artist in ARTISTS[1:]:
            self.studio.artist(artist)
        self.studio.job("comp", periods=periods([0, DAYS - 1]), quantity=100)
        self.model: Model = {name: PlainGroup(*kind) for name, kind in GROUPS.items()}
        self.holds: dict[str, tuple[str, str]] = {}
        """By id: the artist, and the group."""
        self.bookings: dict[str, str] = {}
        """By id: the hold that it was."""
        self.count = 0
        self.followed = 0

    @initialize(group=st.sampled_from([*GROUPS]))
    def everybody_is_asked(self, group: str) -> None:
        for artist in ARTISTS:
            self.place(artist, [0, DAYS - 1], group)

    def some_hold(self, pick: int) -> str:
        return list(self.holds)[pick % len(self.holds)]

    def some_booking(self, pick: int) -> str:
        return list(self.bookings)[pick % len(self.bookings)]

    def gone(self, artist: str, group: str, model: Model) -> set[str]:
        """The open members on an artist's calendar that have left it, or whose time is up, recorded or not."""
        claims, now = self.studio.calendar(artist).holds, self.studio.log.now
        return {
            hold
            for hold in model[group].open
            if self.holds[hold][0] == artist and (hold not in claims or not claims[hold].alive_spans(now))
        }

    def begun(self, artist: str) -> Model:
        """The model once what is overdue on that calendar has been recorded, as each command does first."""
        model = deepcopy(self.model)
        for name, group in model.items():
            group.leave(self.gone(artist, name, model))
        return model

    def tried(
        self, model: Model, why: str | None, command: Callable[..., dict[str, Any]], *args: object, **more: object
    ) -> dict[str, Any] | None:
        """What a command answered, or None: a group takes nothing that the model says it refuses, and says why."""
        before = self.studio.recorded()
        told, code = None, None
        try:
            told = command(*args, **more)
        except DomainError as refused:
            code = refused.code
        assert code not in REFUSALS or code == why
        if told is None:
            assert self.studio.recorded() == before
            return None
        taken = any(isinstance(one.event, GroupJoined | JobFilled) for one in self.studio.log.recorded[before:])
        assert why is None or not taken
        self.model = model
        return told

    def settle(self, artist: str) -> None:
        """Whoever has gone with a command has left its group."""
        for name, group in self.model.items():
            group.leave(self.gone(artist, name, self.model))

    # Holds

    @rule(artist=st.sampled_from(ARTISTS), run=RUNS, group=st.sampled_from([*GROUPS]))
    def place(self, artist: str, run: list[int], group: str) -> None:
        self.count += 1
        hold, model = uid(f"hold-{self.count}"), self.begun(artist)
        kind, k = GROUPS[group]
        said: dict[str, Any] = {"artist": artist, "job_id": "comp", "group": {"id": uid(group), "kind": kind, "k": k}}
        if self.tried(model, model[group].refuses(hold), self.studio.hold, hold, periods(run), **said) is not None:
            self.holds[hold] = artist, group
            self.model[group].open.add(hold)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=st.none() | RUNS)
    def release(self, pick: int, run: list[int] | None) -> None:
        hold = self.some_hold(pick)
        artist, _ = self.holds[hold]
        said = {} if run is None else {"periods": periods(run)}
        if self.tried(self.begun(artist), None, self.studio.release, hold, **said) is not None:
            self.settle(artist)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=st.none() | RUNS, keep_rest=st.booleans())
    def confirm(self, pick: int, run: list[int] | None, *, keep_rest: bool) -> None:
        hold = self.some_hold(pick)
        artist, group = self.holds[hold]
        model = self.begun(artist)
        said: dict[str, Any] = (
            {"keep_rest": keep_rest} if run is None else {"keep_rest": keep_rest, "periods": periods(run)}
        )
        told = self.tried(model, model[group].refuses(hold), self.studio.confirm, hold, **said)
        if told is not None:
            if told["booking_id"] not in self.bookings:
                self.bookings[told["booking_id"]] = hold
                self.model[group].book(hold, told["booking_id"])
            self.settle(artist)

    # Bookings

    @precondition(lambda self: self.bookings)
    @rule(pick=PICK, what=st.sampled_from(["cancel", "postpone"]), run=st.none() | RUNS)
    def free(self, pick: int, what: str, run: list[int] | None) -> None:
        booking = self.some_booking(pick)
        artist, group = self.holds[self.bookings[booking]]
        said = {"periods": periods(run)} if run is not None and what == "cancel" else {}
        command = {"cancel": self.studio.cancel, "postpone": self.studio.postpone}[what]
        if self.tried(self.begun(artist), None, command, booking, **said) is not None:
            if booking not in self.studio.calendar(artist).bookings:
                self.model[group].booked.pop(booking, None)
            self.settle(artist)

    @precondition(lambda self: self.bookings)
    @rule(pick=PICK, run=RUNS)
    def reschedule(self, pick: int, run: list[int]) -> None:
        booking = self.some_booking(pick)
        hold = self.bookings[booking]
        artist, group = self.holds[hold]
        before, model = self.studio.calendar(artist).bookings.get(booking), self.begun(artist)
        told = self.tried(model, model[group].refuses(hold), self.studio.reschedule, booking, periods(run))
        if told is not None:
            if self.studio.calendar(artist).bookings[booking] != before:
                self.model[group].book(hold, booking)
            self.settle(artist)

    @precondition(lambda self: self.bookings)
    @rule(pick=PICK)
    def unconfirm(self, pick: int) -> None:
        """What a booking becomes again is a member, if its group takes it without that booking."""
        booking = self.some_booking(pick)
        artist, group = self.holds[self.bookings[booking]]
        model = self.begun(artist)
        if self.studio.calendar(artist).bookings.get(booking) is not None:
            model[group].booked.pop(booking, None)
        told = self.tried(model, model[group].refuses("another hold"), self.studio.unconfirm, booking)
        if told is not None:
            if told["hold_id"] not in self.holds:
                self.holds[told["hold_id"]] = artist, group
                self.model[group].open.add(told["hold_id"])
            self.settle(artist)

    # Time, and what follows

    @rule(elapsed=st.sampled_from([1, 47, 48, 14 * 24]))
    def time_passes(self, elapsed: int) -> None:
        self.studio.pass_(hours=elapsed)

    @rule(artist=st.sampled_from(ARTISTS))
    def what_is_overdue_is_recorded(self, artist: str) -> None:
        self.tried(self.begun(artist), None, self.studio.record_overdue, artist)

    @rule()
    def what_follows_is_carried_out(self) -> None:
        """Then nothing stands that a decided group was to let go of, on whomever's calendar."""
        decided = self.studio.events(GroupDecided)
        for number, one in enumerate(decided[self.followed :], self.followed):
            for step in of_group(one).steps():
                (hold,) = step.hold_ids or [self.bookings[id] for id in step.booking_ids]
                artist, group = self.holds[hold]
                model = self.begun(artist)
                if now(follow(self.studio.log, self.studio.context({}, f"decided {number}"), step)):
                    self.model = model
                    for id in step.booking_ids:
                        self.model[group].booked.pop(id, None)
                    self.settle(artist)
            stands = [self.studio.calendar(artist) for artist in ARTISTS]
            assert not any(id in calendar.bookings for calendar in stands for id in one.cancel)
            alive = {
                id
                for calendar in stands
                for id, hold in calendar.holds.items()
                if hold.alive_spans(self.studio.log.now)
            }
            assert not alive & {*one.let_go}
        self.followed = len(decided)

    @invariant()
    def each_group_is_as_the_plain_model_has_it(self) -> None:
        groups = self.studio.log.fold(self.studio.tenant, JOB.stream(uid("comp"))).groups
        for name, expected in self.model.items():
            if (told := groups.get(uid(name))) is not None:
                assert ({*told.open}, told.confirmed) == (expected.open, expected.booked)
                assert told.broken == expected.broken

    @invariant()
    def each_group_has_come_to_what_the_plain_model_says(self) -> None:
        for name, group in self.model.items():
            told = [one for one in self.studio.events(GroupDecided) if one.group_id == uid(name)]
            assert [one.outcome for one in told] == [one.outcome for one in group.decided]
            for one, expected in zip(told, group.decided, strict=True):
                assert {*one.cancel} == expected.cancel
                # Of several who go at once, the first leaves while the others are still there.
                assert expected.let_go <= {*one.let_go} <= expected.let_go | expected.went


TestGroups = Groups.TestCase
TestGroups.settings = CAMPAIGN
