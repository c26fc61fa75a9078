"""After the rules of time zones have changed: what lies ahead is worked out again from what people said.

Days stay days and wall times wall times. What has ended stays as it was, and so do clocks: a deadline is an instant
that somebody has been told. A claim whose zone is read as before is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from domain.booking import BOOKING
from domain.calendar import Calendar, ConflictFound
from domain.claims import BookingClaim
from domain.event import Event
from domain.instants import day_ends_at, day_starts_at, local_instant, wall_time
from domain.job import JOB, Job, JobRederived, refill
from domain.rederived import BookingRederived, ContestRederived, TimeOffRederived, TimeRederived
from domain.spans import Span, intersect, overlap, plain, subtract, union
from domain.turn import Turn

S = TypeVar("S", bound=Span)
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rederived:
    """What came of it: how many claims lie at other instants, and what clashes now and did not before."""

    claims: int
    double_booked: tuple[Pair, ...]
    """Bookings, each pair once."""
    conflicts: tuple[Pair, ...]
    """A booking, and time off."""


def rederive(turn: Turn) -> Rederived:
    """Record what lies at other instants than before; nothing when the zones are read as they were.

    Raises:
        Unnamed: the streams of a booking that moved, and of its job, have not been named.
    """
    before, first = turn.calendar, len(turn.events)
    double_booked = _bookings(turn)
    for off in before.time_off.values():
        if (spans := again(off.spans, turn.now)) != off.spans:
            moved = TimeOffRederived(time_off_id=off.time_off_id, spans=spans, approved=off.approved)
            turn.record(moved, freed=plain(subtract(off.spans, spans)))
    for hold in before.holds.values():
        if (held := again(hold.spans, turn.now)) != hold.spans:
            turn.record(TimeRederived(hold_id=hold.hold_id, spans=held), freed=plain(subtract(hold.spans, held)))
    claims = len(turn.events) - first + _challenges(turn)
    turn.touched += (span for challenge in turn.calendar.challenges.values() for span in challenge.spans)
    return Rederived(claims, double_booked, _conflicts(turn, before))


def rederive_line(job: Job, now: datetime) -> list[Event]:
    """A job's own time; who is booked for it moves with their calendars. Nothing when its zone is read as it was."""
    spans = again(job.spans, now)
    return [] if spans == job.spans else [JobRederived(spans=spans)]


def again(spans: Sequence[S], now: datetime) -> tuple[S, ...]:
    """The same days and hours as their zones are read today; what has ended, or exists no more, is left as it is."""
    return union(_again(span) if span.ends_at > now else span for span in spans)


def _again(span: S) -> S:
    zone = span.time_zone
    if span.first_day is not None and span.last_day is not None:
        starts_at, ends_at = day_starts_at(span.first_day, zone), day_ends_at(span.last_day, zone)
    else:
        starts_at = _instant(span.starts_at, span.starts_local, zone)
        ends_at = _instant(span.ends_at, span.ends_local, zone)
    return replace(span, starts_at=starts_at, ends_at=ends_at) if starts_at < ends_at else span


def _instant(stored: datetime, wall: datetime | None, zone: str) -> datetime:
    """The instant of a wall time: the stored one where that shows it still, as the second of two readings does."""
    return stored if wall is None or wall_time(stored, zone) == wall else local_instant(wall, zone)


def _bookings(turn: Turn) -> tuple[Pair, ...]:
    """Record the bookings that moved, and let them fill their jobs where they are; answers those that clash now."""
    before = turn.calendar.bookings
    after = {id: again(claim.spans, turn.now) for id, claim in before.items()}
    clashes: set[Pair] = set()
    for id, claim in before.items():
        if after[id] == claim.spans:
            continue
        met = [
            other
            for other, spans in after.items()
            if other != id and overlap(after[id], spans) and not overlap(claim.spans, before[other].spans)
        ]
        clashes |= {(min(id, other), max(id, other)) for other in met}
        moved = BookingRederived(booking_id=id, spans=after[id], double_booked=tuple(met))
        turn.record(moved, freed=plain(subtract(claim.spans, after[id])))
        _fill(turn, turn.calendar.bookings[id])
    return tuple(sorted(clashes))


def _fill(turn: Turn, claim: BookingClaim) -> None:
    if claim.job_id is None:
        return
    made = turn.beyond.state(BOOKING.stream(claim.booking_id)).made
    hold_id = None if made is None else made.hold_id
    job = JOB.stream(claim.job_id)
    filled = refill(
        turn.beyond.state(job),
        plain(claim.spans),
        booking_id=claim.booking_id,
        artist_id=turn.artist_id,
        hold_id=hold_id,
    )
    turn.beyond.record(job, filled)


def _challenges(turn: Turn) -> int:
    """What is contested moves with its days; where two would contest the same, the one that is up first does.

    Answers how many challenges that concerns.
    """
    moved: dict[str, tuple[Span, ...]] = {}
    taken: tuple[Span, ...] = ()
    for challenge in sorted(turn.calendar.challenges.values(), key=lambda one: (one.answer_by.at, one.challenge_id)):
        spans = subtract(again(challenge.spans, turn.now), taken) or challenge.spans
        taken = union((*taken, *spans))
        if spans != challenge.spans:
            moved[challenge.challenge_id] = spans
    if moved:
        turn.record(ContestRederived(spans=moved))
    return len(moved)


def _conflicts(turn: Turn, before: Calendar) -> tuple[Pair, ...]:
    """Record which bookings lie on approved time off now, and did not before."""
    found: list[Pair] = []
    for id, booking in turn.calendar.bookings.items():
        for off in turn.calendar.time_off.on(booking.spans):
            off_id = off.time_off_id
            if off.approved and not overlap(before.bookings[id].spans, before.time_off[off_id].spans):
                clash = plain(intersect(booking.spans, off.spans))
                turn.record(ConflictFound(booking_id=id, time_off_id=off_id, spans=clash))
                found.append((id, off_id))
    return tuple(found)
