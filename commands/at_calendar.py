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
from domain.job import JOB
from domain.periods import Days, Hours
from domain.queue import Rank, ranks, worst_rank
from domain.spans import Span, spans_of
from domain.tenant import TENANT
from domain.turn import Turn

_ATTEMPTS: Final = 5


Act = Callable[[Turn], Mapping[str, Any]]
"""What a command does with its turn; answers what its caller is told. Runs again whenever its states prove stale."""


async def at_calendar(
    log: Log, context: Context, artist_id: str, *, subject: Stream[Any], also: Sequence[Stream[Any]] = (), act: Act
) -> Outcome:
    """Take a turn at an artist's calendar: what is overdue is recorded first, what follows from `act` last.

    When a challenge that ends now needs other streams, they are named and all of it is decided again.

    Raises:
        NotFound: there is no such artist.
    """
    calendar, artist, tenant = CALENDAR.stream(artist_id), ARTIST.stream(artist_id), TENANT.stream(context.tenant_id)
    reads: list[Stream[Any]] = [calendar, artist, tenant, *also]

    def decision(states: States, now: datetime) -> Decided:
        added = states[artist].added
        if added is None:
            raise NotFound("There is no such artist.")
        policy = states[tenant].policy
        beyond = Beyond(states.__getitem__, (subject, *reads))
        turn = Turn(states[calendar], now, policy, artist_id, added, working_days(policy), beyond)
        before = begin(turn)
        answer = act(turn)
        facts = finish(turn, before)
        if turn.warnings:
            answer = {**answer, "warnings": turn.warnings}
        beyond.events[calendar] = facts
        return Decided(beyond.events, answer, {calendar: turn.calendar})

    for _ in range(_ATTEMPTS):
        try:
            return await log.decide(context, subject, reads, decision)
        except Unnamed as more:
            reads += more.streams
    raise VersionConflict("Others keep changing this calendar.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A hold that a command is about, as it stands in a turn."""

    turn: Turn
    hold_id: str
    hold: Hold
    placed: HoldPlaced

    @property
    def claim(self) -> HoldClaim:
        """Its claim.

        Raises:
            HoldEnded, HoldLapsed: it does not stand any more.
        """
        return standing(self.turn, self.hold, self.hold_id)

    def spans(self, periods: Sequence[Days | Hours] | None) -> tuple[Span, ...] | None:
        """What periods mean that were said of it; None, all of it, stays None."""
        return None if periods is None else spans_of(periods, self.placed.time_zone or self.turn.zone)

    def answer(self) -> dict[str, Any]:
        """Where it stands."""
        return standing_answer(self.turn, self.hold_id)


def in_group(placed: HoldPlaced) -> Sequence[Stream[Any]]:
    """The job of a hold that is one of a group."""
    return () if placed.job_id is None or placed.group is None else (JOB.stream(placed.job_id),)


Told = tuple[Sequence[Event], Mapping[str, Any]]
"""A hold's own facts, and what the caller is told."""


async def at_hold(
    log: Log,
    context: Context,
    hold_id: str,
    act: Callable[[Asked], Told],
    *,
    also: Callable[[HoldPlaced], Sequence[Stream[Any]]] = in_group,
) -> Outcome:
    """Take a turn at the calendar of a hold's artist; `act` answers the hold's own facts.

    `also` are the streams that it needs beside the hold's own, by what was placed.

    Raises:
        NotFound: there is no such hold.
    """
    placed = await hold_of(log, context, hold_id)
    stream = HOLD.stream(hold_id)

    def with_hold(turn: Turn) -> Mapping[str, Any]:
        said, answer = act(Asked(turn, hold_id, turn.beyond.state(stream), placed))
        turn.beyond.record(stream, *said)
        return answer

    return await at_calendar(log, context, placed.artist_id, subject=stream, also=also(placed), act=with_hold)


async def hold_of(log: Log, context: Context, hold_id: str) -> HoldPlaced:
    """What was placed under this id.

    Raises:
        NotFound: nothing.
    """
    hold = await log.state(context.tenant_id, HOLD.stream(hold_id))
    if hold.placed is None:
        raise NotFound("There is no such hold.")
    return hold.placed


async def booking_of(log: Log, context: Context, booking_id: str) -> BookingMade:
    """What was booked under this id.

    Raises:
        NotFound: nothing.
    """
    booking = await log.state(context.tenant_id, BOOKING.stream(booking_id))
    if booking.made is None:
        raise NotFound("There is no such booking.")
    return booking.made


def standing_answer(turn: Turn, hold_id: str) -> dict[str, Any]:
    """Where a hold stands: its deadline and its ranks; no ranks once it has left the calendar."""
    claim = turn.calendar.holds.get(hold_id)
    if claim is None:
        return {"ranks": [], "worst_rank": None}
    found = ranks(turn.calendar, hold_id, turn.now)
    answer: dict[str, Any] = {
        "deadline": clock_answer(claim.deadline),
        "ranks": [rank_answer(rank) for rank in found],
        "worst_rank": worst_rank(found),
    }
    if claim.respond_by is not None:
        answer["respond_by"] = clock_answer(claim.respond_by)
    return answer


def clock_answer(clock: Clock) -> dict[str, Any]:
    """A clock as clients see it."""
    return {"at": clock.at, "rule": clock.rule, "zone": clock.zone}


def rank_answer(rank: Rank) -> dict[str, Any]:
    """A rank as clients see it."""
    span = rank.span
    answer: dict[str, Any] = {"starts_at": span.starts_at, "ends_at": span.ends_at}
    if span.first_day is not None:
        answer["first_day"], answer["last_day"] = span.first_day, span.last_day
    answer["rank"], answer["state"] = rank.rank, rank.state
    if span.first_refusal is not None:
        answer["first_refusal_until"] = span.first_refusal.at
    if span.commitment is not None:
        answer["book_by"] = span.commitment.at
    return answer
