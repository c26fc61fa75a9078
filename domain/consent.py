"""The artist's, or the agent's, answer to a hold: accept, decline, or offer other time. Silence declines."""

from domain.calendar import ConsentCountered, ConsentGiven
from domain.claims import HoldClaim
from domain.ending import release
from domain.errors import Refused
from domain.hold_limits import given
from domain.spans import Span
from domain.turn import Turn


class NotAsked(Refused):
    """Nobody is waiting for the artist's answer."""

    code = "not_asked"


def accept(turn: Turn, claim: HoldClaim) -> bool:
    """The artist agrees; limits counted from the acceptance start. False when it was accepted already.

    Raises:
        NotAsked: nobody asked.
    """
    if claim.consent == "given":
        return False
    _asked(claim)
    turn.record(ConsentGiven(hold_id=claim.hold_id, limits=given(turn, claim)))
    return True


def decline(turn: Turn, claim: HoldClaim) -> None:
    """The artist does not agree: the hold has ended, even if it had been accepted.

    Raises:
        NotAsked: nobody asks this artist.
    """
    if claim.consent == "not_needed":
        raise NotAsked("Nobody has to accept this hold.")
    release(turn, claim, None, "declined")


def counter(turn: Turn, claim: HoldClaim, offered: tuple[Span, ...]) -> bool:
    """The artist offers other time: the hold changed to it, or to part of it, is accepted. False when that is known.

    Raises:
        NotAsked: nobody asked.
    """
    if claim.consent == "countered" and claim.offered == offered:
        return False
    _asked(claim)
    turn.record(ConsentCountered(hold_id=claim.hold_id, offered=offered))
    return True


def _asked(claim: HoldClaim) -> None:
    if claim.consent not in {"asked", "countered"}:
        raise NotAsked("Nobody is waiting for an answer.", consent=claim.consent)
