"""Claims by id that also know which of them are near a stretch of time, and whose clock runs out first.

A decision on a full calendar costs what is near it in time. Each is a value: `put` and `without` answer another one,
for a logarithm of what there is.
"""
# ruff: noqa: SLF001 - another one is one of us

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol, Self, TypeVar

from domain.claims import HoldClaim
from domain.sorted_map import SortedMap
from domain.spans import Span, overlap

_WEEK: Final = 7
"""Days."""
_MOST_WEEKS: Final = 9
"""A claim on more than these is near everything."""
_YEAR: Final = 52
"""Weeks that are kept together, so that a change copies those of one year."""
_LAST_ID: Final = "\U0010ffff"


class Claim(Protocol):
    """Whatever stands on a calendar."""

    @property
    def spans(self) -> Sequence[Span]:
        """Its time: at least one span."""


C = TypeVar("C", bound=Claim)
_Years = dict[int, dict[int, SortedMap[str, C]]]
"""By year and week, the claims of that week by id. None of it is changed once somebody has seen it."""


class ClaimsByTime(SortedMap[str, C]):
    """Claims by id, and by the weeks from their first instant to their last."""

    __slots__ = ("_long", "_years")

    def __init__(self, values: Mapping[str, C] | None = None) -> None:
        """With these claims."""
        super().__init__(values)
        self._years: _Years[C] = {}
        self._long = SortedMap[str, C]()
        for id, claim in (values or {}).items():
            self._enter(id, claim)

    def put(self, key: str, value: C) -> Self:
        """The same with that claim under that id."""
        before = self.get(key)
        changed = super().put(key, value)
        changed._years, changed._long = self._years, self._long
        if before is not None:
            changed._leave(key, before, enters=_weeks_of(value))
        changed._enter(key, value)
        return changed

    def without(self, key: str) -> Self:
        """The same without that claim.

        Raises:
            KeyError: there is none.
        """
        changed = super().without(key)
        changed._years, changed._long = self._years, self._long
        changed._leave(key, self[key])
        return changed

    def near(self, starts_at: datetime, ends_at: datetime) -> Sequence[C]:
        """The claims that begin before `ends_at` and end after `starts_at`; not each needs to hold time between."""
        if not self._count:
            return ()
        weeks = _weeks(starts_at, ends_at)
        found: Iterable[C]
        if len(weeks) == 1:
            found = self._in(weeks[0])
        elif len(weeks) > _YEAR:
            found = self.all()
        else:
            found = {id(claim): claim for week in weeks for claim in self._in(week)}.values()
        if self._long and len(weeks) <= _YEAR:
            found = (*found, *self._long.all())
        return [claim for claim in found if claim.spans[0].starts_at < ends_at and claim.spans[-1].ends_at > starts_at]

    def on(self, spans: Sequence[Span]) -> list[C]:
        """The claims that hold any of that time."""
        if not spans or not self._count:
            return []
        return [claim for claim in self.near(spans[0].starts_at, spans[-1].ends_at) if overlap(spans, claim.spans)]

    def _in(self, week: int) -> Sequence[C]:
        year = self._years.get(week // _YEAR)
        there = None if year is None else year.get(week)
        return () if there is None else there.all()

    # Only of one that nobody has seen yet:

    def _enter(self, id: str, claim: C) -> None:
        weeks = _weeks_of(claim)
        if not weeks:
            self._long = self._long.put(id, claim)
        for week in weeks:
            year = self._years.get(week // _YEAR, {})
            there = year.get(week) or SortedMap[str, C]()
            self._years = {**self._years, week // _YEAR: {**year, week: there.put(id, claim)}}

    def _leave(self, id: str, claim: C, *, enters: Sequence[int] = ()) -> None:
        weeks = _weeks_of(claim)
        if not weeks:
            self._long = self._long.without(id)
        for week in weeks:
            if week not in enters:
                year = dict(self._years[week // _YEAR])
                there = year.pop(week).without(id)
                if there:
                    year[week] = there
                self._years = {**self._years, week // _YEAR: year}


class HoldClaims(ClaimsByTime[HoldClaim]):
    """Holds, also in the order in which their clocks run out."""

    __slots__ = ("_clocks",)

    def __init__(self, values: Mapping[str, HoldClaim] | None = None) -> None:
        """With these holds."""
        super().__init__(values)
        self._clocks = SortedMap({(claim.due_at, id): claim for id, claim in (values or {}).items()})

    @property
    def next_due(self) -> datetime | None:
        """When the first clock of any of them runs out."""
        first = self._clocks.first()
        return None if first is None else first.due_at

    def due(self, now: datetime) -> Sequence[HoldClaim]:
        """Those of which a clock has run out by `now`, the earliest first."""
        first = self._clocks.first()
        if first is None or first.due_at > now:
            return ()
        return self._clocks.until((now, _LAST_ID))

    def put(self, key: str, value: HoldClaim) -> Self:
        """The same with that hold under that id."""
        before = self.get(key)
        changed = super().put(key, value)
        clocks = self._clocks
        if before is not None and before.due_at != value.due_at:
            clocks = clocks.without((before.due_at, key))
        changed._clocks = clocks.put((value.due_at, key), value)
        return changed

    def without(self, key: str) -> Self:
        """The same without that hold.

        Raises:
            KeyError: there is none.
        """
        changed = super().without(key)
        changed._clocks = self._clocks.without((self[key].due_at, key))
        return changed


def _weeks_of(claim: Claim) -> range:
    """The weeks in which it is looked for; none when it is near everything."""
    weeks = _weeks(claim.spans[0].starts_at, claim.spans[-1].ends_at)
    return weeks if len(weeks) <= _MOST_WEEKS else weeks[:0]


def _weeks(starts_at: datetime, ends_at: datetime) -> range:
    return range(starts_at.toordinal() // _WEEK, ends_at.toordinal() // _WEEK + 1)
