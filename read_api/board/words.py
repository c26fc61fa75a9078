"""Events in a coordinator's words."""

from collections.abc import Mapping
from typing import Any, Final

_LAPSES: Final = {
    "deadline": "Lapsed at its deadline",
    "no_response": "Lapsed: the artist did not answer",
    "first_refusal": "Lost what it was promoted to: nobody kept it",
    "commitment": "Lost what it had won: it was not booked in time",
    "challenge": "Lost the challenge by silence",
}
_RELEASES: Final = {
    "released": "Let go of time",
    "declined": "Declined by the artist",
    "booked": "Released, since others booked that time",
    "not_kept": "Let go of the days that were not confirmed",
    "group_filled": "Released: the group has enough",
    "group_broken": "Released: the run cannot be whole",
    "project_cancelled": "Released with its project",
    "challenged": "Let go when challenged",
}
_WORDS: Final = {
    "hold.placed": "Placed the hold",
    "hold.released": "Released it",
    "hold.changed": "Changed its dates",
    "hold.extended": "Extended it",
    "hold.kept": "Kept it after the promotion",
    "hold.confirmed": "Confirmed it",
    "hold.challenged": "Challenged everyone above",
    "hold.accepted": "Accepted it for the artist",
    "hold.declined": "Declined it for the artist",
    "hold.countered": "Offered other time",
    "calendar.time_held": "Took its place in the queue",
    "calendar.time_changed": "Stands on other time",
    "calendar.hold_promoted": "Moved up to 1st",
    "calendar.promotion_kept": "Stays 1st",
    "calendar.clocks_stopped": "Has nothing to decide while others have the time",
    "calendar.limits_moved": "Has another deadline",
    "calendar.consent_given": "Was accepted by the artist",
    "calendar.consent_countered": "Was countered by the artist",
    "calendar.time_booked": "Became a booking",
    "calendar.challenge_answered": "Answered the challenge",
    "calendar.challenge_ended": "Won the challenge",
}


def said(type: str, data: Mapping[str, Any]) -> str:
    """What an event of a hold means; of one that has no words yet, its name."""
    name = type.rpartition(".v")[0]
    if name == "calendar.time_lapsed":
        return _LAPSES[data["because"]]
    if name == "calendar.time_released":
        return _RELEASES[data["because"]]
    if name == "calendar.challenge_answered":
        return f"Answered the challenge: {'would book' if data['answer'] == 'confirm' else 'lets go'}"
    return _WORDS.get(name, name.replace(".", " ").replace("_", " ").capitalize())
