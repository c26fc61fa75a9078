"""What becomes of challenges: on each stretch the queue is walked from rank 1 until somebody books, or has yet to say.

A release lets go, a confirmation books, silence at the deadline loses, and when all above have let go the challenger
has won: its commitment runs. A challenge ends without a winner where somebody books, where the challenger has left, and
where time off blocks the time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from domain import job as jobs
from domain import limits
from domain.booked import record_booking
from domain.booking import BOOKING, BookingMade
from domain.booking_time import book_hold
from domain.calendar import TimeLapsed
from domain.challenge import ChallengeEnded, OpenChallenge, Outcome
from domain.claims import Held, HoldClaim
from domain.decider import Stream
from domain.ending import release
from domain.errors import Refused
from domain.hold import HOLD
from domain.ids import derived_id
from domain.job import JOB, Job
from domain.overrides import Overrides
from domain.project import PROJECT, must_be_open
from domain.queue import AS_RECORDED, Stretch, stretches
from domain.spans import Span, intersect, periods_of, plain, split_at, subtract, union
from domain.turn import Turn

Step = Literal["release", "confirm", "lapse"]


@dataclass(slots=True)
class _Walk:
    """What the queue as it stands decides, by stretch: how the challenge ended, or what somebody above does."""

    ended: dict[Outcome, list[Span]] = field(default_factory=dict)
    steps: dict[tuple[Step, str, str | None], list[Span]] = field(default_factory=dict)


def resolve(turn: Turn, *, on: tuple[Span, ...]) -> None:
    """Decide what can be decided in the challenges on some time; what one decides concerns no other.

    Raises:
        Unnamed: an intended confirmation needs streams that were not named.
    """
    for challenge in turn.calendar.challenges.on(on):
        _decide(turn, challenge.challenge_id, silent=False)


def time_is_up(turn: Turn, challenge_id: str) -> None:
    """Decide a challenge, unless it has been: silence loses.

    Raises:
        Unnamed: an intended confirmation needs streams that were not named.
    """
    if challenge_id in turn.calendar.challenges:
        _decide(turn, challenge_id, silent=True)


def cool_down(turn: Turn) -> datetime | None:
    """Until when a project whose challenge failed now has to wait."""
    count = turn.policy.cool_down_hours
    return turn.now + timedelta(hours=count) if count else None


def _decide(turn: Turn, challenge_id: str, *, silent: bool) -> None:
    while _somebody_acts(turn, challenge_id, silent=silent):
        pass


def _somebody_acts(turn: Turn, challenge_id: str, *, silent: bool) -> bool:
    """Record how the challenge ended where it did, and the first thing that somebody above does; False if nobody."""
    challenge = turn.calendar.challenges[challenge_id]
    walk = _walk(turn, challenge, silent=silent)
    for outcome, spans in walk.ended.items():
        if spans:
            _end(turn, challenge_id, outcome, union(spans))
    for (step, hold_id, reason), spans in walk.steps.items():
        _take(turn, challenge, step=step, hold_id=hold_id, spans=union(spans), reason=reason)
        return True
    return False


def _walk(turn: Turn, challenge: OpenChallenge, *, silent: bool) -> _Walk:
    walk = _Walk()
    gone = challenge.spans
    for stretch, there in _contested(turn, challenge):
        gone = subtract(gone, there)
        if ended := _ended(challenge, stretch):
            walk.ended.setdefault(ended, []).extend(there)
        elif step := _next(turn, challenge, stretch, there, silent=silent):
            walk.steps.setdefault(step, []).extend(there)
    booked = union(span for booking in turn.calendar.bookings.on(gone) for span in plain(booking.spans))
    walk.ended.setdefault("lost", []).extend(intersect(gone, booked))
    walk.ended.setdefault("void", []).extend(subtract(gone, booked))
    return walk


def _contested(turn: Turn, challenge: OpenChallenge) -> Iterator[tuple[Stretch, tuple[Span, ...]]]:
    """The queue on what is contested, by stretches on which everybody has said one thing, with that time."""
    said = [span for _, intent in challenge.intents for span in intent.spans]
    for stretch in stretches(turn.calendar, AS_RECORDED, split_at(challenge.spans, said)):
        yield stretch, intersect(challenge.spans, (Span(stretch.starts_at, stretch.ends_at, "UTC"),))


def _ended(challenge: OpenChallenge, stretch: Stretch) -> Outcome | None:
    ids = [entry.hold_id for entry in stretch.entries]
    if stretch.booking_ids:
        return "lost"
    if ids[0] == challenge.hold_id and not stretch.time_off_ids:
        return "won"
    still_on = challenge.hold_id in ids and ids[0] in challenge.challenged and not stretch.time_off_ids
    return None if still_on else "void"


def _next(
    turn: Turn, challenge: OpenChallenge, stretch: Stretch, there: tuple[Span, ...], *, silent: bool
) -> tuple[Step, str, str | None] | None:
    """What rank 1 does there; nothing while it may still answer."""
    first = stretch.entries[0].hold_id
    intent = challenge.intent(first, stretch.starts_at)
    if intent == "release":
        return "release", first, None
    reason = _why_not(turn, challenge, first, there) if intent == "confirm" else None
    if intent == "confirm" and reason is None:
        return "confirm", first, None
    return ("lapse", first, reason) if silent else None


def _why_not(turn: Turn, challenge: OpenChallenge, hold_id: str, spans: tuple[Span, ...]) -> str | None:
    """Why an intended confirmation has become impossible on `spans`."""
    claim = turn.calendar.holds[hold_id]
    if not turn.beyond.named(BOOKING.stream(_booking_id(challenge, claim, spans))):
        turn.beyond.need(*_what_confirming_takes(turn))
    if claim.consent in {"asked", "countered"}:
        return "The artist has not accepted."
    try:
        must_be_open(turn.beyond.state(PROJECT.stream(claim.project_id)))
        for stream in _job(claim):
            job = turn.beyond.state(stream)
            jobs.must_be_open(job, claim.project_id)
            jobs.fill(job, spans, booking_id="", artist_id="", hold_id=hold_id, overrides=Overrides())
    except Refused as refused:
        return refused.detail
    return None


def _what_confirming_takes(turn: Turn) -> Iterator[Stream[Any]]:
    """The streams of everybody who intends to confirm, in any challenge: whoever has to name them does so once."""
    for challenge in turn.calendar.challenges.values():
        for stretch, there in _contested(turn, challenge):
            for entry in stretch.entries:
                if challenge.intent(entry.hold_id, stretch.starts_at) == "confirm":
                    claim = turn.calendar.holds[entry.hold_id]
                    yield PROJECT.stream(claim.project_id)
                    yield HOLD.stream(claim.hold_id)
                    yield BOOKING.stream(_booking_id(challenge, claim, there))
                    yield from _job(claim)


def _job(claim: HoldClaim) -> tuple[Stream[Job], ...]:
    return () if claim.job_id is None else (JOB.stream(claim.job_id),)


def _booking_id(challenge: OpenChallenge, claim: HoldClaim, spans: tuple[Span, ...]) -> str:
    """The id of the booking of `spans`, which a hold confirms once at most: the same however often it is decided."""
    return derived_id(challenge.challenge_id, f"{claim.hold_id} {spans[0].starts_at.isoformat()}")


def _take(
    turn: Turn, challenge: OpenChallenge, *, step: Step, hold_id: str, spans: tuple[Span, ...], reason: str | None
) -> None:
    """Do what a walk came to."""
    claim = turn.calendar.holds[hold_id]
    match step:
        case "release":
            release(turn, claim, spans, "challenged")
        case "confirm":
            _confirm(turn, challenge, claim, spans)
        case _:
            lost = plain(intersect(claim.spans, spans))
            turn.record(
                TimeLapsed(
                    hold_id=hold_id,
                    lapsed=lost,
                    spans=union(subtract(claim.spans, spans)),
                    because="challenge",
                    at=challenge.answer_by.at,
                    rule=challenge.answer_by.rule,
                    reason=reason,
                ),
                freed=lost,
            )


def _confirm(turn: Turn, challenge: OpenChallenge, claim: HoldClaim, spans: tuple[Span, ...]) -> None:
    """Book what somebody said they would; the rest of the hold is kept."""
    booking_id = _booking_id(challenge, claim, spans)
    booked = book_hold(turn, claim, spans, booking_id=booking_id, keep_rest=True, overrides=Overrides())
    made = BookingMade(
        artist_id=turn.artist_id,
        project_id=claim.project_id,
        hold_id=claim.hold_id,
        job_id=claim.job_id,
        periods=periods_of(booked),
        time_zone=booked[0].time_zone,
        rate=turn.artist.day_rate,
    )
    record_booking(turn, made, booking_id=booking_id, booked=booked, overrides=Overrides())


def _end(turn: Turn, challenge_id: str, outcome: Outcome, ended: tuple[Span, ...]) -> None:
    challenge = turn.calendar.challenges[challenge_id]
    won: tuple[Held, ...] = ()
    clock = None
    if outcome == "won":
        clock = limits.commitment(turn.policy, now=turn.now, zone=turn.zone)
        spans = turn.calendar.holds[challenge.hold_id].spans
        bound = (replace(span, commitment=clock, first_refusal=None) for span in intersect(spans, ended))
        won = union((*subtract(spans, ended), *bound))
    turn.record(
        ChallengeEnded(
            challenge_id=challenge_id,
            outcome=outcome,
            ended=plain(ended),
            spans=union(subtract(challenge.spans, ended)),
            commitment=clock,
            hold_id=challenge.hold_id if won else None,
            hold_spans=won,
            cool_down=cool_down(turn) if outcome == "lost" else None,
        )
    )
