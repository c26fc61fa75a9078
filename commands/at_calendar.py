"""What commands at an artist's calendar share: the streams they name, their turn at it, and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commands.context import Context
from commands.log import Decided, Log, States
from commands.working_days import working_days
from domain.artist import ARTIST, Artist, ArtistAdded
from domain.booking import BOOKING, BookingMade
from domain.calendar import CALENDAR, Calendar
from domain.clocks import Clock
from domain.decider import Stream
from domain.errors import NotFound
from domain.event import Event
from domain.hold import HOLD, HoldPlaced
from domain.queue import Rank, ranks, worst_rank
from domain.tenant import TENANT, Tenant
from domain.turn import Turn


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams that every command at a calendar names."""

    artist: Stream[Artist]
    calendar: Stream[Calendar]
    tenant: Stream[Tenant]

    @staticmethod
    def of(context: Context, artist_id: str) -> "Streams":
        """Those of one artist."""
        return Streams(ARTIST.stream(artist_id), CALENDAR.stream(artist_id), TENANT.stream(context.tenant_id))

    def and_(self, *more: Stream[Any]) -> Sequence[Stream[Any]]:
        """These and others."""
        return (self.calendar, self.artist, self.tenant, *more)

    def artist_in(self, states: States) -> ArtistAdded:
        """The artist.

        Raises:
            NotFound: there is none.
        """
        added = states[self.artist].added
        if added is None:
            raise NotFound("There is no such artist.")
        return added

    def turn(self, states: States, now: datetime) -> Turn:
        """A turn at the calendar, with what is overdue recorded.

        Raises:
            NotFound: there is no such artist.
        """
        policy = states[self.tenant].policy
        zone = self.artist_in(states).time_zone
        return Turn(states[self.calendar], now, policy, zone, working_days(policy))

    def decided(
        self, turn: Turn, answer: Mapping[str, Any], more: Mapping[Stream[Any], Sequence[Event]] | None = None
    ) -> Decided:
        """All that the turn came to, with the events of other streams first."""
        if turn.warnings:
            answer = {**answer, "warnings": turn.warnings}
        return Decided(events={**(more or {}), self.calendar: turn.finish()}, answer=answer)


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
    """Where a hold stands: its deadline and its ranks; nothing once it has left the calendar."""
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
    return answer
