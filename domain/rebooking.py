"""What happens to a booking after it was made: another time, no time for now, a hold again, done."""

from domain.booking import (
    BOOKING,
    BookingCompleted,
    BookingMade,
    BookingPostponed,
    BookingRescheduled,
    BookingUnconfirmed,
)
from domain.booking_time import may_book, settle_others
from domain.calendar import BookingFreed, BookingMoved, TimeBooked, TimeHeld
from domain.cancelling import BookingEnded, must_stand
from domain.claims import BookingClaim, deadline_of, held
from domain.errors import Refused
from domain.groups import join
from domain.hold import HOLD, HoldPlaced
from domain.hold_limits import fresh_limits
from domain.job import JOB, fill, vacate
from domain.overrides import Overrides
from domain.project import PROJECT, must_not_be_cancelled
from domain.spans import InThePast, Span, intersect, overlap, periods_of, plain, subtract, union
from domain.turn import Turn


class NotBegun(Refused):
    """The work has not begun, so it cannot be done."""

    code = "not_begun"


def reschedule(
    turn: Turn,
    made: BookingMade,
    spans: tuple[Span, ...],
    said: BookingRescheduled,
    *,
    booking_id: str,
    overrides: Overrides,
) -> None:
    """Move a booking, postponed or not, to `spans`; nothing when it is there. Time that it had is not asked for again.

    Raises:
        BookingEnded: there is nothing to move.
        DoubleBooking, OnTimeOff, NotFirst: the added time cannot be booked.
        JobFull: nor does the job need it there.
    """
    booking = turn.beyond.state(BOOKING.stream(booking_id))
    must_stand(booking)
    claim = turn.calendar.bookings.get(booking_id)
    had = () if claim is None else claim.spans
    added, dropped = subtract(spans, had), plain(subtract(had, spans))
    if not added and not dropped:
        return
    passed_over = may_book(turn, added, overrides=overrides, hold_id=None, booking_id=booking_id)
    place = turn.calendar.next_place
    now_booked = union((*intersect(had, spans), *(held(span, place) for span in added)))
    if claim is None:
        turn.record(
            TimeBooked(
                booking_id=booking_id,
                project_id=made.project_id,
                job_id=made.job_id,
                spans=now_booked,
                others=turn.policy.on_confirm,
                passed_over=passed_over,
                overrides=overrides.used,
            )
        )
    else:
        moved = BookingMoved(booking_id=booking_id, spans=now_booked, passed_over=passed_over, overrides=overrides.used)
        turn.record(moved, freed=dropped)
    settle_others(turn, added)
    if made.job_id is not None:
        job = JOB.stream(made.job_id)
        filled = fill(
            turn.beyond.state(job),
            plain(now_booked),
            booking_id=booking_id,
            artist_id=made.artist_id,
            hold_id=made.hold_id,
            overrides=overrides,
        )
        turn.beyond.record(job, *filled)
    turn.beyond.record(BOOKING.stream(booking_id), said)


def postpone(turn: Turn, made: BookingMade, reason: str | None, *, booking_id: str) -> None:
    """Free a booking's time until it is rescheduled; nothing when it is postponed already.

    Raises:
        BookingEnded: there is nothing to postpone.
    """
    booking = turn.beyond.state(BOOKING.stream(booking_id))
    must_stand(booking)
    if booking.status == "postponed":
        return
    _free(turn, made, booking_id)
    turn.beyond.record(BOOKING.stream(booking_id), BookingPostponed(reason=reason))


def complete(turn: Turn, reason: str | None, *, booking_id: str) -> None:
    """The work was done; nothing when that is known.

    Raises:
        BookingEnded, NotBegun: it cannot have been.
    """
    booking = turn.beyond.state(BOOKING.stream(booking_id))
    if booking.status == "completed":
        return
    must_stand(booking)
    claim = turn.calendar.bookings.get(booking_id)
    if claim is None or turn.now < claim.spans[0].starts_at:
        raise NotBegun("The work has not begun.")
    turn.beyond.record(BOOKING.stream(booking_id), BookingCompleted(reason=reason))


def unconfirm(turn: Turn, made: BookingMade, reason: str | None, *, booking_id: str, hold_id: str) -> str:
    """Make a booking a hold again; answers that hold's id, which is an older one when it has become one already.

    The hold has the old place and deadline if that deadline lies ahead and nobody placed or moved a hold on that time
    since; else it joins the back with a fresh deadline.

    A member of a group is one again.

    Raises:
        BookingEnded: there is nothing to un-confirm.
        InThePast: all of it has gone by.
        ProjectNotOpen, GroupBroken: all of it is being let go.
        GroupFilled: another part of the same hold, or another alternative, is booked.
    """
    booking = turn.beyond.state(BOOKING.stream(booking_id))
    if booking.hold_id is not None:
        return booking.hold_id
    must_stand(booking)
    claim = turn.calendar.bookings.get(booking_id)
    if claim is None:
        raise BookingEnded("The booking has no time: it is postponed.")
    if claim.spans[-1].ends_at <= turn.now:
        raise InThePast("All of this time has gone by.")
    must_not_be_cancelled(turn.beyond.state(PROJECT.stream(made.project_id)))
    _free(turn, made, booking_id)
    limits = claim.limits if _undisturbed(turn, claim) else None
    place = turn.calendar.next_place
    spans = claim.spans if limits is not None else union(held(span, place) for span in claim.spans)
    before = None if made.hold_id is None else turn.beyond.state(HOLD.stream(made.hold_id)).placed
    placed = HoldPlaced(
        artist_id=made.artist_id,
        project_id=made.project_id,
        job_id=made.job_id,
        periods=periods_of(spans),
        time_zone=spans[0].time_zone,
        strength="normal" if before is None else before.strength,
        note=made.note if before is None else before.note,
        group=None if before is None else before.group,
        unconfirmed_from=booking_id,
    )
    if placed.group is not None and placed.job_id is not None:
        job = JOB.stream(placed.job_id)
        groups = turn.beyond.state(job).groups
        turn.beyond.record(job, *join(groups, placed.group, hold_id=hold_id, artist_id=made.artist_id))
    turn.record(
        TimeHeld(
            hold_id=hold_id,
            project_id=made.project_id,
            job_id=made.job_id,
            group_id=None if placed.group is None else placed.group.id,
            spans=spans,
            limits=limits or fresh_limits(turn, spans, accepted=True),
            consent="not_needed" if turn.artist.consent == "staff" else "given",
        )
    )
    turn.beyond.record(HOLD.stream(hold_id), placed)
    turn.beyond.record(BOOKING.stream(booking_id), BookingUnconfirmed(hold_id=hold_id, reason=reason))
    return hold_id


def _undisturbed(turn: Turn, claim: BookingClaim) -> bool:
    """Whether the old place and deadline still stand."""
    if claim.limits is None or deadline_of(claim.limits).at <= turn.now:
        return False
    return not any(
        span.place >= claim.arrived_before and overlap((span,), claim.spans)
        for hold in turn.calendar.holds.on(claim.spans)
        for span in hold.spans
    )


def _free(turn: Turn, made: BookingMade, booking_id: str) -> None:
    claim = turn.calendar.bookings[booking_id]
    freed = plain(claim.spans)
    turn.record(BookingFreed(booking_id=booking_id, freed=freed, spans=()), freed=freed)
    if made.job_id is not None:
        job = JOB.stream(made.job_id)
        turn.beyond.record(job, *vacate(turn.beyond.state(job), booking_id))
