"""What an artist may change: their own calendar, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from commands.context import Context
from commands.log import Decision, Log, Outcome
from domain.calendar import CALENDAR
from domain.decider import Stream
from domain.errors import NotFound

S = TypeVar("S")

_CALENDARS: Final = f"{CALENDAR.category}/"


@dataclass(frozen=True, slots=True)
class OwnCalendar:
    """The log of somebody who is no staff: whatever is another artist's is not there."""

    log: Log
    artist_id: str

    async def decide(
        self, context: Context, subject: Stream[Any], reads: Sequence[Stream[Any]], decision: Decision
    ) -> Outcome:
        """See `Log.decide`.

        Raises:
            NotFound: the command is not about the artist's own calendar.
        """
        calendars = {stream.name for stream in (subject, *reads) if stream.name.startswith(_CALENDARS)}
        if calendars != {CALENDAR.stream(self.artist_id).name}:
            raise NotFound("There is none.")
        return await self.log.decide(context, subject, reads, decision)

    async def state(self, tenant_id: str, stream: Stream[S]) -> S:
        """See `Log.state`."""
        return await self.log.state(tenant_id, stream)
