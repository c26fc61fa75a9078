"""Claims by id that also know which of them are near a stretch of time, and whose clock runs out first.

A decision on a full calendar costs what is near it in time. Each is a value: `put` and `without` answer another one,
and copy no more than pointers.
"""
# ruff: noqa: SLF001 - a copy is one of us

from bisect import bisect_left, bisect_right, insort
from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from datetime import datetime
from typing import Final, Protocol, Self, TypeVar

from domain.claims import HoldClaim
from domain.spans import Span, overlap

_WEEK: Final = 7
"""Days."""
_MOST_WEEKS: Final = 9
"""A claim on more than these is near everything."""
_LAST_ID: Final = "\U0010ffff"


class Claim(Protocol):
    """Whatever stands on a calendar."""

    @property
    def spans(self) -> Sequence[Span]:
        """Its time: at least one span."""


C = TypeVar("C", bound=Claim)


class ClaimsByTime(Mapping[str, C]):
    """Claims by id, and by the weeks from their first instant to their last."""

    __slots__ = ("_claims", "_long", "_weeks")

    def __init__(self, claims: Mapping[str, C] | None = None) -> None:
        """With these `claims`."""
        self._claims: dict[str, C] = {}
        self._weeks: dict[int, tuple[C, ...]] = {}
        self._long: tuple[C, ...] = ()
        for id, claim in (claims or {}).items():
            self._add(id, claim)

    def put(self, id: str, claim: C) -> Self:
        """The same with `claim` under `id`."""
        changed = self._copy()
        if id in self._claims:
            changed._remove(id)
        changed._add(id, claim)
        return changed

    def without(self, id: str) -> Self:
        """The same without that claim."""
        changed = self._copy()
        changed._remove(id)
        return changed

    def near(self, starts_at: datetime, ends_at: datetime) -> Sequence[C]:
        """The claims that begin before `ends_at` and end after `starts_at`; not each needs to hold time between."""
        if not self._claims:
            return ()
        weeks = _weeks(starts_at, ends_at)
        found: Sequence[C] | ValuesView[C]
        if len(weeks) == 1:
            found = self._weeks.get(weeks[0], ()) + self._long
        elif len(weeks) > len(self._weeks):
            found = self._claims.values()
        else:
            once = {id(claim): claim for week in weeks for claim in self._weeks.get(week, ())}
            found = (*once.values(), *self._long)
        return [claim for claim in found if claim.spans[0].starts_at < ends_at and claim.spans[-1].ends_at > starts_at]

    def on(self, spans: Sequence[Span]) -> list[C]:
        """The claims that hold any of that time."""
        if not spans:
            return []
        return [claim for claim in self.near(spans[0].starts_at, spans[-1].ends_at) if overlap(spans, claim.spans)]

    def _copy(self) -> Self:
        copy = self.__class__.__new__(self.__class__)
        copy._claims, copy._weeks, copy._long = self._claims.copy(), self._weeks.copy(), self._long
        return copy

    def _add(self, id: str, claim: C) -> None:
        self._claims[id] = claim
        weeks = _weeks(claim.spans[0].starts_at, claim.spans[-1].ends_at)
        if len(weeks) > _MOST_WEEKS:
            self._long += (claim,)
            return
        for week in weeks:
            self._weeks[week] = (*self._weeks.get(week, ()), claim)

    def _remove(self, id: str) -> None:
        gone = self._claims.pop(id)
        weeks = _weeks(gone.spans[0].starts_at, gone.spans[-1].ends_at)
        if len(weeks) > _MOST_WEEKS:
            self._long = _except(self._long, gone)
            return
        for week in weeks:
            if left := _except(self._weeks[week], gone):
                self._weeks[week] = left
            else:
                del self._weeks[week]

    def __getitem__(self, id: str) -> C:
        """The claim of that id."""
        return self._claims[id]

    def __iter__(self) -> Iterator[str]:
        """The ids, in order of arrival."""
        return iter(self._claims)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._claims)

    # What `Mapping` derives from these is correct and slow.

    def __contains__(self, id: object) -> bool:
        """Whether there is a claim of that id."""
        return id in self._claims

    def get(self, id: str) -> C | None:  # type: ignore[override]  # nobody here wants another default
        """The claim of that id, if there is one."""
        return self._claims.get(id)

    def keys(self) -> KeysView[str]:
        """The ids."""
        return self._claims.keys()

    def values(self) -> ValuesView[C]:
        """The claims."""
        return self._claims.values()

    def items(self) -> ItemsView[str, C]:
        """Ids and claims."""
        return self._claims.items()


class HoldClaims(ClaimsByTime[HoldClaim]):
    """Holds, also in the order in which their clocks run out."""

    __slots__ = ("_clocks",)

    def __init__(self, claims: Mapping[str, HoldClaim] | None = None) -> None:
        """With these `claims`."""
        self._clocks: list[tuple[datetime, str]] = []
        super().__init__(claims)

    @property
    def next_due(self) -> datetime | None:
        """When the first clock of any of them runs out."""
        return self._clocks[0][0] if self._clocks else None

    def due(self, now: datetime) -> Sequence[HoldClaim]:
        """Those of which a clock has run out by `now`."""
        clocks = self._clocks
        if not clocks or clocks[0][0] > now:
            return ()
        return [self._claims[id] for _, id in clocks[: bisect_right(clocks, (now, _LAST_ID))]]

    def _copy(self) -> Self:
        copy = super()._copy()
        copy._clocks = self._clocks.copy()
        return copy

    def _add(self, id: str, claim: HoldClaim) -> None:
        super()._add(id, claim)
        insort(self._clocks, (claim.due_at, id))

    def _remove(self, id: str) -> None:
        clock = (self._claims[id].due_at, id)
        del self._clocks[bisect_left(self._clocks, clock)]
        super()._remove(id)


def _weeks(starts_at: datetime, ends_at: datetime) -> range:
    return range(starts_at.toordinal() // _WEEK, ends_at.toordinal() // _WEEK + 1)


def _except(claims: tuple[C, ...], gone: C) -> tuple[C, ...]:
    return tuple([claim for claim in claims if claim is not gone])
