"""Bookings: confirm a hold, book directly, cancel."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from commands.at_calendar import Streams, booking_of, hold_of, standing_answer
from commands.body import Body, Id, OverrideList, Text, Zone, new_id
from commands.context import Context
from commands.log import Decided, Log, Outcome, States
from domain import job as jobs
from domain.artist import IdTaken
from domain.booking import BOOKING, BookingMade, Party
from domain.booking_time import book, book_hold
from domain.cancelling import cancel
from domain.decider import Stream
from domain.ending import standing
from domain.event import Event
from domain.hold import HOLD, HoldConfirmed
from domain.job import JOB
from domain.money import Money
from domain.overrides import Overrides
from domain.periods import Periods
from domain.project import PROJECT, must_be_open
from domain.spans import plain, spans_of


class ConfirmHold(Body):
    """Book all that is held, or `periods`; what is left is released unless `keep_rest`."""

    periods: Periods | None = None
    keep_rest: bool = False
    rate: Money | None = None
    overrides: OverrideList = ()


class MakeBooking(Body):
    """Book an artist without a hold."""

    id: Id | None = None
    artist_id: Id
    project_id: Id
    periods: Periods
    job_id: Id | None = None
    time_zone: Zone | None = None
    rate: Money | None = None
    note: Text | None = None
    overrides: OverrideList = ()


class CancelBooking(Body):
    """Cancel all of a booking, or `periods`."""

    periods: Periods | None = None
    by: Party = "client"
    reason: Text | None = None


async def confirm_hold(log: Log, context: Context, hold_id: str, command: ConfirmHold) -> Outcome:
    """Answers `booking_id`; confirming what is confirmed answers the same one and changes nothing."""
    placed = await hold_of(log, context, hold_id)
    hold, booking = HOLD.stream(hold_id), BOOKING.stream(new_id())
    project, streams = PROJECT.stream(placed.project_id), Streams.of(context, placed.artist_id)
    job = None if placed.job_id is None else JOB.stream(placed.job_id)

    def decision(states: States, now: datetime) -> Decided:
        turn = streams.turn(states, now)
        held = states[hold]
        if held.ended == "confirmed" and held.bookings[-1] in turn.calendar.bookings:
            return streams.decided(turn, {"booking_id": held.bookings[-1]})
        claim = standing(turn, held, hold_id)
        must_be_open(states[project])
        overrides = Overrides(command.overrides, context.permissions)
        spans = None if command.periods is None else spans_of(command.periods, placed.time_zone or turn.zone)
        booked = book_hold(turn, claim, spans, booking_id=booking.id, keep_rest=command.keep_rest, overrides=overrides)
        more: dict[Stream[Any], list[Event]] = {}
        if job is not None:
            jobs.must_be_open(states[job], placed.project_id)
            more[job] = jobs.fill(
                states[job],
                plain(booked),
                booking_id=booking.id,
                artist_id=placed.artist_id,
                hold_id=hold_id,
                overrides=overrides,
            )
        kept = hold_id in turn.calendar.holds
        more[hold] = [HoldConfirmed(booking_id=booking.id, periods=command.periods, keep_rest=kept)]
        more[booking] = [
            BookingMade(
                artist_id=placed.artist_id,
                project_id=placed.project_id,
                hold_id=hold_id,
                job_id=placed.job_id,
                periods=command.periods,
                time_zone=placed.time_zone,
                rate=command.rate or streams.artist_in(states).day_rate,
                overrides=overrides.used,
            )
        ]
        answer = {"booking_id": booking.id, **standing_answer(turn, hold_id)}
        return streams.decided(turn, answer, more)

    reads = streams.and_(project, booking) if job is None else streams.and_(project, booking, job)
    return await log.decide(context, hold, reads, decision)


async def make_booking(log: Log, context: Context, command: MakeBooking) -> Outcome:
    """The same booking twice is one."""
    booking, project = BOOKING.stream(command.id or new_id()), PROJECT.stream(command.project_id)
    streams = Streams.of(context, command.artist_id)
    job = None if command.job_id is None else JOB.stream(command.job_id)

    def decision(states: States, now: datetime) -> Decided:
        artist = streams.artist_in(states)
        turn = streams.turn(states, now)
        wish = BookingMade(
            artist_id=command.artist_id,
            project_id=command.project_id,
            job_id=command.job_id,
            periods=command.periods,
            time_zone=command.time_zone,
            rate=command.rate or artist.day_rate,
            note=command.note,
            overrides=command.overrides,
        )
        if (made := states[booking].made) is not None:
            if made != wish:
                raise IdTaken("Another booking has this id.")
            return streams.decided(turn, {})
        must_be_open(states[project])
        if artist.consent != "staff":
            turn.warn("consent_not_asked", "The artist has not been asked.")
        spans = spans_of(command.periods, command.time_zone or artist.time_zone)
        overrides = Overrides(command.overrides, context.permissions)
        book(
            turn,
            spans,
            booking_id=booking.id,
            project_id=command.project_id,
            job_id=command.job_id,
            overrides=overrides,
        )
        more: dict[Stream[Any], list[Event]] = {booking: [wish]}
        if job is not None:
            jobs.must_be_open(states[job], command.project_id)
            more[job] = jobs.fill(
                states[job],
                spans,
                booking_id=booking.id,
                artist_id=command.artist_id,
                hold_id=None,
                overrides=overrides,
            )
        return streams.decided(turn, {}, more)

    reads = streams.and_(project) if job is None else streams.and_(project, job)
    return await log.decide(context, booking, reads, decision)


async def cancel_booking(log: Log, context: Context, booking_id: str, command: CancelBooking) -> Outcome:
    """Answers the fees; cancelling what is cancelled changes nothing."""
    made = await booking_of(log, context, booking_id)
    booking, streams = BOOKING.stream(booking_id), Streams.of(context, made.artist_id)
    job = None if made.job_id is None else JOB.stream(made.job_id)

    def decision(states: States, now: datetime) -> Decided:
        turn = streams.turn(states, now)
        said = cancel(
            turn,
            states[booking],
            booking_id=booking_id,
            spans=None if command.periods is None else spans_of(command.periods, made.time_zone or turn.zone),
            periods=command.periods,
            by=command.by,
            reason=command.reason,
        )
        more: dict[Stream[Any], Sequence[Event]] = {booking: said}
        if job is not None and said:
            claim = turn.calendar.bookings.get(booking_id)
            more[job] = jobs.vacate(states[job], booking_id, () if claim is None else plain(claim.spans))
        return streams.decided(
            turn, {"fees": [fee.model_dump(mode="json", exclude_none=True) for e in said for fee in e.fees]}, more
        )

    return await log.decide(context, booking, streams.and_() if job is None else streams.and_(job), decision)
