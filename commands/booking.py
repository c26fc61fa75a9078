"""Bookings: confirm a hold, book directly."""

from collections.abc import Mapping, Sequence
from typing import Any

from commands.at_calendar import Asked, Told, at_calendar, at_hold
from commands.body import Body, Id, OverrideList, Text, Zone, new_id
from commands.context import Context
from commands.log import Log, Outcome
from domain.artist import IdTaken
from domain.booked import record_booking
from domain.booking import BOOKING, BookingMade
from domain.booking_time import book, confirm
from domain.decider import Stream
from domain.hold import HoldPlaced
from domain.job import JOB
from domain.money import Money
from domain.overrides import Overrides
from domain.periods import Periods
from domain.project import PROJECT, must_be_open
from domain.spans import spans_of
from domain.turn import Turn


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


async def confirm_hold(log: Log, context: Context, hold_id: str, command: ConfirmHold) -> Outcome:
    """Answers `booking_id`; confirming what is confirmed answers the same one and changes nothing."""
    booking_id = new_id()

    def also(placed: HoldPlaced) -> Sequence[Stream[Any]]:
        job = () if placed.job_id is None else (JOB.stream(placed.job_id),)
        return (PROJECT.stream(placed.project_id), BOOKING.stream(booking_id), *job)

    def act(asked: Asked) -> Told:
        turn, placed = asked.turn, asked.placed
        bookings = asked.hold.bookings
        if asked.hold.ended == "confirmed" and bookings[-1] in turn.calendar.bookings:
            return (), {"booking_id": bookings[-1], **asked.answer()}
        claim = asked.claim
        must_be_open(turn.beyond.state(PROJECT.stream(placed.project_id)))
        overrides = Overrides(command.overrides, context.permissions)
        spans = asked.spans(command.periods)
        booked = confirm(turn, claim, spans, booking_id=booking_id, keep_rest=command.keep_rest, overrides=overrides)
        made = BookingMade(
            artist_id=placed.artist_id,
            project_id=placed.project_id,
            hold_id=hold_id,
            job_id=placed.job_id,
            periods=command.periods,
            time_zone=placed.time_zone,
            rate=command.rate or turn.artist.day_rate,
            overrides=command.overrides,
        )
        record_booking(turn, made, booking_id=booking_id, booked=booked, overrides=overrides)
        return (), {"booking_id": booking_id, **asked.answer()}

    return await at_hold(log, context, hold_id, act, also=also)


async def make_booking(log: Log, context: Context, command: MakeBooking) -> Outcome:
    """The same booking twice is one."""
    booking, project = BOOKING.stream(command.id or new_id()), PROJECT.stream(command.project_id)
    job = None if command.job_id is None else JOB.stream(command.job_id)

    def act(turn: Turn) -> Mapping[str, Any]:
        wish = BookingMade(
            artist_id=command.artist_id,
            project_id=command.project_id,
            job_id=command.job_id,
            periods=command.periods,
            time_zone=command.time_zone,
            rate=command.rate or turn.artist.day_rate,
            note=command.note,
            overrides=command.overrides,
        )
        if (made := turn.beyond.state(booking).made) is not None:
            if made != wish:
                raise IdTaken("Another booking has this id.")
            return {"booking_id": booking.id}
        must_be_open(turn.beyond.state(project))
        if turn.artist.consent != "staff":
            turn.warn("consent_not_asked", "The artist has not been asked.")
        spans = spans_of(command.periods, command.time_zone or turn.zone)
        overrides = Overrides(command.overrides, context.permissions)
        booked = book(turn, spans, wish, booking_id=booking.id, overrides=overrides)
        record_booking(turn, wish, booking_id=booking.id, booked=booked, overrides=overrides)
        return {"booking_id": booking.id}

    also = (project,) if job is None else (project, job)
    return await at_calendar(log, context, command.artist_id, subject=booking, also=also, act=act)
