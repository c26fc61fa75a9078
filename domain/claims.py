"""What can stand on an artist's calendar: claims, and the clocks that end them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Self

from domain.clocks import Clock
from domain.instants import Instant
from domain.spans import Span

LimitKind = Literal["after_placing", "fixed", "before_first_day", "after_acceptance", "end_of_time"]
Limits = dict[LimitKind, Clock]
"""The limits of a hold that lay ahead when they were set, by what they depend on."""

Consent = Literal["not_needed", "asked", "given", "countered"]


@dataclass(frozen=True, slots=True)
class Held(Span):
    """Time claimed on a calendar.

    `place` is the arrival number on that calendar: on any stretch, holds stand in order of their places there.
    """

    place: int = 0
    first_refusal: Clock | None = None
    """Since its promotion to 1st: silence until then lapses the hold on this stretch."""
    commitment: Clock | None = None
    """Since it won a challenge: without a booking by then this stretch is lost."""

    def alike(self, other: Self) -> bool:
        """Whether the two differ in nothing but their time."""
        return (
            self.place == other.place
            and self.time_zone == other.time_zone
            and self.first_refusal == other.first_refusal
            and self.commitment == other.commitment
        )

    def alive(self, now: datetime) -> bool:
        """Whether no clock of this stretch has run out."""
        return (self.first_refusal is None or now < self.first_refusal.at) and (
            self.commitment is None or now < self.commitment.at
        )


def held(span: Span, place: int) -> Held:
    """`span`, claimed at a place in the queue."""
    return Held(
        span.starts_at,
        span.ends_at,
        span.time_zone,
        span.first_day,
        span.last_day,
        span.starts_local,
        span.ends_local,
        place,
    )


def deadline_of(limits: Mapping[LimitKind, Clock]) -> Clock:
    """The earliest limit: the hold's deadline."""
    return min(limits.values(), key=lambda clock: clock.at)


@dataclass(frozen=True, slots=True)
class HoldClaim:
    """A hold as its artist's calendar knows it."""

    hold_id: str
    project_id: str
    spans: tuple[Held, ...]
    limits: Limits
    deadline: Clock
    due_at: Instant
    """The first of all its clocks."""
    consent: Consent = "not_needed"
    respond_by: Clock | None = None
    job_id: str | None = None
    group_id: str | None = None
    offered: tuple[Span, ...] = ()
    """The time that the artist offered instead."""
    spent: tuple[Span, ...] = ()
    """The time that became a booking or was lost to a clock: this hold does not return to it."""

    def with_(self, **changes: object) -> "HoldClaim":
        """The claim with other members, its clocks looked at afresh."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        deadline = deadline_of(changed.limits)
        return replace(changed, deadline=deadline, due_at=_first(changed, deadline))

    def dead(self, now: datetime) -> bool:
        """Whether a clock of all of it has run out; a deadline is late at its very instant."""
        return now >= self.deadline.at or (self.respond_by is not None and now >= self.respond_by.at)

    def alive_spans(self, now: datetime) -> tuple[Held, ...]:
        """What is still held at `now`, whether or not a lapse has been recorded."""
        if now < self.due_at:
            return self.spans
        if self.dead(now):
            return ()
        return tuple(span for span in self.spans if span.alive(now))


def hold_claim(
    *,
    hold_id: str,
    project_id: str,
    spans: tuple[Held, ...],
    limits: Limits,
    consent: Consent = "not_needed",
    respond_by: Clock | None = None,
    job_id: str | None = None,
    group_id: str | None = None,
) -> HoldClaim:
    """A claim with its deadline worked out."""
    deadline = deadline_of(limits)
    claim = HoldClaim(hold_id, project_id, spans, limits, deadline, deadline.at, consent, respond_by, job_id, group_id)
    due_at = _first(claim, deadline)
    return claim if due_at == deadline.at else replace(claim, due_at=due_at)


def _first(claim: HoldClaim, deadline: Clock) -> datetime:
    first = deadline.at if claim.respond_by is None else min(deadline.at, claim.respond_by.at)
    for span in claim.spans:
        if span.first_refusal is not None:
            first = min(first, span.first_refusal.at)
        if span.commitment is not None:
            first = min(first, span.commitment.at)
    return first


@dataclass(frozen=True, slots=True)
class BookingClaim:
    """A booking as its artist's calendar knows it."""

    booking_id: str
    project_id: str
    spans: tuple[Held, ...]
    job_id: str | None = None
    limits: Limits | None = None
    """Those of the hold that it was."""
    arrived_before: int = 0
    """Holds whose places are not below this came, or moved, after it was confirmed."""


@dataclass(frozen=True, slots=True)
class TimeOffClaim:
    """Time off, asked for or approved."""

    time_off_id: str
    spans: tuple[Span, ...]
    approved: bool
