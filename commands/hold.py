"""Holds: place, release, change, extend, keep."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import model_validator

from commands.at_calendar import Asked, Told, at_calendar, at_hold, standing_answer
from commands.body import Body, Id, OverrideList, Text, Zone, new_id
from commands.context import Context
from commands.log import Log, Outcome
from domain import placing
from domain.ending import extend, give_up, keep
from domain.hold import HOLD, Group, HoldChanged, HoldKept, HoldPlaced, HoldReleased, Strength
from domain.job import JOB, joined
from domain.overrides import Overrides
from domain.periods import Periods
from domain.project import PROJECT, must_be_open
from domain.spans import spans_of
from domain.turn import Turn


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

    @model_validator(mode="after")
    def _group_of_a_job(self) -> Self:
        if self.group is not None and self.job_id is None:
            raise ValueError("group: a group belongs to a job, so job_id is needed")
        return self


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

    def act(turn: Turn) -> Mapping[str, Any]:
        before = turn.beyond.state(hold)
        if before.placed is None:
            must_be_open(turn.beyond.state(project))
            if job is not None:
                turn.beyond.record(job, *joined(turn.beyond.state(job), wish, hold.id))
        said = placing.place(
            turn,
            before,
            wish,
            hold_id=hold.id,
            spans=spans_of(command.periods, command.time_zone or turn.zone),
            permissions=context.permissions,
        )
        turn.beyond.record(hold, *said)
        return standing_answer(turn, hold.id)

    also = (project,) if job is None else (project, job)
    return await at_calendar(log, context, command.artist_id, subject=hold, also=also, act=act)


async def release_hold(log: Log, context: Context, hold_id: str, command: ReleaseHold) -> Outcome:
    """Releasing what is not held any more changes nothing."""

    def act(asked: Asked) -> Told:
        if asked.hold.ended == "released" or not give_up(asked.turn, asked.claim, asked.spans(command.periods)):
            return (), asked.answer()
        gone = hold_id not in asked.turn.calendar.holds
        return [HoldReleased(periods=None if gone else command.periods, reason=command.reason)], asked.answer()

    return await at_hold(log, context, hold_id, act)


async def change_hold(log: Log, context: Context, hold_id: str, command: ChangeHold) -> Outcome:
    """Answers the new deadline and ranks."""

    def act(asked: Asked) -> Told:
        changed = placing.change(
            asked.turn,
            asked.claim,
            spans_of(command.periods, asked.placed.time_zone or asked.turn.zone),
            overrides=Overrides(command.overrides, context.permissions),
        )
        said = [HoldChanged(periods=command.periods, overrides=command.overrides)] if changed else []
        return said, asked.answer()

    return await at_hold(log, context, hold_id, act)


async def extend_hold(log: Log, context: Context, hold_id: str, command: ExtendHold) -> Outcome:
    """Answers the new deadline. Each extension is another: repeat it under its key only."""

    def act(asked: Asked) -> Told:
        return extend(asked.turn, asked.hold, asked.claim, command.reason), asked.answer()

    return await at_hold(log, context, hold_id, act)


async def keep_hold(log: Log, context: Context, hold_id: str, command: KeepHold) -> Outcome:
    """Keeping what no clock threatens changes nothing."""

    def act(asked: Asked) -> Told:
        kept = keep(asked.turn, asked.claim, asked.spans(command.periods))
        return [HoldKept(periods=command.periods)] if kept else [], asked.answer()

    return await at_hold(log, context, hold_id, act)
