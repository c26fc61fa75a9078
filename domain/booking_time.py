"""Booking time: a hold's, or directly. Never over a booking or past a higher hold, unless that is accepted."""

from datetime import timedelta

from domain.booking import BookingMade
from domain.calendar import TimeBooked
from domain.claims import Held, HoldClaim, held
from domain.ending import release
from domain.errors import Refused
from domain.hold_limits import follow_the_dates
from domain.overrides import Overrides
from domain.placing import on_time_off
from domain.queue import AS_RECORDED, stretches
from domain.spans import Span, hours, intersect, periods_of, plain, subtract, union
from domain.turn import Turn


class DoubleBooking(Refused):
    """The time is booked already."""

    code = "double_booking"


class NotFirst(Refused):
    """Others come first on that time."""

    code = "not_first"


class ConsentPending(Refused):
    """The artist, or the agent, has not accepted."""

    code = "consent_pending"


class NotHeld(Refused):
    """The hold does not cover that time."""

    code = "not_held"


def confirm(
    turn: Turn,
    claim: HoldClaim,
    spans: tuple[Span, ...] | None,
    *,
    booking_id: str,
    keep_rest: bool,
    overrides: Overrides,
) -> tuple[Held, ...]:
    """The holder books `spans`, or all of it; the limits of a rest that is kept are those of its own dates.

    Raises:
        NotHeld, ConsentPending, DoubleBooking, OnTimeOff, NotFirst: as `book_hold`.
    """
    booked = book_hold(turn, claim, spans, booking_id=booking_id, keep_rest=keep_rest, overrides=overrides)
    follow_the_dates(turn, claim)
    return booked


def book_hold(
    turn: Turn,
    claim: HoldClaim,
    spans: tuple[Span, ...] | None,
    *,
    booking_id: str,
    keep_rest: bool,
    overrides: Overrides,
) -> tuple[Held, ...]:
    """Turn `spans` of a hold, or all of it, into a booking; the rest is kept or released.

    Raises:
        NotHeld: some of that time is not the hold's.
        ConsentPending: the artist has not accepted.
        DoubleBooking, OnTimeOff, NotFirst: the time is not the holder's to book.
    """
    if spans is not None and (outside := subtract(spans, claim.spans)):
        raise NotHeld("The hold does not cover all of that time.", not_held=periods_of(outside))
    if claim.consent in {"asked", "countered"}:
        raise ConsentPending("The artist has not accepted.", consent=claim.consent)
    wanted = claim.spans if spans is None else intersect(claim.spans, spans)
    passed_over = may_book(turn, wanted, overrides=overrides, hold_id=claim.hold_id)
    rest = () if spans is None else union(subtract(claim.spans, spans))
    booked = union(held(span, span.place) for span in wanted)
    turn.record(
        TimeBooked(
            booking_id=booking_id,
            project_id=claim.project_id,
            job_id=claim.job_id,
            spans=booked,
            hold_id=claim.hold_id,
            hold_spans=rest,
            others=turn.policy.on_confirm,
            passed_over=passed_over,
            overrides=overrides.used,
        )
    )
    if rest and not keep_rest:
        release(turn, turn.calendar.holds[claim.hold_id], None, "not_kept")
    settle_others(turn, booked)
    return booked


def book(
    turn: Turn, spans: tuple[Span, ...], wish: BookingMade, *, booking_id: str, overrides: Overrides
) -> tuple[Held, ...]:
    """Book time that nobody holds, without a hold; past time too, since bookings may be entered afterwards.

    Raises:
        DoubleBooking, OnTimeOff, NotFirst: the time is not free to book.
    """
    passed_over = may_book(turn, spans, overrides=overrides, hold_id=None)
    booked = tuple(held(span, turn.calendar.next_place) for span in spans)
    turn.record(
        TimeBooked(
            booking_id=booking_id,
            project_id=wish.project_id,
            job_id=wish.job_id,
            spans=booked,
            others=turn.policy.on_confirm,
            passed_over=passed_over,
            overrides=overrides.used,
        )
    )
    settle_others(turn, booked)
    return booked


def may_book(
    turn: Turn, spans: tuple[Span, ...], *, overrides: Overrides, hold_id: str | None, booking_id: str | None = None
) -> tuple[str, ...]:
    """The holds that are passed over, all of them accepted. `hold_id`, `booking_id`: what is being booked, or moved.

    Raises:
        DoubleBooking, OnTimeOff, NotFirst: something stands in the way that no override accepts.
    """
    clashing = [b.booking_id for b in turn.calendar.bookings.on(spans) if b.booking_id != booking_id]
    if refused := overrides.refused(clashing, "double_book"):
        raise DoubleBooking("The artist is booked on that time.", conflicts=refused)
    on_time_off(turn, spans, overrides)
    higher = list(dict.fromkeys(_higher(turn, spans, hold_id)))
    if refused := overrides.refused(higher, "jump_queue"):
        raise NotFirst("Others come first on that time.", conflicts=refused)
    if gap := turn.policy.turnaround_hours:
        around = [
            hours(s.starts_at - timedelta(hours=gap), s.ends_at + timedelta(hours=gap), s.time_zone) for s in spans
        ]
        near = (b.booking_id for b in turn.calendar.bookings.on(union(around)))
        if close := [id for id in near if id != booking_id and id not in clashing]:
            turn.warn("short_turnaround", f"Less than {gap} hours lie between bookings.", bookings=close)
    return tuple(higher)


def _higher(turn: Turn, spans: tuple[Span, ...], hold_id: str | None) -> list[str]:
    """Every hold that comes before `hold_id`, or before somebody without a hold, on any of `spans`."""
    if len(turn.calendar.holds) == (hold_id is not None):
        return []
    found: list[str] = []
    # As recorded, not as of now: what a challenge decides at its deadline is decided in the queue of that instant, and
    # clocks that have run out since are recorded after it. In any other turn the two are the same.
    for stretch in stretches(turn.calendar, AS_RECORDED, spans):
        for entry in stretch.entries:
            if entry.hold_id == hold_id:
                break
            found.append(entry.hold_id)
    return found


def settle_others(turn: Turn, booked: tuple[Span, ...]) -> None:
    """Do as the policy says with the holds on time that has just been booked; by default they stand by.

    Under `ask` they stand by, too, and the caller is told whose holders have to be asked.
    """
    others = turn.calendar.holds.on(booked)
    if turn.policy.on_confirm == "release":
        for claim in others:
            release(turn, claim, plain(booked), "booked")
    elif turn.policy.on_confirm == "ask" and others:
        asked = [claim.hold_id for claim in others]
        turn.warn("others_asked", "Others stand by on this time: ask their holders whether they stay.", holds=asked)
