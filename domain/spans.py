"""Spans: stretches of time with the instants they mean, and the arithmetic of sets of them.

A set of spans is a tuple in order of time in which no two overlap. The functions here keep it that way, and keep
whole days whole wherever a cut falls on a local midnight.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import Final, Self, TypeVar

from domain.errors import Refused
from domain.instants import Instant, day_ends_at, day_starts_at, local_day, wall_time
from domain.periods import Days, Hours

_ONE_DAY: Final = timedelta(days=1)
_ends_at = attrgetter("ends_at")


class NoSuchTime(Refused):
    """The zone skipped every day asked for, as Samoa skipped 30 December 2011."""

    code = "no_such_time"


class InThePast(Refused):
    """All of the time asked for has gone by."""

    code = "in_the_past"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: the instants, and what was said that they were derived from.

    Whole days have `first_day` and `last_day`; hours have the wall times `starts_local` and `ends_local`.
    """

    starts_at: Instant
    ends_at: Instant
    time_zone: str
    first_day: date | None = None
    last_day: date | None = None
    starts_local: datetime | None = None
    ends_local: datetime | None = None

    def alike(self, other: Self) -> bool:
        """Whether the two differ in nothing but their time."""
        return self.time_zone == other.time_zone


S = TypeVar("S", bound=Span)


@lru_cache(maxsize=8192)
def whole_days(first_day: date, last_day: date, zone: str) -> Span:
    """The span of whole local days."""
    return Span(day_starts_at(first_day, zone), day_ends_at(last_day, zone), zone, first_day, last_day)


def hours(starts_at: datetime, ends_at: datetime, zone: str) -> Span:
    """The span between two instants, with their wall times in `zone`."""
    return Span(starts_at, ends_at, zone, None, None, wall_time(starts_at, zone), wall_time(ends_at, zone))


def first_day(span: Span, zone: str) -> date:
    """The day on which it starts: the one that was said, else the local one in `zone`."""
    return span.first_day or local_day(span.starts_at, zone)


def spans_of(periods: Sequence[Days | Hours], zone: str) -> tuple[Span, ...]:
    """What `periods` mean in `zone`.

    Raises:
        NoSuchTime: there is no such time in that zone.
    """
    spans = [
        whole_days(p.first_day, p.last_day, zone) if isinstance(p, Days) else hours(p.starts_at, p.ends_at, zone)
        for p in periods
    ]
    spans = [s for s in spans if s.starts_at < s.ends_at]
    if not spans:
        raise NoSuchTime("None of these days exists in that time zone.", time_zone=zone)
    return (spans[0],) if len(spans) == 1 else union(spans)


def periods_of(spans: Sequence[Span]) -> tuple[Days | Hours, ...]:
    """What somebody would say to mean `spans`, in their own zone."""
    return tuple(
        Hours(starts_at=s.starts_at, ends_at=s.ends_at)
        if s.first_day is None or s.last_day is None
        else Days(first_day=s.first_day, last_day=s.last_day)
        for s in spans
    )


def cut(span: S, starts_at: datetime, ends_at: datetime) -> S:
    """The part of `span` between two instants; the two must overlap."""
    if starts_at <= span.starts_at and ends_at >= span.ends_at:
        return span
    starts_at, ends_at = max(starts_at, span.starts_at), min(ends_at, span.ends_at)
    zone = span.time_zone
    if span.first_day is not None:
        first_day, next_day = local_day(starts_at, zone), local_day(ends_at, zone)
        if day_starts_at(first_day, zone) == starts_at and day_starts_at(next_day, zone) == ends_at:
            return replace(
                span, starts_at=starts_at, ends_at=ends_at, first_day=first_day, last_day=next_day - _ONE_DAY
            )
    return replace(
        span,
        starts_at=starts_at,
        ends_at=ends_at,
        first_day=None,
        last_day=None,
        starts_local=wall_time(starts_at, zone),
        ends_local=wall_time(ends_at, zone),
    )


def union(spans: Iterable[S]) -> tuple[S, ...]:
    """All of the time in `spans`: what overlaps counts once, the earlier span keeping it; alike neighbours join."""
    result: list[S] = []
    for span in sorted(spans, key=lambda s: (s.starts_at, -s.ends_at.timestamp())):
        following = span
        if result and following.starts_at < result[-1].ends_at:
            if following.ends_at <= result[-1].ends_at:
                continue
            following = cut(following, result[-1].ends_at, following.ends_at)
        if result and (joined := _joined(result[-1], following)):
            result[-1] = joined
        else:
            result.append(following)
    return tuple(result)


def _joined(one: S, next_one: S) -> S | None:
    if one.ends_at != next_one.starts_at or not one.alike(next_one):
        return None
    if one.first_day is None and next_one.first_day is None:
        return replace(one, ends_at=next_one.ends_at, ends_local=next_one.ends_local)
    if one.first_day is not None and next_one.first_day is not None:
        return replace(one, ends_at=next_one.ends_at, last_day=next_one.last_day)
    return None


def split_at(spans: Sequence[S], others: Sequence[Span]) -> tuple[S, ...]:
    """The same time, with an edge wherever one of `others` has one; those may overlap."""
    edges = sorted({edge for other in others for edge in (other.starts_at, other.ends_at)})
    result: list[S] = []
    for span in spans:
        bounds = [span.starts_at, *(e for e in edges if span.starts_at < e < span.ends_at), span.ends_at]
        result.extend(cut(span, one, following) for one, following in pairwise(bounds))
    return tuple(result)


def overlap(spans: Sequence[Span], others: Sequence[Span]) -> bool:
    """Whether two sets share any time."""
    if not spans or not others or spans[0].starts_at >= others[-1].ends_at or others[0].starts_at >= spans[-1].ends_at:
        return False
    if len(spans) == len(others) == 1:
        return True
    return any(_touched(span, others) for span in spans)


def intersect(spans: Sequence[S], others: Sequence[Span]) -> tuple[S, ...]:
    """The parts of `spans` that lie within `others`."""
    return tuple(cut(span, o.starts_at, o.ends_at) for span in spans for o in _touched(span, others))


def subtract(spans: Sequence[S], others: Sequence[Span]) -> tuple[S, ...]:
    """The parts of `spans` that lie outside `others`."""
    result: list[S] = []
    for span in spans:
        starts_at = span.starts_at
        for other in _touched(span, others):
            if other.starts_at > starts_at:
                result.append(cut(span, starts_at, other.starts_at))
            starts_at = other.ends_at
        if starts_at < span.ends_at:
            result.append(cut(span, starts_at, span.ends_at))
    return tuple(result)


def deepest(sets: Mapping[str, Sequence[Span]], within: Sequence[Span]) -> tuple[int, list[str]]:
    """How many of the sets share one instant of `within`, and which of them touch it at all."""
    parts = {name: intersect(spans, within) for name, spans in sets.items()}
    changes = sorted(
        change for spans in parts.values() for s in spans for change in ((s.starts_at, 1), (s.ends_at, -1))
    )
    most = max(accumulate(step for _, step in changes), default=0)
    return most, [name for name, spans in parts.items() if spans]


def _touched(span: Span, others: Sequence[Span]) -> Sequence[Span]:
    """Those of a set that share time with `span`."""
    if len(others) == 1:
        other = others[0]
        return others if other.starts_at < span.ends_at and other.ends_at > span.starts_at else ()
    first = bisect_right(others, span.starts_at, key=_ends_at)
    last = first
    while last < len(others) and others[last].starts_at < span.ends_at:
        last += 1
    return others[first:last]


def plain(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Just the time of spans that say more."""
    return tuple(
        Span(s.starts_at, s.ends_at, s.time_zone, s.first_day, s.last_day, s.starts_local, s.ends_local) for s in spans
    )
