"""Challenges: raise, answer, withdraw."""

from collections.abc import Mapping
from typing import Any

from commands.at_calendar import Asked, Told, at_calendar, at_hold, clock_answer, hold_of, standing_answer
from commands.body import Body, Id, Text, new_id
from commands.context import Context
from commands.log import Log, Outcome
from domain import challenging
from domain.challenge import CHALLENGE, Answer, AnswerGiven, ChallengeRaised, ChallengeWithdrawn
from domain.ending import standing
from domain.errors import NotFound
from domain.hold import HOLD, HoldChallenged
from domain.periods import Periods
from domain.spans import spans_of
from domain.turn import Turn


class RaiseChallenge(Body):
    """Ask everyone above this hold to book or let go, on all of it or on `periods`."""

    id: Id | None = None
    periods: Periods | None = None
    note: Text | None = None


class AnswerChallenge(Body):
    """Say what a challenged hold would do, on all that is contested or on `periods`."""

    hold_id: Id
    answer: Answer
    periods: Periods | None = None


class WithdrawChallenge(Body):
    """Take it back."""


async def raise_challenge(log: Log, context: Context, hold_id: str, command: RaiseChallenge) -> Outcome:
    """Answers `challenge_id`, `answer_by` and whom it challenges. The same challenge twice is one."""
    stream = CHALLENGE.stream(command.id or new_id())

    def act(asked: Asked) -> Told:
        turn = asked.turn
        wish = ChallengeRaised(
            artist_id=asked.placed.artist_id, hold_id=hold_id, periods=command.periods, note=command.note
        )
        answer: dict[str, Any] = {"challenge_id": stream.id}
        before = turn.beyond.state(stream).raised
        if before is not None:
            challenging.must_be_same(before, wish)
            return (), answer
        challenge = challenging.raise_challenge(turn, asked.claim, asked.spans(command.periods), challenge_id=stream.id)
        turn.beyond.record(stream, wish)
        answer |= {"answer_by": clock_answer(challenge.answer_by), "challenged": challenge.challenged}
        return [HoldChallenged(challenge_id=stream.id)], answer

    return await at_hold(log, context, hold_id, act, also=lambda _: (stream,))


async def answer_challenge(log: Log, context: Context, challenge_id: str, command: AnswerChallenge) -> Outcome:
    """Answers whether that decided anything: `booking_id` when it booked, and where the hold stands."""
    raised = await _raised(log, context, challenge_id)
    placed = await hold_of(log, context, command.hold_id)
    stream, hold = CHALLENGE.stream(challenge_id), HOLD.stream(command.hold_id)

    def act(turn: Turn) -> Mapping[str, Any]:
        challenge = challenging.open_challenge(turn, challenge_id)
        claim = standing(turn, turn.beyond.state(hold), command.hold_id)
        spans = None if command.periods is None else spans_of(command.periods, placed.time_zone or turn.zone)
        bookings = turn.beyond.state(hold).bookings
        if challenging.answer(turn, challenge, claim, command.answer, spans):
            said = AnswerGiven(hold_id=command.hold_id, answer=command.answer, periods=command.periods)
            turn.beyond.record(stream, said)
        answer = standing_answer(turn, command.hold_id)
        if made := turn.beyond.state(hold).bookings[len(bookings) :]:
            answer["booking_id"] = made[-1]
        return answer

    return await at_calendar(log, context, raised.artist_id, subject=stream, also=(hold,), act=act)


async def withdraw_challenge(log: Log, context: Context, challenge_id: str, _: WithdrawChallenge) -> Outcome:
    """Withdrawing twice changes nothing."""
    raised = await _raised(log, context, challenge_id)
    stream = CHALLENGE.stream(challenge_id)

    def act(turn: Turn) -> Mapping[str, Any]:
        if not turn.beyond.state(stream).withdrawn:
            challenging.withdraw(turn, challenging.open_challenge(turn, challenge_id))
            turn.beyond.record(stream, ChallengeWithdrawn())
        return {}

    return await at_calendar(log, context, raised.artist_id, subject=stream, act=act)


async def _raised(log: Log, context: Context, challenge_id: str) -> ChallengeRaised:
    raised = (await log.state(context.tenant_id, CHALLENGE.stream(challenge_id))).raised
    if raised is None:
        raise NotFound("There is no such challenge.")
    return raised
