"""A challenge: book now or let go. Who raised it and what was said are here; what came of it is on the calendar."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Literal, assert_never

from domain.claims import Held
from domain.claims_by_time import ClaimsByTime
from domain.clocks import Clock
from domain.decider import Decider
from domain.errors import Refused
from domain.event import Event
from domain.instants import Instant
from domain.periods import Period
from domain.rederived import ContestRederived
from domain.spans import Span, subtract, union

Answer = Literal["confirm", "release"]
Outcome = Literal["won", "lost", "withdrawn", "void"]
"""Lost: somebody above booked. Void: the challenger left, or nobody can book that time any more."""


class ChallengeRaised(Event):
    """A hold asks everyone above it to book or let go."""

    stored_as: ClassVar[str] = "challenge.raised.v1"
    artist_id: str
    hold_id: str
    periods: tuple[Period, ...] | None = None
    """As said; None means all of the hold."""
    note: str | None = None


class AnswerGiven(Event):
    """Somebody challenged said what they would do."""

    stored_as: ClassVar[str] = "challenge.answered.v1"
    hold_id: str
    answer: Answer
    periods: tuple[Period, ...] | None = None


class ChallengeWithdrawn(Event):
    """The challenger takes it back."""

    stored_as: ClassVar[str] = "challenge.withdrawn.v1"


@dataclass(frozen=True, slots=True)
class Challenge:
    """Who raised it, and whether they took it back."""

    raised: ChallengeRaised | None = None
    withdrawn: bool = False


def evolve(challenge: Challenge, event: Event) -> Challenge:
    """The challenge after `event`."""
    match event:
        case ChallengeRaised():
            return Challenge(raised=event)
        case ChallengeWithdrawn():
            return replace(challenge, withdrawn=True)
        case _:
            return challenge


CHALLENGE = Decider[Challenge](
    category="challenge",
    events=(ChallengeRaised, AnswerGiven, ChallengeWithdrawn),
    initial=Challenge(),
    evolve=evolve,
)


class ChallengeOpened(Event):
    """On the calendar: `challenged` have until `answer_by` on the contested `spans`."""

    stored_as: ClassVar[str] = "calendar.challenge_opened.v1"
    challenge_id: str
    hold_id: str
    project_id: str
    spans: tuple[Span, ...]
    challenged: tuple[str, ...]
    answer_by: Clock


class ChallengeAnswered(Event):
    """On the calendar: an intent, which binds when everyone above has let go."""

    stored_as: ClassVar[str] = "calendar.challenge_answered.v1"
    challenge_id: str
    hold_id: str
    answer: Answer
    spans: tuple[Span, ...]


class ChallengeEnded(Event):
    """On the calendar: the challenge is decided on `ended`; `spans` are still contested."""

    stored_as: ClassVar[str] = "calendar.challenge_ended.v1"
    challenge_id: str
    outcome: Outcome
    ended: tuple[Span, ...]
    spans: tuple[Span, ...]
    commitment: Clock | None = None
    """The winner's clock to book what was won."""
    hold_id: str | None = None
    hold_spans: tuple[Held, ...] = ()
    """The winner's time, its clock running."""
    cool_down: Instant | None = None
    """Until when the same project raises no other challenge there."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody challenged would do on `spans`."""

    answer: Answer
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class OpenChallenge:
    """A challenge as its artist's calendar knows it, as far as it is undecided."""

    challenge_id: str
    hold_id: str
    project_id: str
    spans: tuple[Span, ...]
    challenged: tuple[str, ...]
    answer_by: Clock
    intents: tuple[tuple[str, Intent], ...] = ()
    """By hold, the latest last: it counts where they overlap."""

    def intent(self, hold_id: str, at: datetime) -> Answer | None:
        """What a hold would do with the contested time at an instant."""
        for holder, intent in reversed(self.intents):
            if holder == hold_id and any(s.starts_at <= at < s.ends_at for s in intent.spans):
                return intent.answer
        return None

    def said(self, hold_id: str, answer: Answer) -> tuple[Span, ...]:
        """Where that is what a hold would do."""
        spans: tuple[Span, ...] = ()
        for holder, intent in self.intents:
            if holder == hold_id and intent.answer == answer:
                spans = union((*spans, *intent.spans))
            elif holder == hold_id:
                spans = subtract(spans, intent.spans)
        return spans


OpenChallenges = ClaimsByTime[OpenChallenge]


def evolve_open(
    challenges: OpenChallenges, event: ChallengeOpened | ChallengeAnswered | ChallengeEnded | ContestRederived
) -> OpenChallenges:
    """What is open on a calendar after `event`."""
    match event:
        case ChallengeOpened():
            opened = OpenChallenge(
                event.challenge_id, event.hold_id, event.project_id, event.spans, event.challenged, event.answer_by
            )
            return challenges.put(event.challenge_id, opened)
        case ChallengeAnswered():
            one = challenges[event.challenge_id]
            intents = (*one.intents, (event.hold_id, Intent(event.answer, event.spans)))
            return challenges.put(event.challenge_id, replace(one, intents=intents))
        case ChallengeEnded(spans=()):
            return challenges.without(event.challenge_id)
        case ChallengeEnded():
            return challenges.put(event.challenge_id, replace(challenges[event.challenge_id], spans=event.spans))
        case ContestRederived():
            for id, spans in event.spans.items():
                challenges = challenges.put(id, replace(challenges[id], spans=spans))
            return challenges
        case _:
            assert_never(event)


class Contested(Refused):
    """That time is contested: it can be answered or released, not changed, and its clock does not move."""

    code = "contested"


@dataclass(frozen=True, slots=True)
class CoolDown:
    """Time on which a project may not challenge again until an instant."""

    project_id: str
    spans: tuple[Span, ...]
    until: Instant
