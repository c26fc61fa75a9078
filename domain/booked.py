"""Recording a booking beyond the calendar: in the job that it fills, the hold that it was, and the booking itself."""

from domain import job as jobs
from domain.booking import BOOKING, BookingMade
from domain.hold import HOLD, HoldConfirmed
from domain.job import JOB
from domain.overrides import Overrides
from domain.spans import Span, plain
from domain.turn import Turn


def record_booking(
    turn: Turn, made: BookingMade, *, booking_id: str, booked: tuple[Span, ...], overrides: Overrides
) -> None:
    """Fill the job of `made`, confirm its hold, and make it; the time has been booked on the calendar.

    Raises:
        NotFound, JobNotOpen, JobFull, GroupFilled, GroupBroken: the job does not take it.
        Unnamed: the streams of the job, the hold or the booking have not been named.
    """
    if made.job_id is not None:
        job = JOB.stream(made.job_id)
        state = turn.beyond.state(job)
        jobs.must_be_open(state, made.project_id)
        filled = jobs.fill(
            state,
            plain(booked),
            booking_id=booking_id,
            artist_id=made.artist_id,
            hold_id=made.hold_id,
            overrides=overrides,
        )
        turn.beyond.record(job, *filled)
    if made.hold_id is not None:
        kept = made.hold_id in turn.calendar.holds
        confirmed = HoldConfirmed(booking_id=booking_id, periods=made.periods, keep_rest=kept)
        turn.beyond.record(HOLD.stream(made.hold_id), confirmed)
    turn.beyond.record(BOOKING.stream(booking_id), made)
