"""A hold is converted, or a clock takes its time; never both, and each at its own moment."""

from collections.abc import Iterable
from datetime import datetime

from domain.calendar import Calendar, TimeBooked, TimeLapsed
from domain.claims import HoldClaim
from domain.rederived import TimeRederived
from domain.spans import Span, overlap, subtract, union
from infra.verify_calendars import Look, Step


def lapsed_or_converted() -> Look:
    """V10: by what was recorded, however long ago."""
    lapsed = dict[str, tuple[Span, ...]]()
    converted = dict[str, tuple[Span, ...]]()

    def look(step: Step) -> Iterable[str]:
        match step.event:
            case TimeLapsed() as event:
                lapsed[event.hold_id] = union((*lapsed.get(event.hold_id, ()), *event.lapsed))
                if overlap(event.lapsed, converted.get(event.hold_id, ())):
                    yield f"lets {event.hold_id} lapse where it was converted"
            case TimeBooked(hold_id=str() as hold_id) as event:
                booked = tuple(Span(span.starts_at, span.ends_at, span.time_zone) for span in event.spans)
                converted[hold_id] = union((*converted.get(hold_id, ()), *booked))
                if overlap(booked, lapsed.get(hold_id, ())):
                    yield f"converts {hold_id} where it has lapsed"
            case TimeRederived() as event:
                # What it holds still is none of it, wherever its days lie now.
                for gone in (lapsed, converted):
                    gone[event.hold_id] = subtract(gone.get(event.hold_id, ()), event.spans)
            case _:
                pass

    return look


def by_its_clocks() -> Look:
    """I5: by the clocks that ran when it was recorded, whether or not anybody had looked at them."""

    def look(step: Step) -> Iterable[str]:
        match step.event:
            case TimeBooked(hold_id=str() as hold_id) as event:
                claim = step.before.holds[hold_id]
                alive = claim.alive_spans(_decided_at(step.before, claim, event, step.recorded_at))
                if any(not overlap((span,), alive) for span in event.spans):
                    yield f"converts {hold_id} when its time had run out"
            case TimeLapsed() as event:
                if event.at > step.recorded_at:
                    yield f"lets {event.hold_id} lapse before its time"
                if event.at not in _instants(step.before, step.before.holds[event.hold_id], event.lapsed):
                    yield f"lets {event.hold_id} lapse at an instant that no clock of it shows"
            case _:
                pass

    return look


def _decided_at(calendar: Calendar, claim: HoldClaim, event: TimeBooked, recorded_at: datetime) -> datetime:
    """When a conversion counts: an intent binds at the end of its challenge, however much later that is recorded."""
    bound = [
        challenge.answer_by.at
        for challenge in calendar.challenges.values()
        if overlap(challenge.said(claim.hold_id, "confirm"), event.spans)
    ]
    # A clock has run out at its very instant, and the hold was asked just before that.
    return min([recorded_at, *(at for at in bound if at < recorded_at)])


def _instants(calendar: Calendar, claim: HoldClaim, lapsed: tuple[Span, ...]) -> set[datetime]:
    """When a clock takes that time from a hold."""
    clocks = [claim.deadline, claim.respond_by]
    for span in claim.spans:
        if overlap((span,), lapsed):
            clocks += (span.first_refusal, span.commitment)
    found = {clock.at for clock in clocks if clock is not None}
    return found | {c.answer_by.at for c in calendar.challenges.values() if claim.hold_id in c.challenged}
