"""An artist's calendar: who claims which time, in which order. The boundary of rank, challenges and double booking.

Each event carries what its claim comes to, so that folding it only replaces. A claim that has ended leaves the state.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Literal, assert_never

from domain.challenge import (
    ChallengeAnswered,
    ChallengeEnded,
    ChallengeOpened,
    CoolDown,
    OpenChallenges,
    evolve_open,
)
from domain.claims import BookingClaim, Consent, Held, HoldClaim, Limits, TimeOffClaim, hold_claim
from domain.claims_by_time import ClaimsByTime, HoldClaims
from domain.clocks import Clock
from domain.decider import Decider
from domain.event import Event
from domain.instants import Instant
from domain.overrides import Override
from domain.rederived import REDERIVED, BookingRederived, ContestRederived, TimeOffRederived, TimeRederived
from domain.sorted_map import SortedMap
from domain.spans import Span, plain

MOST_COOL_DOWNS: Final = 100
"""The latest are remembered; more than that at once on one calendar is nobody's business."""

Release = Literal[
    "released", "declined", "booked", "not_kept", "group_filled", "group_broken", "project_cancelled", "challenged"
]
"""Why time was let go: by its holder, the artist, or what followed from a decision."""

Lapse = Literal["deadline", "no_response", "first_refusal", "commitment", "challenge"]
"""Which clock ran out."""


class TimeHeld(Event):
    """A hold stands on the calendar, at the back of the queue on all of its time."""

    stored_as: ClassVar[str] = "calendar.time_held.v1"
    hold_id: str
    project_id: str
    job_id: str | None = None
    group_id: str | None = None
    spans: tuple[Held, ...]
    limits: Limits
    consent: Consent = "not_needed"
    respond_by: Clock | None = None


class TimeChanged(Event):
    """A hold stands on other time: `added` at the back of the queue, the rest where it was."""

    stored_as: ClassVar[str] = "calendar.time_changed.v1"
    hold_id: str
    added: tuple[Span, ...]
    dropped: tuple[Span, ...]
    spans: tuple[Held, ...]
    limits: Limits
    consent: Consent = "not_needed"
    respond_by: Clock | None = None


class TimeReleased(Event):
    """A hold let go of time; without spans left it has ended."""

    stored_as: ClassVar[str] = "calendar.time_released.v1"
    hold_id: str
    released: tuple[Span, ...]
    spans: tuple[Held, ...]
    because: Release


class TimeLapsed(Event):
    """A clock took time from a hold at `at`, which may be before this was recorded; without spans left it has ended."""

    stored_as: ClassVar[str] = "calendar.time_lapsed.v1"
    hold_id: str
    lapsed: tuple[Span, ...]
    spans: tuple[Held, ...]
    because: Lapse
    at: Instant
    rule: str
    reason: str | None = None
    """Why an intended confirmation counted as silence."""


class HoldPromoted(Event):
    """A hold has become 1st, and live, on a stretch where it was not; its first-refusal clock runs there."""

    stored_as: ClassVar[str] = "calendar.hold_promoted.v1"
    hold_id: str
    promoted: tuple[Span, ...]
    first_refusal: Clock
    spans: tuple[Held, ...]


class PromotionKept(Event):
    """The holder keeps what it was promoted to: that clock ends, the hold's own deadline goes on."""

    stored_as: ClassVar[str] = "calendar.promotion_kept.v1"
    hold_id: str
    kept: tuple[Span, ...]
    spans: tuple[Held, ...]


class ClocksStopped(Event):
    """A hold is not live any more where it was 1st or had won: nothing has to be decided there until it is again."""

    stored_as: ClassVar[str] = "calendar.clocks_stopped.v1"
    hold_id: str
    stopped: tuple[Span, ...]
    spans: tuple[Held, ...]


class LimitsMoved(Event):
    """A hold's limits are others than before: it was extended, or its holder gave up time that they depended on."""

    stored_as: ClassVar[str] = "calendar.limits_moved.v1"
    hold_id: str
    limits: Limits


class ConsentGiven(Event):
    """The artist, or the agent, accepted the hold."""

    stored_as: ClassVar[str] = "calendar.consent_given.v1"
    hold_id: str
    limits: Limits


class ConsentCountered(Event):
    """The artist, or the agent, offered other time; the response window has been used."""

    stored_as: ClassVar[str] = "calendar.consent_countered.v1"
    hold_id: str
    offered: tuple[Span, ...]


class TimeBooked(Event):
    """Time is booked; when a hold became a booking, `hold_spans` is what is left of the hold."""

    stored_as: ClassVar[str] = "calendar.time_booked.v1"
    booking_id: str
    project_id: str
    job_id: str | None = None
    spans: tuple[Held, ...]
    hold_id: str | None = None
    hold_spans: tuple[Held, ...] = ()
    others: Literal["standby", "release", "ask"] = "standby"
    """What becomes of the holds of others on this time."""
    passed_over: tuple[str, ...] = ()
    """Higher holds, whose holders have to be told."""
    overrides: tuple[Override, ...] = ()


class BookingMoved(Event):
    """A booking stands on other time."""

    stored_as: ClassVar[str] = "calendar.booking_moved.v1"
    booking_id: str
    spans: tuple[Held, ...]
    passed_over: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()


class BookingFreed(Event):
    """Booked time is free again; without spans left the booking has left the calendar."""

    stored_as: ClassVar[str] = "calendar.booking_freed.v1"
    booking_id: str
    freed: tuple[Span, ...]
    spans: tuple[Held, ...]


class Reordered(Event):
    """The queue on a stretch was put into another order by hand."""

    stored_as: ClassVar[str] = "calendar.reordered.v1"
    stretch: tuple[Span, ...]
    order: tuple[str, ...]
    spans: dict[str, tuple[Held, ...]]
    """By hold: all of its time, with its new places."""
    passed_over: tuple[str, ...]
    override: Override


class TimeOffMarked(Event):
    """Time off stands on the calendar, asked for or approved."""

    stored_as: ClassVar[str] = "calendar.time_off_marked.v1"
    time_off_id: str
    spans: tuple[Span, ...]
    approved: bool
    blocked: tuple[str, ...] = ()
    """The holds that approved time off blocks, whose holders have to be told."""


class TimeOffCleared(Event):
    """Time off has left the calendar: rejected or withdrawn."""

    stored_as: ClassVar[str] = "calendar.time_off_cleared.v1"
    time_off_id: str


class ConflictFound(Event):
    """A booking lies on time off that was approved after it; the conflict goes by the booking's id."""

    stored_as: ClassVar[str] = "calendar.conflict_found.v1"
    booking_id: str
    time_off_id: str
    spans: tuple[Span, ...]


class ConflictResolved(Event):
    """The booking and the time off share no time any more."""

    stored_as: ClassVar[str] = "calendar.conflict_resolved.v1"
    booking_id: str
    time_off_id: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """What stands on the calendar, as far as it has been recorded.

    A hold whose clock has run out may still be in here; `HoldClaim.alive_spans` says what counts.
    """

    holds: HoldClaims = field(default_factory=HoldClaims)
    bookings: ClaimsByTime[BookingClaim] = field(default_factory=ClaimsByTime)
    time_off: ClaimsByTime[TimeOffClaim] = field(default_factory=ClaimsByTime)
    next_place: int = 0
    challenges: OpenChallenges = field(default_factory=ClaimsByTime)
    cool_downs: tuple[CoolDown, ...] = ()
    conflicts: SortedMap[tuple[str, str], ConflictFound] = field(default_factory=SortedMap)
    """A booking and time off that it lies on."""

    def with_holds(self, holds: HoldClaims, placed: tuple[Held, ...] = ()) -> "Calendar":
        """The same with these holds, of which `placed` is new."""
        # `replace` would take three times as long, for what happens with most events.
        return Calendar(
            holds,
            self.bookings,
            self.time_off,
            self.place_after(placed),
            self.challenges,
            self.cool_downs,
            self.conflicts,
        )

    def place_after(self, placed: tuple[Held, ...]) -> int:
        """The next arrival's number once time has been `placed`."""
        return max(self.next_place, *[span.place + 1 for span in placed]) if placed else self.next_place

    def with_spans(self, hold_id: str, spans: tuple[Held, ...], *, spent: tuple[Span, ...] = ()) -> HoldClaims:
        """The holds once that one has just these `spans` left, and has spent others."""
        if not spans:
            return self.holds.without(hold_id)
        claim = self.holds[hold_id]
        return self.holds.put(hold_id, claim.with_(spans=spans, spent=(*claim.spent, *spent)))


def evolve(calendar: Calendar, event: Event) -> Calendar:  # noqa: PLR0911 - one case an event
    """The calendar after `event`."""
    holds = calendar.holds
    match event:
        case TimeHeld():
            claim = hold_claim(
                hold_id=event.hold_id,
                project_id=event.project_id,
                spans=event.spans,
                limits=event.limits,
                consent=event.consent,
                respond_by=event.respond_by,
                job_id=event.job_id,
                group_id=event.group_id,
            )
            return calendar.with_holds(holds.put(event.hold_id, claim), event.spans)
        case TimeLapsed():
            return calendar.with_holds(calendar.with_spans(event.hold_id, event.spans, spent=event.lapsed))
        case TimeReleased() | HoldPromoted() | PromotionKept() | ClocksStopped() | TimeRederived():
            return calendar.with_holds(calendar.with_spans(event.hold_id, event.spans))
        case TimeChanged() | LimitsMoved() | ConsentGiven() | ConsentCountered():
            changed = _changed(holds[event.hold_id], event)
            return calendar.with_holds(holds.put(event.hold_id, changed), changed.spans)
        case Reordered():
            for hold_id, spans in event.spans.items():
                holds = holds.put(hold_id, holds[hold_id].with_(spans=spans))
            return calendar.with_holds(holds, tuple(span for spans in event.spans.values() for span in spans))
        case ChallengeOpened() | ChallengeAnswered() | ChallengeEnded() | ContestRederived():
            return _evolve_challenges(calendar, event)
        case _:
            return _evolve_taken(calendar, event)


def _changed(claim: HoldClaim, event: TimeChanged | LimitsMoved | ConsentGiven | ConsentCountered) -> HoldClaim:
    """A hold that goes on under other terms."""
    match event:
        case TimeChanged():
            return claim.with_(
                spans=event.spans, limits=event.limits, consent=event.consent, respond_by=event.respond_by
            )
        case LimitsMoved():
            return claim.with_(limits=event.limits)
        case ConsentGiven():
            return claim.with_(limits=event.limits, consent="given", respond_by=None)
        case ConsentCountered():
            return claim.with_(consent="countered", respond_by=None, offered=event.offered)
        case _:
            assert_never(event)


def _evolve_challenges(
    calendar: Calendar, event: ChallengeOpened | ChallengeAnswered | ChallengeEnded | ContestRederived
) -> Calendar:
    """Challenges, as they are raised and decided, with what that means for the winner and for who failed."""
    challenges = evolve_open(calendar.challenges, event)
    if not isinstance(event, ChallengeEnded):
        return replace(calendar, challenges=challenges)
    holds = calendar.holds if event.hold_id is None else calendar.with_spans(event.hold_id, event.hold_spans)
    cool_downs = calendar.cool_downs
    if event.cool_down is not None:
        by = calendar.challenges[event.challenge_id].project_id
        cool_downs = (*cool_downs, CoolDown(by, event.ended, event.cool_down))[-MOST_COOL_DOWNS:]
    return replace(calendar, challenges=challenges, holds=holds, cool_downs=cool_downs)


def _evolve_taken(calendar: Calendar, event: Event) -> Calendar:  # noqa: PLR0911 - one case an event
    """Bookings and time off, as they come and go."""
    match event:
        case TimeBooked():
            holds, limits = calendar.holds, None
            if event.hold_id is not None:
                limits = holds[event.hold_id].limits
                holds = calendar.with_spans(event.hold_id, event.hold_spans, spent=plain(event.spans))
            booking = BookingClaim(
                event.booking_id, event.project_id, event.spans, event.job_id, limits, calendar.next_place
            )
            return replace(
                calendar,
                holds=holds,
                bookings=calendar.bookings.put(event.booking_id, booking),
                next_place=calendar.place_after(event.spans),
            )
        case BookingMoved() | BookingFreed() | BookingRederived():
            if not event.spans:
                return replace(calendar, bookings=calendar.bookings.without(event.booking_id))
            moved = replace(calendar.bookings[event.booking_id], spans=event.spans)
            return replace(calendar, bookings=calendar.bookings.put(event.booking_id, moved))
        case TimeOffMarked() | TimeOffRederived():
            off = TimeOffClaim(event.time_off_id, event.spans, event.approved)
            return replace(calendar, time_off=calendar.time_off.put(event.time_off_id, off))
        case TimeOffCleared():
            return replace(calendar, time_off=calendar.time_off.without(event.time_off_id))
        case ConflictFound():
            return replace(calendar, conflicts=calendar.conflicts.put((event.booking_id, event.time_off_id), event))
        case ConflictResolved():
            return replace(calendar, conflicts=calendar.conflicts.without((event.booking_id, event.time_off_id)))
        case _:
            return calendar


CALENDAR = Decider[Calendar](
    category="calendar",
    events=(
        TimeHeld,
        TimeChanged,
        TimeReleased,
        TimeLapsed,
        HoldPromoted,
        PromotionKept,
        ClocksStopped,
        LimitsMoved,
        ConsentGiven,
        ConsentCountered,
        TimeBooked,
        BookingMoved,
        BookingFreed,
        Reordered,
        TimeOffMarked,
        TimeOffCleared,
        ConflictFound,
        ConflictResolved,
        ChallengeOpened,
        ChallengeAnswered,
        ChallengeEnded,
        *REDERIVED,
    ),
    initial=Calendar(),
    evolve=evolve,
)
