"""Challenges: raise, answer, withdraw."""

from collections.abc import Mapping
from typing import Any

from commands.at_calendar import Asked, Told, at_calendar, at_hold, clock_answer, hold_of, standing_answer
from commands.body import Body, Id, Text, Zone, new_id
from commands.context import Context
from commands.log import Log, Outcome
from domain import challenging
from domain.challenge import CHALLENGE, Answer, AnswerGiven, ChallengeRaised, ChallengeWithdrawn, OpenChallenge
from domain.ending import standing
from domain.errors import NotFound
from domain.hold import HOLD, HoldChallenged, HoldPlaced
from domain.ids import derived_id
from domain.periods import Periods
from domain.placing import place
from domain.project import PROJECT, must_be_open
from domain.spans import spans_of
from domain.turn import Turn


class RaiseChallenge(Body):
    """Ask everyone above this hold to book or let go, on all of it or on `periods`."""

    id: Id | None = None
    periods: Periods | None = None
    note: Text | None = None


class ChallengeAnew(Body):
    """Place a hold at the back, and ask everyone above it to book or let go; where the policy lets anyone challenge."""

    id: Id | None = None
    artist_id: Id
    project_id: Id
    periods: Periods
    note: Text | None = None
    time_zone: Zone | None = None


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
            challenge = turn.calendar.challenges.get(stream.id)
            return (), answer if challenge is None else answer | _told(challenge)
        challenge = challenging.raise_challenge(turn, asked.claim, asked.spans(command.periods), challenge_id=stream.id)
        turn.beyond.record(stream, wish)
        return [HoldChallenged(challenge_id=stream.id)], answer | _told(challenge)

    return await at_hold(log, context, hold_id, act, also=lambda _: (stream,))


async def challenge_anew(log: Log, context: Context, command: ChallengeAnew) -> Outcome:
    """Answers the hold too, whose id follows from the challenge's: all of it twice is once."""
    stream = CHALLENGE.stream(command.id or new_id())
    hold, project = HOLD.stream(derived_id(stream.id, "hold")), PROJECT.stream(command.project_id)
    wish = HoldPlaced(
        artist_id=command.artist_id,
        project_id=command.project_id,
        periods=command.periods,
        time_zone=command.time_zone,
        note=command.note,
    )
    raised = ChallengeRaised(artist_id=command.artist_id, hold_id=hold.id, note=command.note)

    def act(turn: Turn) -> Mapping[str, Any]:
        before = turn.beyond.state(stream).raised
        if before is None:
            challenging.must_let_anyone(turn)
            must_be_open(turn.beyond.state(project))
        else:
            challenging.must_be_same(before, raised)
        spans = spans_of(command.periods, command.time_zone or turn.zone)
        placed = place(turn, turn.beyond.state(hold), wish, hold_id=hold.id, spans=spans, permissions=frozenset())
        turn.beyond.record(hold, *placed)
        if before is None:
            challenging.raise_challenge(turn, turn.calendar.holds[hold.id], None, challenge_id=stream.id)
            turn.beyond.record(stream, raised)
            turn.beyond.record(hold, HoldChallenged(challenge_id=stream.id))
        challenge = turn.calendar.challenges.get(stream.id)
        answer = {"challenge_id": stream.id, "hold_id": hold.id, **standing_answer(turn, hold.id)}
        return answer if challenge is None else answer | _told(challenge)

    return await at_calendar(log, context, command.artist_id, subject=stream, also=(hold, project), act=act)


def _told(challenge: OpenChallenge) -> dict[str, Any]:
    return {"answer_by": clock_answer(challenge.answer_by), "challenged": challenge.challenged}


async def answer_challenge(log: Log, context: Context, challenge_id: str, command: AnswerChallenge) -> Outcome:
    """Answers whether that decided anything: `booking_id` when it booked, and where the hold stands."""
    raised = await _raised(log, context, challenge_id)
    placed = await hold_of(log, context, command.hold_id)
    stream, hold = CHALLENGE.stream(challenge_id), HOLD.stream(command.hold_id)

    def act(turn: Turn) -> Mapping[str, Any]:
        if placed.artist_id != raised.artist_id:
            raise challenging.NotChallenged("The hold is another artist's.")
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
