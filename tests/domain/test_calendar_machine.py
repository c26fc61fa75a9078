"""Random commands of several holders on two artists, beside a plain model that says what must come of them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.calendar import CALENDAR, HoldPromoted, TimeBooked, TimeLapsed
from domain.errors import Refused
from domain.queue import Stretch, stretches
from domain.spans import overlap, whole_days
from tests.domain.plain_model import PlainModel, Slot
from tests.given import Studio, days, uid

FIRST_DAY = date(2027, 3, 26)  # the clocks change two days later
DAYS = 5
LATEST = datetime(2027, 2, 20, tzinfo=UTC)
"""The plain model knows neither the past nor changes of the clocks."""
ARTISTS = ("ada", "bob")
RUNS = st.tuples(st.integers(0, DAYS - 1), st.integers(0, DAYS - 1)).map(sorted)
PICK = st.integers(0, 1000)


def periods(run: list[int]) -> list[dict[str, str]]:
    first, last = (FIRST_DAY + timedelta(days=number) for number in run)
    return days(first.isoformat(), last.isoformat())


def slots(artist: str, run: list[int]) -> set[Slot]:
    return {(artist, number) for number in range(run[0], run[1] + 1)}


def covered(stretch: Stretch) -> list[int]:
    """The numbers of the days that a stretch covers."""
    all_days = [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]
    spans = [whole_days(day, day, "Europe/Berlin") for day in all_days]
    return [
        n for n, span in enumerate(spans) if stretch.starts_at <= span.starts_at and span.ends_at <= stretch.ends_at
    ]


class Calendars(RuleBasedStateMachine):
    """Places, changes, keeps, extends, releases, confirms and cancels, while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.studio = Studio()
        self.studio.artist("bob")
        self.studio.policy("motion-24h", max_depth=3)
        self.model = PlainModel(max_depth=3)
        self.holds: dict[str, str] = {}
        self.bookings: dict[str, tuple[str, set[Slot]]] = {}
        self.count = 0

    @property
    def now(self) -> datetime:
        return self.studio.log.now

    def some_hold(self, pick: int) -> tuple[str, str]:
        name = sorted(self.holds)[pick % len(self.holds)]
        return name, self.holds[name]

    def accepted(self, command: Callable[..., dict[str, Any]], *args: object, **more: object) -> dict[str, Any] | None:
        """What a command answered; None when it was refused, which must leave no trace."""
        before = self.studio.recorded()
        try:
            told = command(*args, **more)
        except Refused:
            assert self.studio.recorded() == before
            return None
        return told

    @precondition(lambda self: self.now < LATEST)
    @rule(elapsed=st.sampled_from([1, 24, 47, 48, 100, 14 * 24]))
    def time_passes(self, elapsed: int) -> None:
        self.studio.pass_(hours=elapsed)

    @rule(artist=st.sampled_from(ARTISTS))
    def what_is_overdue_is_recorded(self, artist: str) -> None:
        self.studio.record_overdue(artist)
        self.model.finish(self.model.begin(artist, self.now), self.now)

    @rule(artist=st.sampled_from(ARTISTS), run=RUNS, project=st.sampled_from(["film", "spot"]))
    def place(self, artist: str, run: list[int], project: str) -> None:
        self.count += 1
        name, wanted = f"hold-{self.count:03}", slots(artist, run)
        told = self.accepted(self.studio.hold, name, periods(run), artist=artist, project=project)
        assert (told is not None) == self.model.room(wanted, self.now)
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.holds[name] = artist
            self.model.deadlines[name] = self.now + timedelta(days=14)
            self.model.join(name, sorted(wanted))
            self.model.finish(before, self.now)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS)
    def release_part(self, pick: int, run: list[int]) -> None:
        name, artist = self.some_hold(pick)
        held = self.model.slots(name, self.now)
        told = self.accepted(self.studio.release, name, periods=periods(run))
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.model.leave(name, held & slots(artist, run))
            self.model.finish(before, self.now)
        assert (told is not None) or not held

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS)
    def change(self, pick: int, run: list[int]) -> None:
        name, artist = self.some_hold(pick)
        held, wanted = self.model.slots(name, self.now), slots(artist, run)
        told = self.accepted(self.studio.change, name, periods(run))
        added = wanted - held
        fits = self.model.room(added, self.now) and self.model.may_return(name, added, self.now)
        assert (told is not None) == bool(held and fits)
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.model.leave(name, held - wanted)
            self.model.join(name, sorted(wanted - held))
            self.model.finish(before, self.now)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS)
    def keep(self, pick: int, run: list[int]) -> None:
        name, artist = self.some_hold(pick)
        if self.accepted(self.studio.keep, name, periods=periods(run)) is not None:
            before = self.model.begin(artist, self.now)
            for slot in slots(artist, run):
                self.model.first_refusal.pop((name, slot), None)
            self.model.finish(before, self.now)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK)
    def extend(self, pick: int) -> None:
        name, artist = self.some_hold(pick)
        held, done = self.model.slots(name, self.now), self.model.extended.get(name, 0)
        told = self.accepted(self.studio.extend, name)
        assert (told is not None) == bool(held and done < 2)
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.model.extended[name] = done + 1
            self.model.deadlines[name] += timedelta(days=14)
            self.model.finish(before, self.now)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS, keep_rest=st.booleans())
    def confirm(self, pick: int, run: list[int], keep_rest: bool) -> None:  # noqa: FBT001 - drawn, not called
        name, artist = self.some_hold(pick)
        held, wanted = self.model.slots(name, self.now), slots(artist, run)
        before_bookings = set(self.bookings)
        told = self.accepted(self.studio.confirm, name, periods=periods(run), keep_rest=keep_rest)
        if told is not None and told["booking_id"] in before_bookings:
            self.model.finish(self.model.begin(artist, self.now), self.now)
            return
        assert (told is not None) == (wanted <= held and self.model.may_book(name, wanted, self.now))
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.model.leave(name, wanted if keep_rest else held)
            self.model.spent |= {(name, slot) for slot in wanted}
            self.model.booked |= dict.fromkeys(wanted, told["booking_id"])
            self.bookings[told["booking_id"]] = (artist, wanted)
            self.model.finish(before, self.now)

    @precondition(lambda self: self.bookings)
    @rule(pick=PICK, run=RUNS)
    def cancel(self, pick: int, run: list[int]) -> None:
        booking_id = list(self.bookings)[pick % len(self.bookings)]
        artist, _ = self.bookings[booking_id]
        self.studio.cancel(booking_id, periods=periods(run))
        before = self.model.begin(artist, self.now)
        for slot in slots(artist, run):
            if self.model.booked.get(slot) == booking_id:
                del self.model.booked[slot]
        self.model.finish(before, self.now)

    @invariant()
    def the_queue_is_as_the_plain_model_has_it(self) -> None:
        for artist in ARTISTS:
            told: dict[Slot, list[str]] = {}
            for stretch in stretches(self.studio.calendar(artist), self.now):
                assert [entry.rank for entry in stretch.entries] == list(range(1, len(stretch.entries) + 1))
                for number in covered(stretch):
                    told[artist, number] = [entry.hold_id for entry in stretch.entries]
                    live = (artist, number) not in self.model.booked
                    assert {entry.state for entry in stretch.entries} == {"live" if live else "standby"}
            expected = {
                slot: [uid(hold) for hold in alive]
                for slot in self.model.queues
                if slot[0] == artist and (alive := self.model.alive(slot, self.now))
            }
            assert told == expected

    @invariant()
    def nobody_is_booked_twice(self) -> None:
        for artist in ARTISTS:
            bookings = list(self.studio.calendar(artist).bookings.values())
            for number, one in enumerate(bookings):
                assert not any(overlap(one.spans, other.spans) for other in bookings[number + 1 :])

    @invariant()
    def on_no_stretch_is_a_hold_both_converted_and_lapsed(self) -> None:
        for booked in self.studio.events(TimeBooked):
            for lapse in self.studio.events(TimeLapsed):
                assert lapse.hold_id != booked.hold_id or not overlap(booked.spans, lapse.lapsed)

    @invariant()
    def first_refusal_clocks_are_those_of_the_plain_model(self) -> None:
        promoted = self.studio.events(HoldPromoted)
        assert all(event.promoted for event in promoted)
        for artist in ARTISTS:
            told = {
                (claim.hold_id, span.first_refusal.at)
                for claim in self.studio.calendar(artist).holds.values()
                for span in claim.alive_spans(self.now)
                if span.first_refusal is not None
            }
            expected = {
                (uid(hold), at)
                for (hold, slot), at in self.model.first_refusal.items()
                if slot[0] == artist and hold in self.model.alive(slot, self.now)
            }
            assert told == expected

    def teardown(self) -> None:
        """Folding the log from the start comes to the same calendar."""
        for artist in ARTISTS:
            state = CALENDAR.initial
            for event in self.studio.log.streams.get((self.studio.tenant, CALENDAR.stream(uid(artist)).name), []):
                state = CALENDAR.evolve(state, type(event).model_validate_json(event.model_dump_json()))
            assert state == self.studio.calendar(artist)


TestCalendars = Calendars.TestCase
TestCalendars.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
