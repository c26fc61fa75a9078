"""The log's own work: what a hold comes to is written down, and no rule is asked."""

import random
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from commands.log import Decided, Log, States
from domain.calendar import CALENDAR, TimeHeld, TimeReleased
from domain.claims import Limits, held
from domain.clocks import Clock
from domain.hold import HOLD, HoldPlaced, HoldReleased
from domain.periods import Days
from domain.spans import Span, whole_days
from infra.bench.workload import STANDING, ZONE, Tenant, context, new_id, some_day

_LIMITS: Final[Limits] = {
    "after_placing": Clock(datetime(2031, 1, 1, tzinfo=UTC), "the end of 2030", "UTC", "bench"),
}


class Clerk:
    """Writes what placing holds, and releasing the oldest once a few stand, comes to: two events in two streams each.

    The events, the states that they are folded into and the streams are the real ones, so that the log has as much to
    encode, to chain and to keep as ever.
    """

    def __init__(self, log: Log, of: Iterator[Tenant], chance: random.Random) -> None:
        """`of` says for whom the next hold is."""
        self._log = log
        self._of = of
        self._chance = chance
        self._standing = deque[tuple[str, str, str, Span]]()

    async def command(self) -> None:
        """The next command, answered."""
        if len(self._standing) < STANDING:
            await self._place()
        else:
            await self._release(*self._standing.popleft())

    async def _place(self) -> None:
        tenant, day = next(self._of), some_day(self._chance)
        artist, span = self._chance.choice(tenant.artists), whole_days(day, day, ZONE)
        hold, calendar = HOLD.stream(new_id()), CALENDAR.stream(artist)
        placed = HoldPlaced(
            artist_id=artist, project_id=tenant.project, periods=(Days(first_day=day, last_day=day),), time_zone=ZONE
        )

        def decision(states: States, _: datetime) -> Decided:
            at = held(span, states[calendar].next_place)
            stands = TimeHeld(hold_id=hold.id, project_id=tenant.project, spans=(at,), limits=_LIMITS)
            return Decided({hold: [placed], calendar: [stands]})

        await self._log.decide(context(tenant.id, hold.id), hold, [calendar], decision)
        self._standing.append((tenant.id, artist, hold.id, span))

    async def _release(self, tenant_id: str, artist: str, hold_id: str, span: Span) -> None:
        hold, calendar = HOLD.stream(hold_id), CALENDAR.stream(artist)

        def decision(_: States, __: datetime) -> Decided:
            gone = TimeReleased(hold_id=hold_id, released=(span,), spans=(), because="released")
            return Decided({hold: [HoldReleased()], calendar: [gone]})

        await self._log.decide(context(tenant_id, f"r{hold_id}"), hold, [calendar], decision)
