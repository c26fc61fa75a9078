"""The rules of holding and booking told again, plainly: one list of holds for each artist and day, nothing derived."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LAPSES_AFTER = timedelta(days=14)
FIRST_REFUSAL = timedelta(hours=48)

Slot = tuple[str, int]
"""An artist and a day."""


@dataclass
class PlainModel:
    """What stands where, as recorded; `alive` says what still counts at an instant."""

    max_depth: int
    queues: dict[Slot, list[str]] = field(default_factory=dict)
    booked: dict[Slot, str] = field(default_factory=dict)
    deadlines: dict[str, datetime] = field(default_factory=dict)
    extended: dict[str, int] = field(default_factory=dict)
    first_refusal: dict[tuple[str, Slot], datetime] = field(default_factory=dict)
    spent: set[tuple[str, Slot]] = field(default_factory=set)
    """Where a hold was confirmed, or has lapsed."""

    def dies_at(self, hold: str, slot: Slot) -> datetime:
        """When a hold ends on a slot by itself."""
        return min(self.deadlines[hold], self.first_refusal.get((hold, slot), self.deadlines[hold]))

    def alive(self, slot: Slot, now: datetime) -> list[str]:
        """The queue on a slot."""
        return [hold for hold in self.queues.get(slot, []) if now < self.dies_at(hold, slot)]

    def slots(self, hold: str, now: datetime) -> set[Slot]:
        """Where a hold stands."""
        return {slot for slot in self.queues if hold in self.alive(slot, now)}

    def first(self, slot: Slot) -> str | None:
        """Who is 1st and live there, as recorded."""
        return self.queues[slot][0] if self.queues.get(slot) and slot not in self.booked else None

    def begin(self, artist: str, now: datetime) -> "Firsts":
        """Record what is overdue on an artist's calendar; answers who was 1st, and who stood there, before."""
        slots = [slot for slot in self.queues if slot[0] == artist]
        before = Firsts({slot: self.first(slot) for slot in slots}, {slot: list(self.queues[slot]) for slot in slots})
        for slot in slots:
            for hold in list(self.queues[slot]):
                if now >= self.dies_at(hold, slot):
                    self.leave(hold, [slot])
                    self.spent.add((hold, slot))
        return before

    def finish(self, before: "Firsts", now: datetime) -> None:
        """Start the clock of everybody who is 1st where they waited."""
        for slot, was_first in before.firsts.items():
            first = self.first(slot)
            if first is not None and first != was_first and first in before.queues[slot]:
                self.first_refusal[first, slot] = now + FIRST_REFUSAL

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
        for slot in slots:
            self.queues.setdefault(slot, []).append(hold)

    def leave(self, hold: str, slots: Iterable[Slot]) -> None:
        """Leave the queue."""
        for slot in slots:
            self.queues[slot].remove(hold)
            self.first_refusal.pop((hold, slot), None)

    def may_book(self, hold: str, slots: Iterable[Slot], now: datetime) -> bool:
        """Whether a hold is 1st and live on all of it."""
        return all(slot not in self.booked and self.alive(slot, now)[:1] == [hold] for slot in slots)


@dataclass(frozen=True)
class Firsts:
    """Who was 1st and live on each slot, and the whole queue there."""

    firsts: dict[Slot, str | None]
    queues: dict[Slot, list[str]]
