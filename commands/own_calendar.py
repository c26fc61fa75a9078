"""What an artist may change: their own calendar, and who sees it; nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from commands.context import Context
from commands.log import Decision, Log, Outcome
from domain.artist import ARTIST
from domain.calendar import CALENDAR
from domain.decider import Stream
from domain.errors import NotFound

S = TypeVar("S")

_THEIRS: Final = (f"{CALENDAR.category}/", f"{ARTIST.category}/")


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
            NotFound: the command is about no artist, or not about this one only.
        """
        artists = {stream.id for stream in (subject, *reads) if stream.name.startswith(_THEIRS)}
        if artists != {self.artist_id}:
            raise NotFound("There is none.")
        return await self.log.decide(context, subject, reads, decision)

    async def state(self, tenant_id: str, stream: Stream[S]) -> S:
        """See `Log.state`."""
        return await self.log.state(tenant_id, stream)
