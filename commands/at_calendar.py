"""Commands at an artist's calendar: the streams they name, their turn at it, and what they answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from commands.context import Context
from commands.log import Decided, Log, Outcome, States
from commands.working_days import working_days
from domain.artist import ARTIST
from domain.beyond import Beyond, Unnamed
from domain.booking import BOOKING, BookingMade
from domain.calendar import CALENDAR
from domain.claims import HoldClaim
from domain.clocks import Clock
from domain.consequences import begin, finish
from domain.decider import Stream
from domain.ending import standing
from domain.errors import NotFound, VersionConflict
from domain.event import Event
from domain.hold import HOLD, Hold, HoldPlaced
from domain.periods import Period
from domain.queue import Rank, ranks, worst_rank
from domain.spans import Span, spans_of
from domain.tenant import TENANT
from domain.turn import Turn

_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Said:
    """What a command records besides the calendar, and what its caller is told."""

    answer: Mapping[str, Any]
    events: Mapping[Stream[Any], Sequence[Event]]


Act = Callable[[States, Turn], Said]
"""What a command does with its turn. Runs again whenever its states turn out to be stale."""


async def at_calendar(
    log: Log, context: Context, artist_id: str, *, subject: Stream[Any], also: Sequence[Stream[Any]] = (), act: Act
) -> Outcome:
    """Take a turn at an artist's calendar: what is overdue is recorded first, what follows from `act` last.

    When a challenge that ends now needs other streams, they are named and all of it is decided again.

    Raises:
        NotFound: there is no such artist.
    """
    calendar, artist, tenant = CALENDAR.stream(artist_id), ARTIST.stream(artist_id), TENANT.stream(context.tenant_id)
    reads = [calendar, artist, tenant, *also]

    def decision(states: States, now: datetime) -> Decided:
        added = states[artist].added
        if added is None:
            raise NotFound("There is no such artist.")
        policy = states[tenant].policy
        beyond = Beyond(states, (subject, *reads))
        turn = Turn(states[calendar], now, policy, artist_id, added, working_days(policy), beyond)
        before = begin(turn)
        said = act(states, turn)
        answer = {**said.answer, "warnings": turn.warnings} if turn.warnings else said.answer
        events = {**said.events, calendar: finish(turn, before)}
        for stream, facts in beyond.events.items():
            events[stream] = [*events.get(stream, ()), *facts]
        return Decided(events=events, answer=answer)

    for _ in range(_ATTEMPTS):
        try:
            return await log.decide(context, subject, reads, decision)
        except Unnamed as more:
            reads += more.streams
    raise VersionConflict("Others keep changing this calendar.")
