"""Who is free, as clients see it, and the time that is asked about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import Field

from read_api.shapes import Id, Shown
from read_api.window import Moment, Window

_USUAL: Final = timedelta(days=28)
_LONGEST: Final = timedelta(days=366)

Interval = tuple[datetime, datetime]
"""From an instant until, not including, another."""


class FreeTime(Shown):
    """A stretch that nobody has claimed."""

    starts_at: datetime
    ends_at: datetime


class ArtistFree(Shown):
    """An artist who can be had for all of the time, or for all of it but for holds."""

    id: Id
    name: str
    time_zone: str = Field(examples=["Europe/Berlin"])
    skills: list[str]
    standing: Literal["free", "held"] = Field(description="`held`: holds stand on some of it, and nothing else does.")
    longest_free: FreeTime | None = Field(description="The longest stretch of it without any hold; null for none.")


class AvailabilityShown(Shown):
    """Artists in the order in which they were added."""

    items: list[ArtistFree]
    next_cursor: str | None = Field(description="Give it as `cursor` to go on; null at the end of the list.")
    answered_by: Literal["redis", "postgres"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request wants to know."""

    window: Window
    skills: tuple[str, ...]
    """In lower case; all of them are needed."""
    held_too: bool
    after: int
    """The number of the first artist to be looked at."""
    limit: int

    def times(self, now: datetime) -> tuple[Moment, Moment]:
        """From when until when; today and 28 days, unless it is said.

        Raises:
            RequestValidationError: that is more than 366 days, or none.
        """
        start, end = self.window.start, self.window.end
        if start is None:
            start = Moment(None, now.date())
        if end is None:
            end = Moment(None, start.day + _USUAL) if start.day else Moment(start.in_zone("UTC") + _USUAL, None)
        if not timedelta() < end.in_zone("UTC") - start.in_zone("UTC") <= _LONGEST:
            message = f"must come after `from`, and at most {_LONGEST.days} days later"
            what: dict[str, Any] = {"type": "window", "loc": ("query", "until"), "msg": message, "input": None}
            raise RequestValidationError([what])
        return start, end


def longest_free(within: Interval, taken: Iterable[Interval]) -> FreeTime | None:
    """The longest stretch of `within` that nothing in `taken` shares, the earliest of those that are equally long."""
    best, at = (within[0], within[0]), within[0]
    for starts_at, ends_at in [*sorted(taken), (within[1], within[1])]:
        if min(starts_at, within[1]) - at > best[1] - best[0]:
            best = (at, min(starts_at, within[1]))
        at = max(at, ends_at)
    return None if best[0] == best[1] else FreeTime(starts_at=best[0], ends_at=best[1])


def artist_free(
    artist: Any,  # noqa: ANN401 - a row that has these
    within: Interval,
    *,
    hard: Sequence[Interval] = (),
    soft: Sequence[Interval] = (),
) -> ArtistFree | None:
    """The artist of that row, whose time is taken by these; None when bookings or time off take some of `within`."""
    if any(_share(within, one) for one in hard):
        return None
    held = [one for one in soft if _share(within, one)]
    return ArtistFree(
        id=artist["artist_id"],
        name=artist["name"],
        time_zone=artist["time_zone"],
        skills=list(artist["skills"]),
        standing="held" if held else "free",
        longest_free=longest_free(within, held),
    )


def _share(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]
