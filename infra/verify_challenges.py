"""On each stretch one challenge is open at most, and each ends there exactly once."""

from collections.abc import Iterable

from domain.challenge import ChallengeEnded, ChallengeOpened
from domain.spans import overlap, subtract
from infra.verify_calendars import Look, Step


def ends_once() -> Look:
    """I4: what is contested is free of other challenges; what ends was open, and only the rest stays so."""
    opened = set[str]()

    def look(step: Step) -> Iterable[str]:
        match step.event:
            case ChallengeOpened() as event:
                if event.challenge_id in opened:
                    yield f"opens {event.challenge_id} a second time"
                opened.add(event.challenge_id)
                for id, other in step.before.challenges.items():
                    if overlap(event.spans, other.spans):
                        yield f"opens {event.challenge_id} where {id} is open"
            case ChallengeEnded() as event:
                open_ = step.before.challenges[event.challenge_id].spans
                if not event.ended or subtract(event.ended, open_):
                    yield f"ends {event.challenge_id} where it is not open"
                left = subtract(open_, event.ended)
                if subtract(left, event.spans) or subtract(event.spans, left):
                    yield f"leaves {event.challenge_id} open elsewhere than it was"
            case _:
                pass

    return look
