"""The artist's, or the agent's, answer to a hold: accept, decline, counter."""

from commands.at_calendar import Asked, Told, at_hold
from commands.body import Body, Text
from commands.context import Context
from commands.log import Log, Outcome
from domain import consent
from domain.hold import HoldAccepted, HoldCountered, HoldDeclined
from domain.periods import Periods
from domain.spans import spans_of


class AcceptHold(Body):
    """Agree to be held."""


class DeclineHold(Body):
    """Do not agree to be held."""

    reason: Text | None = None


class CounterHold(Body):
    """Offer other time."""

    periods: Periods
    reason: Text | None = None


async def accept_hold(log: Log, context: Context, hold_id: str, _: AcceptHold) -> Outcome:
    """Accepting twice changes nothing."""

    def act(asked: Asked) -> Told:
        accepted = consent.accept(asked.turn, asked.claim)
        return [HoldAccepted()] if accepted else [], asked.answer()

    return await at_hold(log, context, hold_id, act)


async def decline_hold(log: Log, context: Context, hold_id: str, command: DeclineHold) -> Outcome:
    """Declining twice changes nothing."""

    def act(asked: Asked) -> Told:
        if asked.hold.ended == "declined":
            return (), asked.answer()
        consent.decline(asked.turn, asked.claim)
        return [HoldDeclined(reason=command.reason)], asked.answer()

    return await at_hold(log, context, hold_id, act)


async def counter_hold(log: Log, context: Context, hold_id: str, command: CounterHold) -> Outcome:
    """The same offer twice changes nothing."""

    def act(asked: Asked) -> Told:
        offered = spans_of(command.periods, asked.placed.time_zone or asked.turn.zone)
        countered = consent.counter(asked.turn, asked.claim, offered)
        said = [HoldCountered(periods=command.periods, reason=command.reason)] if countered else []
        return said, asked.answer()

    return await at_hold(log, context, hold_id, act)
