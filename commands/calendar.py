"""An artist's calendar: reorder a queue, resolve a conflict, work time out again, record what is overdue."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import field_validator

from commands.at_calendar import at_calendar, booking_of
from commands.body import Body, Id, OverrideList, Text, Zone
from commands.context import Context
from commands.log import Log, Outcome
from domain import conflicts
from domain.booking import BOOKING
from domain.calendar import CALENDAR
from domain.conflicts import How
from domain.job import JOB
from domain.overdue import must_be_due, next_due
from domain.overrides import Overrides
from domain.periods import Periods
from domain.rederiving import rederive
from domain.reordering import reorder
from domain.spans import spans_of
from domain.turn import Turn


class ReorderQueue(Body):
    """Let the holds on `periods` stand in the order of `hold_ids`."""

    hold_ids: tuple[Id, ...]
    periods: Periods
    overrides: OverrideList
    time_zone: Zone | None = None

    @field_validator("overrides")
    @classmethod
    def _is_one(cls, overrides: OverrideList) -> OverrideList:
        if not any(one.permission == "jump_queue" for one in overrides):
            raise ValueError("reordering is an override: say why, and whom it accepts to pass over, as jump_queue")
        return overrides


class ResolveConflict(Body):
    """End the clash of a booking with time off that was approved after it."""

    how: How
    periods: Periods | None = None
    reason: Text | None = None
    overrides: OverrideList = ()


async def reorder_queue(log: Log, context: Context, artist_id: str, command: ReorderQueue) -> Outcome:
    """Reordering to the order that stands changes nothing."""
    override = next(one for one in command.overrides if one.permission == "jump_queue")

    def act(turn: Turn) -> Mapping[str, Any]:
        spans = spans_of(command.periods, command.time_zone or turn.zone)
        reorder(turn, command.hold_ids, spans, override=override, permissions=context.permissions)
        return {}

    return await at_calendar(log, context, artist_id, subject=CALENDAR.stream(artist_id), act=act)


async def resolve_conflict(log: Log, context: Context, conflict_id: str, command: ResolveConflict) -> Outcome:
    """A conflict goes by its booking's id. Answers the fees of what was cancelled."""
    made = await booking_of(log, context, conflict_id)

    def act(turn: Turn) -> Mapping[str, Any]:
        said = conflicts.resolve(
            turn,
            made,
            command.how,
            booking_id=conflict_id,
            spans=None if command.periods is None else spans_of(command.periods, made.time_zone or turn.zone),
            reason=command.reason,
            overrides=Overrides(command.overrides, context.permissions),
        )
        return {"fees": [fee.model_dump(mode="json", exclude_none=True) for fee in said.fees] if said else []}

    also = () if made.job_id is None else (JOB.stream(made.job_id),)
    return await at_calendar(log, context, made.artist_id, subject=BOOKING.stream(conflict_id), also=also, act=act)


async def rederive_calendar(log: Log, context: Context, artist_id: str) -> Outcome:
    """Work out again what lies ahead, after the rules of time zones have changed; safe to repeat.

    Answers how many `claims` lie at other instants, and the new clashes: pairs of bookings under `double_booked`, of a
    booking and time off under `conflicts`.
    """

    def act(turn: Turn) -> Mapping[str, Any]:
        return asdict(rederive(turn))

    return await at_calendar(log, context, artist_id, subject=CALENDAR.stream(artist_id), act=act)


async def record_overdue(log: Log, context: Context, artist_id: str, *, due_at: datetime) -> Outcome:
    """Record what has fallen due on a calendar that nobody touches; safe to repeat. Answers `next_due_at`.

    Raises:
        NotDue: `due_at` lies ahead, so that the key stays free for when it has come.
    """

    def act(turn: Turn) -> Mapping[str, Any]:
        must_be_due(due_at, turn.now)
        return {"next_due_at": next_due(turn.calendar)}

    return await at_calendar(log, context, artist_id, subject=CALENDAR.stream(artist_id), act=act)
