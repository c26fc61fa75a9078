"""A hold at an instant: what is still held and where it stands, or what has ended it by then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar, TimeLapsed, evolve
from domain.challenge import OpenChallenge
from domain.claims import HoldClaim
from domain.claims_by_time import HoldClaims
from domain.overdue import due, lapse
from domain.queue import Rank, ranks
from domain.spans import Span, overlap


@dataclass(frozen=True, slots=True)
class At:
    """A hold that stands on a calendar, at an instant."""

    claim: HoldClaim
    held: Sequence[Span]
    """What no clock has taken; nothing when one has taken the last of it."""
    ranks: Sequence[Rank]
    lapsed: TimeLapsed | None
    """What ended it, though it may not be recorded yet."""
    challenge: OpenChallenge | None
    """That it has raised, or has to answer."""


def standing_at(calendar: Calendar, hold_id: str, now: datetime) -> At:
    """How that hold stands at `now`; `calendar` has all that shares time with it."""
    claim = calendar.holds[hold_id]
    return At(
        claim=claim,
        held=claim.alive_spans(now),
        ranks=ranks(calendar, hold_id, now),
        lapsed=lapsed_by(claim, now),
        challenge=next((c for c in calendar.challenges.values() if _concerns(c, claim)), None),
    )


def lapsed_by(claim: HoldClaim, now: datetime) -> TimeLapsed | None:
    """The fact that has ended `claim` by `now`, just as it will be recorded; None while some of it is held."""
    alone, last = Calendar(HoldClaims({claim.hold_id: claim})), None
    for one in due(alone, now):
        if fact := lapse(alone, one):
            alone, last = evolve(alone, fact), fact
    return None if alone.holds else last


def _concerns(challenge: OpenChallenge, claim: HoldClaim) -> bool:
    named = claim.hold_id == challenge.hold_id or claim.hold_id in challenge.challenged
    return named and overlap(claim.spans, challenge.spans)
