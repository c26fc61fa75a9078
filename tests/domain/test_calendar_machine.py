"""Random commands of several holders on two artists, beside a plain model that says what must come of them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.calendar import CALENDAR, HoldPromoted, TimeBooked, TimeLapsed
from domain.errors import Refused
from domain.queue import stretches
from domain.spans import Span, overlap, whole_days
from tests.domain.campaign import CAMPAIGN
from tests.domain.laws import every_excess_booking_is_named
from tests.domain.plain_model import LAPSES_AFTER, Booked, PlainModel, Slot
from tests.given import OVERRIDES, Studio, days, uid

FIRST_DAY = date(2027, 3, 26)  # the clocks change two days later
SLOTS = 5
LATEST = datetime(2027, 2, 20, tzinfo=UTC)
"""The plain model knows neither the past nor changes of the clocks."""
ARTISTS = ("ada", "bob")
RUNS = st.tuples(st.integers(0, SLOTS - 1), st.integers(0, SLOTS - 1)).map(sorted)
PICK = st.integers(0, 1000)
Run = list[int]


def slots(artist: str, run: Run) -> set[Slot]:
    return {(artist, number) for number in range(run[0], run[1] + 1)}


class Calendars(RuleBasedStateMachine):
    """Whatever holders, producers and artists do, while time passes; with `forced`, past whatever is in the way."""

    def __init__(self) -> None:
        super().__init__()
        self.studio = Studio(permissions=OVERRIDES)
        self.studio.artist("bob")
        self.studio.policy("motion-24h", max_depth=3)
        self.model = PlainModel(max_depth=3, job_needs=2)
        self.holds: dict[str, str] = {}
        self.count = 0
        self.width = 1

    @initialize(width=st.sampled_from([1, 20]))
    def days_of_a_slot(self, width: int) -> None:
        """Short claims within a week or two, and some that are as long as the year is."""
        self.width = width
        self.studio.job("comp", periods=self.periods([0, SLOTS - 1]), quantity=2)

    @property
    def now(self) -> datetime:
        return self.studio.log.now

    def days_of(self, number: int) -> tuple[date, date]:
        first = FIRST_DAY + timedelta(days=number * self.width)
        return first, first + timedelta(days=self.width - 1)

    def periods(self, run: Run) -> list[dict[str, str]]:
        return days(self.days_of(run[0])[0].isoformat(), self.days_of(run[1])[1].isoformat())

    def covered(self, one: Span) -> list[int]:
        """The numbers of the slots that a span covers."""
        spans = [whole_days(*self.days_of(number), "Europe/Berlin") for number in range(SLOTS)]
        return [n for n, span in enumerate(spans) if one.starts_at <= span.starts_at and span.ends_at <= one.ends_at]

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}-{self.count}"

    def some_hold(self, pick: int) -> tuple[str, str]:
        return list(self.holds.items())[pick % len(self.holds)]

    def some_booking(self, pick: int) -> tuple[str, Booked]:
        return list(self.model.bookings.items())[pick % len(self.model.bookings)]

    def overrides(self, *, forced: bool) -> list[dict[str, Any]]:
        """Nothing, or the acceptance of everything that there is."""
        accepts = [uid(name) for name in (*self.holds, *self.model.bookings, *self.model.off)]
        said = {"reason": "the client insists", "accepts": accepts}
        return [{"permission": permission, **said} for permission in sorted(OVERRIDES)] if forced else []

    def accepted(
        self, command: Callable[..., dict[str, Any]], *args: object, once: bool = True, **more: object
    ) -> dict[str, Any] | None:
        """What a command answered; None when it was refused, which must leave no trace, as must saying it again."""
        before = self.studio.recorded()
        try:
            told = command(*args, **more)
        except Refused:
            assert self.studio.recorded() == before
            return None
        after = self.studio.recorded()
        if once:
            self.accepted(command, *args, once=False, **more)
            assert self.studio.recorded() == after
        return told

    # Time

    @precondition(lambda self: self.now < LATEST)
    @rule(elapsed=st.sampled_from([1, 24, 47, 48, 100, 14 * 24]))
    def time_passes(self, elapsed: int) -> None:
        self.studio.pass_(hours=elapsed)

    @rule(artist=st.sampled_from(ARTISTS))
    def what_is_overdue_is_recorded(self, artist: str) -> None:
        self.accepted(self.studio.record_overdue, artist)
        self.model.finish(self.model.begin(artist, self.now), self.now)

    # Holds

    @rule(
        artist=st.sampled_from(ARTISTS),
        run=RUNS,
        kind=st.sampled_from(["film", "spot", "job", "alternative"]),
        forced=st.booleans(),
    )
    def place(self, artist: str, run: Run, kind: str, *, forced: bool) -> None:
        name, wanted = self.name("hold"), slots(artist, run)
        more: dict[str, Any] = {"project": "spot" if kind == "spot" else "film"}
        if kind in {"job", "alternative"}:
            more["job_id"] = "comp"
        if kind == "alternative":
            self.model.alternatives.add(name)
            more["group"] = {"id": uid("group"), "kind": "any_of"}
        said: dict[str, Any] = {"artist": artist, "overrides": self.overrides(forced=forced), **more}
        told = self.accepted(self.studio.hold, name, self.periods(run), **said)
        here = forced or not any(self.model.away(slot) for slot in wanted)
        assert (told is not None) == (here and self.model.room(wanted, self.now) and self.model.wanted(name))
        if told is None:
            self.model.alternatives.discard(name)
            return
        before = self.model.begin(artist, self.now)
        self.holds[name] = artist
        if "job_id" in more:
            self.model.for_job.add(name)
        self.model.deadlines[name] = self.now + LAPSES_AFTER
        self.model.join(name, sorted(wanted))
        self.model.finish(before, self.now)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS)
    def release_part(self, pick: int, run: Run) -> None:
        name, artist = self.some_hold(pick)
        held = self.model.slots(name, self.now)
        told = self.accepted(self.studio.release, name, periods=self.periods(run))
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.model.leave(name, held & slots(artist, run))
            self.model.finish(before, self.now)
        assert (told is not None) or not held

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS, forced=st.booleans())
    def change(self, pick: int, run: Run, *, forced: bool) -> None:
        name, artist = self.some_hold(pick)
        held, wanted = self.model.slots(name, self.now), slots(artist, run)
        told = self.accepted(self.studio.change, name, self.periods(run), overrides=self.overrides(forced=forced))
        added = wanted - held
        here = forced or not any(self.model.away(slot) for slot in added)
        fits = here and self.model.room(added, self.now) and self.model.may_return(name, added, self.now)
        assert (told is not None) == bool(held and fits)
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.model.leave(name, held - wanted)
            self.model.join(name, sorted(wanted - held))
            self.model.finish(before, self.now)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=RUNS)
    def keep(self, pick: int, run: Run) -> None:
        name, artist = self.some_hold(pick)
        if self.accepted(self.studio.keep, name, periods=self.periods(run)) is not None:
            before = self.model.begin(artist, self.now)
            for slot in slots(artist, run):
                self.model.first_refusal.pop((name, slot), None)
            self.model.finish(before, self.now)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK)
    def extend(self, pick: int) -> None:
        name, artist = self.some_hold(pick)
        held, done = self.model.slots(name, self.now), self.model.extended.get(name, 0)
        told = self.accepted(self.studio.extend, name, once=False)
        assert (told is not None) == bool(held and done < 2)
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.model.extended[name] = done + 1
            self.model.deadlines[name] += LAPSES_AFTER
            self.model.finish(before, self.now)

    @precondition(lambda self: self.holds)
    @rule(artist=st.sampled_from(ARTISTS), run=RUNS, order=st.randoms(use_true_random=False))
    def reorder(self, artist: str, run: Run, order: Any) -> None:  # noqa: ANN401 - Hypothesis's own Random
        names = [name for name, whose in self.holds.items() if whose == artist]
        order.shuffle(names)
        said: dict[str, Any] = {"artist": artist, "overrides": self.overrides(forced=True)}
        told = self.accepted(self.studio.reorder, names, self.periods(run), **said)
        assert told is not None
        before = self.model.begin(artist, self.now)
        self.model.reorder(names, sorted(slots(artist, run)))
        self.model.finish(before, self.now)

    # Bookings

    @precondition(lambda self: self.holds)
    @rule(pick=PICK, run=st.none() | RUNS, keep_rest=st.booleans(), forced=st.booleans())
    def confirm(self, pick: int, run: Run | None, *, keep_rest: bool, forced: bool) -> None:
        name, artist = self.some_hold(pick)
        held = self.model.slots(name, self.now)
        wanted = held if run is None else slots(artist, run)
        said: dict[str, Any] = {"keep_rest": keep_rest, "overrides": self.overrides(forced=forced)}
        if run is not None:
            said["periods"] = self.periods(run)
        told = self.accepted(self.studio.confirm, name, **said)
        if told is not None and told["booking_id"] in self.model.bookings:
            self.model.finish(self.model.begin(artist, self.now), self.now)
            return
        free = forced or self.model.free_to_book(wanted, self.now, name)
        needed = forced or name not in self.model.for_job or self.model.job_has_room(wanted)
        assert (told is not None) == (bool(held) and wanted <= held and free and needed and self.model.wanted(name))
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.model.book(told["booking_id"], artist, wanted, name)
            self.model.leave(name, wanted if keep_rest else held)
            self.model.finish(before, self.now)

    @rule(artist=st.sampled_from(ARTISTS), run=RUNS, forced=st.booleans())
    def book(self, artist: str, run: Run, *, forced: bool) -> None:
        wanted, overrides = slots(artist, run), self.overrides(forced=forced)
        name = uid(self.name("booking"))
        told = self.accepted(self.studio.book, name, self.periods(run), artist=artist, overrides=overrides)
        assert (told is not None) == (forced or self.model.free_to_book(wanted, self.now))
        if told is not None:
            before = self.model.begin(artist, self.now)
            self.model.book(name, artist, wanted, None)
            self.model.finish(before, self.now)

    @precondition(lambda self: self.model.bookings)
    @rule(pick=PICK, run=RUNS)
    def cancel(self, pick: int, run: Run) -> None:
        booking_id, booked = self.some_booking(pick)
        told = self.accepted(self.studio.cancel, booking_id, periods=self.periods(run))
        assert (told is not None) == (booked.status != "unconfirmed")
        if told is not None:
            before = self.model.begin(booked.artist, self.now)
            if booked.slots and booked.slots <= slots(booked.artist, run):
                booked.status = "cancelled"
            booked.slots -= slots(booked.artist, run)
            self.model.finish(before, self.now)

    @precondition(lambda self: self.model.bookings)
    @rule(pick=PICK)
    def postpone(self, pick: int) -> None:
        booking_id, booked = self.some_booking(pick)
        told = self.accepted(self.studio.postpone, booking_id)
        assert (told is not None) == (booked.status in {"confirmed", "postponed"})
        if told is not None:
            before = self.model.begin(booked.artist, self.now)
            booked.status, booked.slots = "postponed", set()
            self.model.finish(before, self.now)

    @precondition(lambda self: self.model.bookings)
    @rule(pick=PICK, run=RUNS, forced=st.booleans())
    def reschedule(self, pick: int, run: Run, *, forced: bool) -> None:
        booking_id, booked = self.some_booking(pick)
        wanted, hold = slots(booked.artist, run), booked.hold
        overrides = self.overrides(forced=forced)
        told = self.accepted(self.studio.reschedule, booking_id, self.periods(run), overrides=overrides)
        free = forced or self.model.free_to_book(wanted - booked.slots, self.now)
        needed = forced or hold not in self.model.for_job or self.model.job_has_room(wanted, but=booking_id)
        stays = booked.slots == wanted
        can = stays or (free and needed and self.model.wanted(hold))
        assert (told is not None) == (booked.status in {"confirmed", "postponed"} and can)
        if told is not None:
            before = self.model.begin(booked.artist, self.now)
            if not stays:
                self.model.move(booked, wanted)
            self.model.finish(before, self.now)

    @precondition(lambda self: self.model.bookings)
    @rule(pick=PICK)
    def unconfirm(self, pick: int) -> None:
        booking_id, booked = self.some_booking(pick)
        told = self.accepted(self.studio.unconfirm, booking_id)
        again = booked.status == "unconfirmed"
        assert (told is not None) == (bool(booked.slots) or again)
        if told is not None:
            before = self.model.begin(booked.artist, self.now)
            if not again:
                self.holds[told["hold_id"]] = booked.artist
                if booked.hold in self.model.for_job:
                    self.model.for_job.add(told["hold_id"])
                self.model.unconfirm(booked, told["hold_id"], self.now)
            self.model.finish(before, self.now)

    # Time off

    @rule(artist=st.sampled_from(ARTISTS), run=RUNS, approved=st.booleans())
    def take_time_off(self, artist: str, run: Run, *, approved: bool) -> None:
        name = self.name("off")
        assert self.accepted(self.studio.time_off, name, self.periods(run), artist=artist) is not None
        before = self.model.begin(artist, self.now)
        self.model.finish(before, self.now)
        self.model.off[name] = set()
        if approved:
            assert self.accepted(self.studio.approve, name) is not None
            self.model.off[name] = slots(artist, run)
            self.model.take(self.model.off[name])

    @precondition(lambda self: self.model.off)
    @rule(pick=PICK)
    def withdraw_time_off(self, pick: int) -> None:
        name = list(self.model.off)[pick % len(self.model.off)]
        artist = next((artist for artist, _ in self.model.off[name]), None)
        if artist is None:
            return
        assert self.accepted(self.studio.withdraw_time_off, name) is not None
        before = self.model.begin(artist, self.now)
        del self.model.off[name]
        self.model.finish(before, self.now)

    @invariant()
    def the_queue_is_as_the_plain_model_has_it(self) -> None:
        for artist in ARTISTS:
            told: dict[Slot, list[str]] = {}
            for stretch in stretches(self.studio.calendar(artist), self.now):
                assert [entry.rank for entry in stretch.entries] == list(range(1, len(stretch.entries) + 1))
                for number in self.covered(Span(stretch.starts_at, stretch.ends_at, "UTC")):
                    told[artist, number] = [entry.hold_id for entry in stretch.entries]
                    assert {entry.state for entry in stretch.entries} == {self.model.state((artist, number))}
            expected = {
                slot: [uid(hold) for hold in alive]
                for slot in self.model.queues
                if slot[0] == artist and (alive := self.model.alive(slot, self.now))
            }
            assert told == expected

    @invariant()
    def bookings_take_the_time_that_the_plain_model_says(self) -> None:
        for artist in ARTISTS:
            told = {
                id: {(artist, number) for span in claim.spans for number in self.covered(span)}
                for id, claim in self.studio.calendar(artist).bookings.items()
            }
            booked = self.model.bookings
            assert told == {id: one.slots for id, one in booked.items() if one.artist == artist and one.slots}

    @invariant()
    def nobody_is_booked_twice_unless_an_override_names_the_other_booking(self) -> None:
        for artist in ARTISTS:
            every_excess_booking_is_named(self.studio, artist)

    @invariant()
    def one_alternative_at_most_is_booked(self) -> None:
        booked = {one.hold for one in self.model.bookings.values() if one.slots}
        assert len(booked & self.model.alternatives) <= 1

    @invariant()
    def on_no_stretch_is_a_hold_both_converted_and_lapsed(self) -> None:
        for booked in self.studio.events(TimeBooked):
            for lapse in self.studio.events(TimeLapsed):
                assert lapse.hold_id != booked.hold_id or not overlap(booked.spans, lapse.lapsed)

    @invariant()
    def every_promotion_is_recorded_exactly_once(self) -> None:
        promoted = self.studio.events(HoldPromoted)
        numbers = [number for event in promoted for span in event.promoted for number in self.covered(span)]
        assert len(numbers) == self.model.promotions

    @invariant()
    def first_refusal_clocks_are_those_of_the_plain_model(self) -> None:
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
        """Folding the log from the start, as it is stored, comes to the same calendar."""
        for artist in ARTISTS:
            state = CALENDAR.initial
            for event in self.studio.log.streams.get((self.studio.tenant, CALENDAR.stream(uid(artist)).name), []):
                state = CALENDAR.evolve(state, type(event).model_validate_json(event.model_dump_json()))
            assert state == self.studio.calendar(artist)


TestCalendars = Calendars.TestCase
TestCalendars.settings = CAMPAIGN
