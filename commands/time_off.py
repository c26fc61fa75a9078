"""Time off: request, approve, reject, withdraw."""

from collections.abc import Callable, Mapping
from typing import Any

from commands.at_calendar import at_calendar
from commands.body import Body, Id, Text, Zone, new_id
from commands.context import Context
from commands.log import Log, Outcome
from domain import time_off as rules
from domain.errors import NotFound
from domain.event import Event
from domain.periods import Periods
from domain.spans import spans_of
from domain.time_off import TIME_OFF, TimeOff, TimeOffRequested
from domain.turn import Turn


class RequestTimeOff(Body):
    """Ask not to be available."""

    id: Id | None = None
    periods: Periods
    reason: Text | None = None
    time_zone: Zone | None = None


class ApproveTimeOff(Body):
    """The artist is not available."""

    reason: Text | None = None


class RejectTimeOff(Body):
    """The artist stays available."""

    reason: Text | None = None


class WithdrawTimeOff(Body):
    """The artist does not need it."""

    reason: Text | None = None


async def request_time_off(log: Log, context: Context, artist_id: str, command: RequestTimeOff) -> Outcome:
    """The same request twice is one."""
    stream = TIME_OFF.stream(command.id or new_id())
    wish = TimeOffRequested(artist_id=artist_id, periods=command.periods, reason=command.reason)

    def act(turn: Turn) -> Mapping[str, Any]:
        spans = spans_of(command.periods, command.time_zone or turn.zone)
        said = rules.request(turn, turn.beyond.state(stream), wish, time_off_id=stream.id, spans=spans)
        turn.beyond.record(stream, *said)
        return {}

    return await at_calendar(log, context, artist_id, subject=stream, act=act)


async def approve_time_off(log: Log, context: Context, time_off_id: str, command: ApproveTimeOff) -> Outcome:
    """Answers the bookings in its way."""

    def act(turn: Turn, time_off: TimeOff) -> tuple[list[Event], Mapping[str, Any]]:
        said = rules.approve(turn, time_off, command.reason, time_off_id=time_off_id)
        conflicts = sorted(booking for booking, off in turn.calendar.conflicts if off == time_off_id)
        return said, {"conflicts": conflicts}

    return await _at_time_off(log, context, time_off_id, act)


async def reject_time_off(log: Log, context: Context, time_off_id: str, command: RejectTimeOff) -> Outcome:
    """Holds that it blocked are live again."""

    def act(turn: Turn, time_off: TimeOff) -> tuple[list[Event], Mapping[str, Any]]:
        return rules.reject(turn, time_off, command.reason, time_off_id=time_off_id), {}

    return await _at_time_off(log, context, time_off_id, act)


async def withdraw_time_off(log: Log, context: Context, time_off_id: str, command: WithdrawTimeOff) -> Outcome:
    """Holds that it blocked are live again."""

    def act(turn: Turn, time_off: TimeOff) -> tuple[list[Event], Mapping[str, Any]]:
        return rules.withdraw(turn, time_off, command.reason, time_off_id=time_off_id), {}

    return await _at_time_off(log, context, time_off_id, act)


async def _at_time_off(
    log: Log,
    context: Context,
    time_off_id: str,
    act: Callable[[Turn, TimeOff], tuple[list[Event], Mapping[str, Any]]],
) -> Outcome:
    stream = TIME_OFF.stream(time_off_id)
    requested = (await log.state(context.tenant_id, stream)).requested
    if requested is None:
        raise NotFound("There is no such time off.")

    def with_time_off(turn: Turn) -> Mapping[str, Any]:
        said, answer = act(turn, turn.beyond.state(stream))
        turn.beyond.record(stream, *said)
        return answer

    return await at_calendar(log, context, requested.artist_id, subject=stream, act=with_time_off)
