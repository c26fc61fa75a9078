"""What becomes of a booking: cancel, reschedule, postpone, un-confirm, complete."""

from collections.abc import Callable, Mapping
from typing import Any

from commands.at_calendar import at_calendar, booking_of, standing_answer
from commands.body import Body, OverrideList, Text, new_id
from commands.context import Context
from commands.log import Log, Outcome
from domain import cancelling, rebooking
from domain.booking import BOOKING, BookingMade, BookingRescheduled, Party
from domain.decider import Stream
from domain.hold import HOLD
from domain.job import JOB
from domain.overrides import Overrides
from domain.periods import Periods
from domain.spans import spans_of
from domain.turn import Turn


class CancelBooking(Body):
    """Cancel all of a booking, or `periods`."""

    periods: Periods | None = None
    by: Party = "client"
    reason: Text | None = None


class RescheduleBooking(Body):
    """Book other time instead."""

    periods: Periods
    reason: Text | None = None
    overrides: OverrideList = ()


class PostponeBooking(Body):
    """Free the time for now."""

    reason: Text | None = None


class UnconfirmBooking(Body):
    """Make it a hold again."""

    reason: Text | None = None


class CompleteBooking(Body):
    """The work was done."""

    reason: Text | None = None


async def _at_booking(
    log: Log,
    context: Context,
    booking_id: str,
    act: Callable[[Turn, BookingMade], Mapping[str, Any]],
    *also: Stream[Any],
) -> Outcome:
    made = await booking_of(log, context, booking_id)
    job = () if made.job_id is None else (JOB.stream(made.job_id),)
    return await at_calendar(
        log,
        context,
        made.artist_id,
        subject=BOOKING.stream(booking_id),
        also=(*job, *also),
        act=lambda turn: act(turn, made),
    )


async def cancel_booking(log: Log, context: Context, booking_id: str, command: CancelBooking) -> Outcome:
    """Answers the fees; cancelling what is cancelled changes nothing."""

    def act(turn: Turn, made: BookingMade) -> Mapping[str, Any]:
        spans = None if command.periods is None else spans_of(command.periods, made.time_zone or turn.zone)
        said = cancelling.cancel(
            turn,
            made,
            booking_id=booking_id,
            spans=spans,
            periods=command.periods,
            by=command.by,
            reason=command.reason,
        )
        return {"fees": [fee.model_dump(mode="json", exclude_none=True) for fee in said.fees] if said else []}

    return await _at_booking(log, context, booking_id, act)


async def reschedule_booking(log: Log, context: Context, booking_id: str, command: RescheduleBooking) -> Outcome:
    """Rescheduling to where it is changes nothing."""
    said = BookingRescheduled(periods=command.periods, reason=command.reason, overrides=command.overrides)

    def act(turn: Turn, made: BookingMade) -> Mapping[str, Any]:
        rebooking.reschedule(
            turn,
            made,
            spans_of(command.periods, made.time_zone or turn.zone),
            said,
            booking_id=booking_id,
            overrides=Overrides(command.overrides, context.permissions),
        )
        return {}

    return await _at_booking(log, context, booking_id, act)


async def postpone_booking(log: Log, context: Context, booking_id: str, command: PostponeBooking) -> Outcome:
    """Postponing twice changes nothing; `reschedule` books it again."""

    def act(turn: Turn, made: BookingMade) -> Mapping[str, Any]:
        rebooking.postpone(turn, made, command.reason, booking_id=booking_id)
        return {}

    return await _at_booking(log, context, booking_id, act)


async def unconfirm_booking(log: Log, context: Context, booking_id: str, command: UnconfirmBooking) -> Outcome:
    """Answers `hold_id` and where that hold stands."""
    hold_id = new_id()

    def act(turn: Turn, made: BookingMade) -> Mapping[str, Any]:
        again = rebooking.unconfirm(turn, made, command.reason, booking_id=booking_id, hold_id=hold_id)
        return {"hold_id": again, **standing_answer(turn, again)}

    return await _at_booking(log, context, booking_id, act, HOLD.stream(hold_id))


async def complete_booking(log: Log, context: Context, booking_id: str, command: CompleteBooking) -> Outcome:
    """Completing twice changes nothing."""

    def act(turn: Turn, _: BookingMade) -> Mapping[str, Any]:
        rebooking.complete(turn, command.reason, booking_id=booking_id)
        return {}

    return await _at_booking(log, context, booking_id, act)
