"""Holds stand in order of arrival, as last reordered; who passes somebody over has an override that says so.

When each hold arrived on which part of its time is worked out here from the events alone: the seq of the event that
first put it there. That a place was kept, or taken at the back, is then compared with what the calendar says.
"""

from collections.abc import Iterable, Sequence

from domain.calendar import BookingFreed, BookingMoved, Calendar, Reordered, TimeBooked, TimeChanged, TimeHeld
from domain.claims import Held
from domain.overrides import Override
from domain.rederived import TimeRederived
from domain.spans import Span, intersect, plain, subtract
from infra.verify_calendars import Look, Step
from infra.verify_queue import queues, touched
from projections.claims import concerned

Arrival = tuple[int, int]
"""The seq of an event, and the number of the hold in the order that it made."""


def in_order() -> Look:
    """I3: arrivals of each hold by its places; the queue, kept places and passed over holds compared with them."""
    order = _Order()

    def look(step: Step) -> Iterable[str]:
        yield from _passed_over(step)
        for hold_id in concerned(step.event):
            yield from order.take(step, hold_id)
        order.remember(step)
        for stretch in queues(step.after, touched(step, concerned(step.event))):
            arrived = [order.arrivals.get((entry.hold_id, entry.span.place)) for entry in stretch.entries]
            known = [arrival for arrival in arrived if arrival is not None]
            if known != sorted(known):
                yield f"leaves a later arrival ahead of an earlier one on {stretch.starts_at:%F}"

    return look


class _Order:
    """When which hold came to which of its places."""

    def __init__(self) -> None:
        self.arrivals: dict[tuple[str, int], Arrival] = {}
        self._booked: dict[str, dict[int, Arrival]] = {}
        """By booking: the places of the hold that it was."""
        self._freed: str | None = None
        """The booking that has just been freed; a hold that comes back comes next."""

    def take(self, step: Step, hold_id: str) -> Iterable[str]:
        """Note where a hold has arrived with this event; answers what it had no right to."""
        had = _spans(step.before, hold_id)
        has = _spans(step.after, hold_id)
        for place in sorted({span.place for span in subtract(has, had)}):
            if not self._arrives(step, hold_id, place):
                yield f"puts {hold_id} on more time at a place that it had"
        reordered = step.event.stretch if isinstance(step.event, Reordered) else ()
        # Where a zone is read anew a hold keeps its places on days, and so has others at the edges of these.
        for before in () if isinstance(step.event, TimeRederived) else subtract(had, reordered):
            for after in intersect(has, plain((before,))):
                if after.place != before.place:
                    yield f"moves {hold_id} to another place on time that it kept"
        if isinstance(step.event, Reordered):
            number = step.event.order.index(hold_id)
            for span in intersect(has, reordered):
                self.arrivals[hold_id, span.place] = (step.seq, number)

    def remember(self, step: Step) -> None:
        """Keep what a booking's hold had, for when it becomes one again."""
        match step.event:
            case TimeBooked(hold_id=str() as hold_id) as event:
                places = {span.place for span in event.spans}
                found = {place: self.arrivals.get((hold_id, place)) for place in places}
                self._booked[event.booking_id] = {place: at for place, at in found.items() if at is not None}
            case _:
                pass
        self._freed = step.event.booking_id if isinstance(step.event, BookingFreed) else None

    def _arrives(self, step: Step, hold_id: str, place: int) -> bool:
        """Whether the event may put the hold on time that it did not have, at that place."""
        if isinstance(step.event, TimeRederived):
            return (hold_id, place) in self.arrivals
        if not isinstance(step.event, TimeHeld | TimeChanged) or (hold_id, place) in self.arrivals:
            return False
        again = self._booked.get(self._freed or "", {}) if isinstance(step.event, TimeHeld) else {}
        self.arrivals[hold_id, place] = again.get(place, (step.seq, 0))
        return True


def _passed_over(step: Step) -> Iterable[str]:
    """Those who were ahead and are not named by an override."""
    match step.event:
        case Reordered() as event:
            ahead = _behind_now(step.before, event)
            overrides: Sequence[Override] = (event.override,)
        case TimeBooked() as event:
            ahead, overrides = _ahead(step, event.hold_id, event.spans), event.overrides
        case BookingMoved() as event:
            had = step.before.bookings[event.booking_id].spans
            ahead, overrides = _ahead(step, None, subtract(event.spans, had)), event.overrides
        case _:
            return
    accepted = {id for override in overrides if override.permission == "jump_queue" for id in override.accepts}
    for hold_id in sorted(ahead - accepted):
        yield f"passes {hold_id} over without an override that names it"


def _behind_now(before: Calendar, event: Reordered) -> set[str]:
    """Whoever somebody else comes before that came after."""
    wanted = {hold_id: number for number, hold_id in enumerate(event.order)}
    found = set[str]()
    for stretch in queues(before, event.stretch):
        numbers = [(wanted.get(entry.hold_id, -1), entry.hold_id) for entry in stretch.entries]
        for place, (number, hold_id) in enumerate(numbers):
            if any(later < number for later, _ in numbers[place + 1 :]):
                found.add(hold_id)
    return found


def _ahead(step: Step, hold_id: str | None, spans: Sequence[Span]) -> set[str]:
    """Who stands before a hold, or before somebody without one, on any of that time and is alive."""
    found = set[str]()
    for stretch in queues(step.before, plain(spans)):
        for entry in stretch.entries:
            if entry.hold_id == hold_id:
                break
            found.add(entry.hold_id)
    return found


def _spans(calendar: Calendar, hold_id: str) -> tuple[Held, ...]:
    claim = calendar.holds.get(hold_id)
    return () if claim is None else claim.spans
