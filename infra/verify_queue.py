"""On every stretch of time that an event concerns, the holds there stand in ranks 1..n."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from domain.calendar import Calendar
from domain.claims import HoldClaim
from domain.queue import AS_RECORDED, Stretch, stretches
from domain.spans import Span, plain, union
from infra.verify_calendars import Look, Step
from projections.claims import concerned


def touched(step: Step, hold_ids: Iterable[str]) -> tuple[Span, ...]:
    """The time on which a change to these holds may have put them into another order: elsewhere nothing has changed."""
    return union(
        span
        for hold_id in hold_ids
        for calendar in (step.before, step.after)
        for span in plain(_spans(calendar.holds.get(hold_id)))
    )


def queues(calendar: Calendar, within: Sequence[Span]) -> tuple[Stretch, ...]:
    """The queue as recorded, by stretch."""
    return stretches(calendar, AS_RECORDED, within) if within else ()


def ranked() -> Look:
    """I2: each hold that covers a stretch stands there once, and no two at one place."""
    changed = set[str]()

    def look(step: Step) -> Iterable[str]:
        changed.update(concerned(step.event))
        if step.goes_on:
            return
        yield from wrong(step)
        changed.clear()

    def wrong(step: Step) -> Iterable[str]:
        for hold_id in sorted(changed):
            spans = _spans(step.after.holds.get(hold_id))
            if any(one.ends_at > other.starts_at for one, other in pairwise(spans)):
                yield f"lets {hold_id} stand twice on some of its time"
                return
        for stretch in queues(step.after, touched(step, changed)):
            there = (Span(stretch.starts_at, stretch.ends_at, "UTC"),)
            standing = {claim.hold_id for claim in step.after.holds.on(there)}
            if [entry.rank for entry in stretch.entries] != list(range(1, len(standing) + 1)):
                yield f"leaves ranks on {stretch.starts_at:%F} that are not 1..{len(standing)}"
            if {entry.hold_id for entry in stretch.entries} != standing:
                yield f"leaves others in the queue on {stretch.starts_at:%F} than those who hold it"
            if len({entry.span.place for entry in stretch.entries}) != len(standing):
                yield f"leaves two at one place on {stretch.starts_at:%F}"

    return look


def _spans(claim: HoldClaim | None) -> tuple[Span, ...]:
    return () if claim is None else claim.spans
