"""How a turn begins and ends: what is overdue comes first, what follows from it all comes last."""

from collections.abc import Sequence
from dataclasses import replace

from domain import limits
from domain.calendar import Calendar, ClocksStopped, ConflictResolved, HoldPromoted
from domain.claims import Held
from domain.event import Event
from domain.job import JOB, left
from domain.overdue import due, lapse
from domain.queue import AS_RECORDED, firsts
from domain.resolving import resolve, time_is_up
from domain.spans import Span, intersect, overlap, plain, subtract, union
from domain.turn import Turn


def begin(turn: Turn) -> Calendar:
    """Record what has fallen due, in the order in which it did, and what follows; answers the calendar after that.

    What is decided next is the same as if somebody had recorded all of it just before.
    """
    before = turn.calendar
    for one in due(turn.calendar, turn.now):
        if one.because == "challenge":
            time_is_up(turn, one.id)
        elif fact := lapse(turn.calendar, one):
            turn.record(fact, freed=fact.lapsed)
            resolve(turn, on=fact.lapsed)
    _stop_clocks(turn)
    _leave_groups(turn, before)
    _promote(turn, before)
    return turn.calendar


def finish(turn: Turn, before: Calendar) -> list[Event]:
    """All the facts of the turn, with what follows: challenges decided, holds promoted, conflicts gone.

    `before` is what `begin` answered.
    """
    if turn.calendar.challenges:
        resolve(turn, on=union(turn.touched))
    _stop_clocks(turn)
    _leave_groups(turn, before)
    _promote(turn, before)
    for booking_id, time_off_id in sorted(turn.calendar.conflicts):
        booking, off = turn.calendar.bookings.get(booking_id), turn.calendar.time_off.get(time_off_id)
        if booking is None or off is None or not overlap(booking.spans, off.spans):
            turn.record(ConflictResolved(booking_id=booking_id, time_off_id=time_off_id))
    return turn.events


def _stop_clocks(turn: Turn) -> None:
    """Whoever was promoted, or has won, need not decide about time that a booking or time off has taken since."""
    touched, turn.touched = turn.touched, []
    if not turn.calendar.bookings and not turn.calendar.time_off:
        return
    within = union(touched)
    for claim in turn.calendar.holds.on(within):
        clocked = [span for span in claim.spans if span.first_refusal or span.commitment]
        if clocked and (stopped := intersect(intersect(clocked, within), _not_live(turn, clocked))):
            unclocked = (replace(span, first_refusal=None, commitment=None) for span in stopped)
            left = union((*subtract(claim.spans, stopped), *unclocked))
            turn.record(ClocksStopped(hold_id=claim.hold_id, stopped=plain(stopped), spans=left))


def _not_live(turn: Turn, spans: Sequence[Span]) -> tuple[Span, ...]:
    booked = [span for booking in turn.calendar.bookings.on(spans) for span in plain(booking.spans)]
    return union((*booked, *(span for off in turn.calendar.time_off.on(spans) if off.approved for span in off.spans)))


def _leave_groups(turn: Turn, before: Calendar) -> None:
    """Tell their jobs of the members that have gone, however that came about."""
    if not turn.freed:
        return
    for claim in before.holds.on(union(turn.freed)):
        if claim.group_id is not None and claim.job_id is not None and claim.hold_id not in turn.calendar.holds:
            job = JOB.stream(claim.job_id)
            turn.beyond.record(job, *left(turn.beyond.state(job), claim.hold_id))


def _promote(turn: Turn, before: Calendar) -> None:
    """Start a first-refusal clock wherever a hold is 1st and live where it was not before.

    Not where it has just arrived, and not on what it won by a challenge: there its commitment runs.
    """
    within, turn.freed = union(turn.freed), []
    if not turn.calendar.holds.on(within):
        return
    were = firsts(before, AS_RECORDED, within)
    for hold_id, spans in firsts(turn.calendar, turn.now, within).items():
        if hold_id not in before.holds:
            continue
        waited = intersect([s for s in spans if s.commitment is None], before.holds[hold_id].spans)
        if promoted := subtract(waited, were.get(hold_id, ())):
            _tell(turn, hold_id, promoted)


def _tell(turn: Turn, hold_id: str, promoted: tuple[Held, ...]) -> None:
    clock = limits.first_refusal(turn.policy, now=turn.now, zone=turn.zone)
    spans = turn.calendar.holds[hold_id].spans
    told = tuple(replace(span, first_refusal=clock) for span in intersect(spans, promoted))
    turn.record(
        HoldPromoted(
            hold_id=hold_id,
            promoted=plain(promoted),
            first_refusal=clock,
            spans=union((*subtract(spans, promoted), *told)),
        )
    )
