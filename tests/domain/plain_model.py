"""The rules of holding and booking told again, plainly: one list of holds for each artist and slot, nothing derived."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LAPSES_AFTER = timedelta(days=14)
FIRST_REFUSAL = timedelta(hours=48)

Slot = tuple[str, int]
"""An artist, and the number of a stretch of days."""


@dataclass
class Booked:
    """A booking; `deadline` and `places` are those of the hold that it was."""

    artist: str
    slots: set[Slot]
    since: int
    hold: str | None = None
    deadline: datetime | None = None
    places: dict[Slot, int] = field(default_factory=dict)
    status: str = "confirmed"


@dataclass(frozen=True)
class Firsts:
    """Who was 1st and live on each slot, and the whole queue there."""

    firsts: dict[Slot, str | None]
    queues: dict[Slot, list[str]]


@dataclass
class PlainModel:
    """What stands where, as recorded; `alive` says what still counts at an instant."""

    max_depth: int
    job_needs: int
    queues: dict[Slot, list[str]] = field(default_factory=dict)
    places: dict[tuple[str, Slot], int] = field(default_factory=dict)
    """The how-manieth arrival of all it was when a hold came to a slot."""
    arrivals: int = 0
    deadlines: dict[str, datetime] = field(default_factory=dict)
    extended: dict[str, int] = field(default_factory=dict)
    first_refusal: dict[tuple[str, Slot], datetime] = field(default_factory=dict)
    promotions: int = 0
    spent: set[tuple[str, Slot]] = field(default_factory=set)
    """Where a hold was confirmed, or has lapsed."""
    bookings: dict[str, Booked] = field(default_factory=dict)
    off: dict[str, set[Slot]] = field(default_factory=dict)
    """Approved time off."""
    for_job: set[str] = field(default_factory=set)
    """The holds of the one job."""
    alternatives: set[str] = field(default_factory=set)
    """Those of which one is wanted."""

    # Who counts

    def dies_at(self, hold: str, slot: Slot) -> datetime:
        """When a hold ends on a slot by itself."""
        return min(self.deadlines[hold], self.first_refusal.get((hold, slot), self.deadlines[hold]))

    def alive(self, slot: Slot, now: datetime) -> list[str]:
        """The queue on a slot."""
        return [hold for hold in self.queues.get(slot, []) if now < self.dies_at(hold, slot)]

    def slots(self, hold: str, now: datetime) -> set[Slot]:
        """Where a hold stands."""
        return {slot for slot in self.queues if hold in self.alive(slot, now)}

    def taken(self, slot: Slot) -> bool:
        """Whether it is booked."""
        return any(slot in booked.slots for booked in self.bookings.values())

    def away(self, slot: Slot) -> bool:
        """Whether the artist is on time off."""
        return any(slot in slots for slots in self.off.values())

    def state(self, slot: Slot) -> str:
        """What holds there are."""
        return "standby" if self.taken(slot) else "blocked" if self.away(slot) else "live"

    def first(self, slot: Slot) -> str | None:
        """Who is 1st and live there, as recorded."""
        return self.queues[slot][0] if self.queues.get(slot) and self.state(slot) == "live" else None

    # A command begins and ends

    def begin(self, artist: str, now: datetime) -> Firsts:
        """Record what is overdue on an artist's calendar; answers who is 1st, and who stands there, after that."""
        slots = [slot for slot in self.queues if slot[0] == artist]
        before = self.firsts(slots)
        for slot in slots:
            for hold in list(self.queues[slot]):
                if now >= self.dies_at(hold, slot):
                    self.leave(hold, [slot])
                    self.spent.add((hold, slot))
        self.finish(before, now)
        return self.firsts(slots)

    def firsts(self, slots: Iterable[Slot]) -> Firsts:
        """Who is 1st there, and who stands there."""
        return Firsts({slot: self.first(slot) for slot in slots}, {slot: list(self.queues[slot]) for slot in slots})

    def finish(self, before: Firsts, now: datetime) -> None:
        """Start the clock of everybody who is 1st where they waited."""
        for slot, was_first in before.firsts.items():
            first = self.first(slot)
            if first is not None and first != was_first and first in before.queues[slot]:
                self.first_refusal[first, slot] = now + FIRST_REFUSAL
                self.promotions += 1

    # Queueing

    def room(self, slots: Iterable[Slot], now: datetime) -> bool:
        """Whether another hold fits."""
        return all(len(self.alive(slot, now)) < self.max_depth for slot in slots)

    def may_return(self, hold: str, slots: Iterable[Slot], now: datetime) -> bool:
        """Whether a hold has not spent its right to stand there."""
        lapsed = {
            (hold, slot) for slot, queue in self.queues.items() if hold in queue and hold not in self.alive(slot, now)
        }
        return not (self.spent | lapsed) & {(hold, slot) for slot in slots}

    def join(self, hold: str, slots: Iterable[Slot]) -> None:
        """Queue up at the back."""
        self.arrivals += 1
        for slot in slots:
            self.stand(hold, slot, self.arrivals)

    def stand(self, hold: str, slot: Slot, place: int) -> None:
        """Stand behind everybody with a lower place."""
        queue = self.queues.setdefault(slot, [])
        queue.insert(sum(1 for other in queue if self.places[other, slot] < place), hold)
        self.places[hold, slot] = place

    def leave(self, hold: str, slots: Iterable[Slot]) -> None:
        """Leave the queue."""
        for slot in slots:
            self.queues[slot].remove(hold)
            self.first_refusal.pop((hold, slot), None)

    def reorder(self, order: list[str], slots: Iterable[Slot]) -> None:
        """Let the holds stand in that order; who is passed over anywhere has no clock to answer any more."""
        queues = [(slot, [hold for hold in order if hold in self.queues.get(slot, [])]) for slot in slots]
        passed_over = {
            hold
            for slot, wanted in queues
            for hold in wanted
            if any(
                wanted.index(other) < wanted.index(hold)
                for other in self.queues[slot][self.queues[slot].index(hold) + 1 :]
            )
        }
        if not passed_over:
            return
        for slot, wanted in queues:
            for number, hold in enumerate(wanted):
                self.queues[slot][number] = hold
                self.places[hold, slot] = self.arrivals + 1 + order.index(hold)
                if hold in passed_over:
                    self.first_refusal.pop((hold, slot), None)
        self.arrivals += 1 + len(order)

    # Booking

    def take(self, slots: Iterable[Slot]) -> None:
        """Nobody is live there any more, and nobody has to answer for it."""
        for hold, slot in [*self.first_refusal]:
            if slot in slots:
                del self.first_refusal[hold, slot]

    def free_to_book(self, slots: Iterable[Slot], now: datetime, hold: str | None = None) -> bool:
        """Whether nothing stands in the way, nor anybody before that hold."""
        return all(self.state(slot) == "live" and self.alive(slot, now)[:1] in ([], [hold]) for slot in slots)

    def job_has_room(self, slots: Iterable[Slot], but: str | None = None) -> bool:
        """Whether the job needs somebody on all of those days, whoever it is."""
        others = [b for id, b in self.bookings.items() if b.hold in self.for_job and id != but]
        return all(sum(1 for b in others if number in {n for _, n in b.slots}) < self.job_needs for _, number in slots)

    def wanted(self, hold: str | None) -> bool:
        """Whether no other alternative is booked, if it is one."""
        confirmed = {b.hold for b in self.bookings.values() if b.slots} & self.alternatives
        return hold not in self.alternatives or confirmed <= {hold}

    def book(self, booking_id: str, artist: str, slots: set[Slot], hold: str | None) -> None:
        """Book those slots, which may be a hold's."""
        self.take(slots)
        booked = self.bookings[booking_id] = Booked(artist, set(slots), self.arrivals, hold)
        if hold is not None:
            booked.deadline = self.deadlines[hold]
            booked.places = {slot: self.places[hold, slot] for slot in slots}
            self.spent |= {(hold, slot) for slot in slots}

    def move(self, booked: Booked, slots: set[Slot]) -> None:
        """Book other slots instead; what was postponed is booked as if for the first time."""
        if not booked.slots:
            booked.since, booked.deadline, booked.status = self.arrivals, None, "confirmed"
        self.take(slots - booked.slots)
        self.arrivals += 1
        booked.places |= dict.fromkeys(slots - booked.slots, self.arrivals)
        booked.slots = set(slots)

    def unconfirm(self, booked: Booked, hold: str, now: datetime) -> None:
        """Make it a hold: where it was if nobody came there since and its deadline lies ahead, else at the back."""
        slots, booked.slots, booked.status = booked.slots, set[Slot](), "unconfirmed"
        came = any(self.places[other, slot] > booked.since for slot in slots for other in self.queues.get(slot, []))
        if booked.deadline is None or booked.deadline <= now or came:
            self.deadlines[hold] = now + LAPSES_AFTER
            self.join(hold, sorted(slots))
            return
        self.deadlines[hold] = booked.deadline
        for slot in slots:
            self.stand(hold, slot, booked.places[slot])
