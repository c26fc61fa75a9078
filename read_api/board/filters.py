"""Which artists a grid shows: what a form asks for, and who is free."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends
from pydantic import BeforeValidator

from domain.calendar import Calendar
from domain.instants import Day, day_ends_at, day_starts_at
from domain.spans import Span, overlap, union
from read_api.directory import Words

Unfilled: Final = BeforeValidator(lambda said: said or None)
"""A form sends what was left empty as nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which artists: those of a name, with a skill, with something for a project, free on all of some days."""

    name: str | None = None
    skill: str | None = None
    project: UUID | None = None
    free_from: date | None = None
    free_until: date | None = None

    @property
    def any(self) -> bool:
        """Whether they leave anybody out."""
        return any((self.name, self.skill, self.project, self.free_from))

    @property
    def query(self) -> str:
        """The same as an address says it."""
        said = {name: getattr(self, name) for name in ("name", "skill", "project", "free_from", "free_until")}
        return urlencode({name: value for name, value in said.items() if value is not None})


async def filters(
    name: Annotated[Words | None, Unfilled] = None,
    skill: Annotated[Words | None, Unfilled] = None,
    project: Annotated[UUID | None, Unfilled] = None,
    free_from: Annotated[Day | None, Unfilled] = None,
    free_until: Annotated[Day | None, Unfilled] = None,
) -> Filters:
    """What a form says; what it leaves empty filters nothing."""
    return Filters(name=name, skill=skill, project=project, free_from=free_from, free_until=free_until)


Filtered = Annotated[Filters, Depends(filters)]


def is_free(calendar: Calendar, zone: str, filters: Filters, now: datetime) -> bool:
    """Whether nothing binding, no approved time off and no live hold lies on the days asked for."""
    if filters.free_from is None:
        return True
    last = max(filters.free_until or filters.free_from, filters.free_from)
    asked = (Span(day_starts_at(filters.free_from, zone), day_ends_at(last, zone), zone),)
    taken: list[Span] = [span for booking in calendar.bookings.values() for span in booking.spans]
    taken += [span for off in calendar.time_off.values() if off.approved for span in off.spans]
    taken += [span for hold in calendar.holds.values() for span in hold.alive_spans(now)]
    return not overlap(union([Span(span.starts_at, span.ends_at, zone) for span in taken]), asked)
