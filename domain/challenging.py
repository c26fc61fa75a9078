"""Raising, answering and withdrawing a challenge."""

from datetime import timedelta
from itertools import takewhile

from domain.artist import IdTaken
from domain.booking_time import ConsentPending, NotHeld
from domain.challenge import (
    Answer,
    ChallengeAnswered,
    ChallengeEnded,
    ChallengeOpened,
    ChallengeRaised,
    OpenChallenge,
)
from domain.claims import HoldClaim
from domain.clocks import Clock, counted, working_days_later
from domain.errors import Refused
from domain.queue import Stretch, stretches
from domain.resolving import cool_down, resolve
from domain.spans import Span, intersect, overlap, plain, subtract, union
from domain.turn import Turn


class ChallengeAlreadyOpen(Refused):
    """Some of that time is contested already."""

    code = "challenge_open"


class NothingToChallenge(Refused):
    """Nobody else's live hold is above it on that time."""

    code = "nothing_to_challenge"


class MayNotChallenge(Refused):
    """The policy lets only the next in rank challenge, or only who holds that time."""

    code = "may_not_challenge"


class CoolingDown(Refused):
    """The project's last challenge there failed too recently."""

    code = "cooling_down"


class ChallengeOver(Refused):
    """It has been decided, or withdrawn, on that time."""

    code = "challenge_over"


class NotChallenged(Refused):
    """The hold is not challenged on that time."""

    code = "not_challenged"


def raise_challenge(
    turn: Turn, claim: HoldClaim, spans: tuple[Span, ...] | None, *, challenge_id: str
) -> OpenChallenge:
    """Challenge everyone above `claim` on `spans`, or on all of it, wherever others are live above it.

    Raises:
        NotHeld, ConsentPending: the hold cannot challenge there.
        ChallengeAlreadyOpen, NothingToChallenge, MayNotChallenge, CoolingDown: nor can anybody, or not now.
    """
    wanted = claim.spans if spans is None else intersect(claim.spans, spans)
    if not wanted:
        raise NotHeld("The hold does not cover that time.")
    if claim.consent in {"asked", "countered"}:
        raise ConsentPending("The artist has not accepted.", consent=claim.consent)
    if there := [challenge.challenge_id for challenge in turn.calendar.challenges.on(wanted)]:
        raise ChallengeAlreadyOpen("Some of that time is contested already.", conflicts=there)
    above = [(stretch, _above(turn, claim, stretch)) for stretch in stretches(turn.calendar, turn.now, wanted)]
    above = [(stretch, ids) for stretch, ids in above if ids]
    if not above:
        raise NothingToChallenge("Nobody else's live hold is above it on that time.")
    if turn.policy.who_may_challenge == "next_rank" and any(len(ids) > 1 for _, ids in above):
        raise MayNotChallenge("Only the next in rank may challenge.")
    live = tuple(Span(stretch.starts_at, stretch.ends_at, "UTC") for stretch, _ in above)
    contested = union(plain(intersect(wanted, live)))
    for failed in turn.calendar.cool_downs:
        if failed.project_id == claim.project_id and turn.now < failed.until and overlap(failed.spans, contested):
            raise CoolingDown("The last challenge there failed too recently.", until=failed.until)
    turn.record(
        ChallengeOpened(
            challenge_id=challenge_id,
            hold_id=claim.hold_id,
            project_id=claim.project_id,
            spans=contested,
            challenged=tuple(dict.fromkeys(id for _, ids in above for id in ids)),
            answer_by=_window(turn),
        )
    )
    return turn.calendar.challenges[challenge_id]


def must_let_anyone(turn: Turn) -> None:
    """Refuse who holds nothing there, unless the policy gives them a hold at the back to challenge with.

    Raises:
        MayNotChallenge: it does not.
    """
    if turn.policy.who_may_challenge != "anyone":
        raise MayNotChallenge("The policy lets only who holds that time challenge: place a hold first.")


def must_be_same(before: ChallengeRaised, wish: ChallengeRaised) -> None:
    """Refuse another challenge under an id that is taken.

    Raises:
        IdTaken: it is another.
    """
    if before != wish:
        raise IdTaken("Another challenge has this id.")


def _above(turn: Turn, claim: HoldClaim, stretch: Stretch) -> list[str]:
    """Whom `claim` challenges on a stretch; nobody where its own project stands higher, which can challenge itself."""
    higher = list(takewhile(lambda entry: entry.hold_id != claim.hold_id, stretch.entries))
    own = any(turn.calendar.holds[entry.hold_id].project_id == claim.project_id for entry in higher)
    if own or any(entry.state != "live" for entry in higher):
        return []
    return [entry.hold_id for entry in higher]


def _window(turn: Turn) -> Clock:
    window = turn.policy.window
    zone = window.time_zone or turn.zone
    if window.unit == "hours":
        at = turn.now + timedelta(hours=window.amount)
        return Clock(at, f"{counted(window.amount, 'hour')} to answer", zone, turn.policy.name)
    at = working_days_later(turn.now, window.amount, zone, cut_off=window.cut_off, days=turn.working)
    return Clock(at, f"{counted(window.amount, 'working day')} to answer", zone, turn.policy.name, turn.working.name)


def open_challenge(turn: Turn, challenge_id: str) -> OpenChallenge:
    """The challenge, which is still open at the turn's now.

    Raises:
        ChallengeOver: it is not.
    """
    found = turn.calendar.challenges.get(challenge_id)
    if found is None:
        raise ChallengeOver("The challenge is over.")
    return found


def answer(
    turn: Turn, challenge: OpenChallenge, claim: HoldClaim, said: Answer, spans: tuple[Span, ...] | None
) -> bool:
    """Record what `claim` would do, and whatever that decides; False when it has said the same before.

    An answer binds once everyone above has let go.

    Raises:
        NotChallenged: it does not concern that time of this hold.
        ConsentPending: what the artist has not accepted cannot be confirmed.
    """
    mine = _challenged(turn, challenge, claim)
    about = mine if spans is None else intersect(mine, spans)
    if not about:
        raise NotChallenged("The hold is not challenged on that time.")
    if said == "confirm" and claim.consent in {"asked", "countered"}:
        raise ConsentPending("The artist has not accepted.", consent=claim.consent)
    if not subtract(about, challenge.said(claim.hold_id, said)):
        return False
    turn.record(
        ChallengeAnswered(challenge_id=challenge.challenge_id, hold_id=claim.hold_id, answer=said, spans=plain(about))
    )
    resolve(turn, on=challenge.spans)
    return True


def _challenged(turn: Turn, challenge: OpenChallenge, claim: HoldClaim) -> tuple[Span, ...]:
    """The contested time on which a hold stands above the challenger."""
    above: list[Span] = []
    for stretch in stretches(turn.calendar, turn.now, intersect(challenge.spans, claim.spans)):
        higher = takewhile(lambda entry: entry.hold_id != challenge.hold_id, stretch.entries)
        if claim.hold_id in (entry.hold_id for entry in higher):
            above.append(Span(stretch.starts_at, stretch.ends_at, "UTC"))
    return intersect(challenge.spans, union(above))


def withdraw(turn: Turn, challenge: OpenChallenge) -> None:
    """Take the challenge back: every intent is void, and everyone stands where they stood."""
    turn.record(
        ChallengeEnded(
            challenge_id=challenge.challenge_id,
            outcome="withdrawn",
            ended=challenge.spans,
            spans=(),
            cool_down=cool_down(turn),
        )
    )
