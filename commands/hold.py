"""Holds: place, release, change, extend, keep."""

from datetime import datetime

from commands.at_calendar import Streams, hold_of, standing_answer
from commands.body import Body, Id, OverrideList, Text, Zone, new_id
from commands.context import Context
from commands.log import Decided, Log, Outcome, States
from domain import placing
from domain.ending import extend, keep, release, standing
from domain.event import Event
from domain.hold import HOLD, Group, HoldChanged, HoldKept, HoldPlaced, HoldReleased, Strength
from domain.job import JOB
from domain.job import must_be_open as job_must_be_open
from domain.overrides import Overrides
from domain.periods import Periods
from domain.project import PROJECT, must_be_open
from domain.spans import spans_of


class PlaceHold(Body):
    """Queue up for an artist's time."""

    id: Id | None = None
    artist_id: Id
    project_id: Id
    periods: Periods
    job_id: Id | None = None
    strength: Strength = "normal"
    note: Text | None = None
    group: Group | None = None
    time_zone: Zone | None = None
    overrides: OverrideList = ()


class ReleaseHold(Body):
    """Let go of all of a hold, or of `periods`."""

    periods: Periods | None = None
    reason: Text | None = None


class ChangeHold(Body):
    """Hold other time."""

    periods: Periods
    overrides: OverrideList = ()


class ExtendHold(Body):
    """Ask for more time to decide."""

    reason: Text | None = None


class KeepHold(Body):
    """Keep what the hold was promoted to: all of it, or `periods`."""

    periods: Periods | None = None


async def place_hold(log: Log, context: Context, command: PlaceHold) -> Outcome:
    """Answers the deadline, the ranks and what is unusual."""
    hold = HOLD.stream(command.id or new_id())
    project = PROJECT.stream(command.project_id)
    streams = Streams.of(context, command.artist_id)
    job = None if command.job_id is None else JOB.stream(command.job_id)
    wish = HoldPlaced(
        artist_id=command.artist_id,
        project_id=command.project_id,
        periods=command.periods,
        time_zone=command.time_zone,
        job_id=command.job_id,
        strength=command.strength,
        note=command.note,
        group=command.group,
        overrides=command.overrides,
    )

    def decision(states: States, now: datetime) -> Decided:
        artist = streams.artist_in(states)
        turn = streams.turn(states, now)
        must_be_open(states[project])
        if job is not None:
            job_must_be_open(states[job], command.project_id)
        said = placing.place(
            turn,
            states[hold],
            wish,
            hold_id=hold.id,
            spans=spans_of(command.periods, command.time_zone or artist.time_zone),
            consent=artist.consent,
            permissions=context.permissions,
        )
        return streams.decided(turn, standing_answer(turn, hold.id), {hold: said})

    reads = streams.and_(project) if job is None else streams.and_(project, job)
    return await log.decide(context, hold, reads, decision)


async def release_hold(log: Log, context: Context, hold_id: str, command: ReleaseHold) -> Outcome:
    """Releasing what is not held any more changes nothing."""
    placed = await hold_of(log, context, hold_id)
    hold, streams = HOLD.stream(hold_id), Streams.of(context, placed.artist_id)

    def decision(states: States, now: datetime) -> Decided:
        turn = streams.turn(states, now)
        if states[hold].ended == "released":
            return streams.decided(turn, standing_answer(turn, hold_id))
        claim = standing(turn, states[hold], hold_id)
        spans = None if command.periods is None else spans_of(command.periods, placed.time_zone or turn.zone)
        said: list[Event] = []
        if release(turn, claim, spans):
            gone = hold_id not in turn.calendar.holds
            said = [HoldReleased(periods=None if gone else command.periods, reason=command.reason)]
        return streams.decided(turn, standing_answer(turn, hold_id), {hold: said})

    return await log.decide(context, hold, streams.and_(), decision)


async def change_hold(log: Log, context: Context, hold_id: str, command: ChangeHold) -> Outcome:
    """Answers the new deadline and ranks."""
    placed = await hold_of(log, context, hold_id)
    hold, streams = HOLD.stream(hold_id), Streams.of(context, placed.artist_id)

    def decision(states: States, now: datetime) -> Decided:
        turn = streams.turn(states, now)
        claim = standing(turn, states[hold], hold_id)
        changed = placing.change(
            turn,
            claim,
            spans_of(command.periods, placed.time_zone or turn.zone),
            consent=streams.artist_in(states).consent,
            overrides=Overrides(command.overrides, context.permissions),
        )
        said = [HoldChanged(periods=command.periods, overrides=command.overrides)] if changed else []
        return streams.decided(turn, standing_answer(turn, hold_id), {hold: said})

    return await log.decide(context, hold, streams.and_(), decision)


async def extend_hold(log: Log, context: Context, hold_id: str, command: ExtendHold) -> Outcome:
    """Answers the new deadline. Each extension is another: repeat it under its key only."""
    placed = await hold_of(log, context, hold_id)
    hold, streams = HOLD.stream(hold_id), Streams.of(context, placed.artist_id)

    def decision(states: States, now: datetime) -> Decided:
        turn = streams.turn(states, now)
        claim = standing(turn, states[hold], hold_id)
        said = extend(turn, states[hold], claim, command.reason)
        return streams.decided(turn, standing_answer(turn, hold_id), {hold: said})

    return await log.decide(context, hold, streams.and_(), decision)


async def keep_hold(log: Log, context: Context, hold_id: str, command: KeepHold) -> Outcome:
    """Keeping what no clock threatens changes nothing."""
    placed = await hold_of(log, context, hold_id)
    hold, streams = HOLD.stream(hold_id), Streams.of(context, placed.artist_id)

    def decision(states: States, now: datetime) -> Decided:
        turn = streams.turn(states, now)
        claim = standing(turn, states[hold], hold_id)
        spans = None if command.periods is None else spans_of(command.periods, placed.time_zone or turn.zone)
        said = [HoldKept(periods=command.periods)] if keep(turn, claim, spans) else []
        return streams.decided(turn, standing_answer(turn, hold_id), {hold: said})

    return await log.decide(context, hold, streams.and_(), decision)
