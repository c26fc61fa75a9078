"""The queue, derived: who is 1st, 2nd, … on which stretch of an artist's time at an instant, and who is live.

Rank belongs to a stretch of time, not to a hold: on each stretch the holds alive at that instant stand in order of
their places. A hold is live unless a booking takes the stretch (it stands by), or approved time off (it is blocked).
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from operator import itemgetter
from typing import Final, Literal, Protocol, cast

from domain.claims import BookingClaim, Held, TimeOffClaim
from domain.claims_by_time import ClaimsByTime, HoldClaims
from domain.instants import Instant
from domain.spans import Span, cut, union

Standing = Literal["live", "standby", "blocked"]


class Claims(Protocol):
    """What a queue is derived from: a calendar, or rows that say the same."""

    @property
    def holds(self) -> HoldClaims:
        """By id; dead ones may be among them."""

    @property
    def bookings(self) -> ClaimsByTime[BookingClaim]:
        """By id."""

    @property
    def time_off(self) -> ClaimsByTime[TimeOffClaim]:
        """By id, approved or not."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A hold on a stretch: rank 1 is first; `span` is that part of its own time that covers the stretch."""

    hold_id: str
    rank: int
    state: Standing
    span: Held


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time on which nothing changes, with the holds that stand there in order, and what takes it."""

    starts_at: Instant
    ends_at: Instant
    entries: tuple[Entry, ...]
    booking_ids: tuple[str, ...]
    time_off_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a hold stands on one stretch of its time; `span` keeps whole days whole."""

    span: Held
    rank: int
    state: Standing


_ALWAYS: Final = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
AS_RECORDED: Final = _ALWAYS[0]
"""As `now`: the queue as the last recorded fact left it, no clock having run out since."""


_Place = tuple[int, str]
"""Arrival number and hold: two holds that reordering gave the same number stand in order of their ids."""

_ALONE: Final = 4
"""The changes of a span on which nothing else stands: it starts and ends, as time looked at and as time held."""

_Change = tuple[datetime, bool, str, str, Span]
"""At an instant a claim starts (True) or ends: its kind, its id, its time."""


def stretches(claims: Claims, now: datetime, within: Sequence[Span] | None = None) -> tuple[Stretch, ...]:
    """The queue by stretch, in order of time; with `within`, only there. Time that nobody holds is left out."""
    return tuple(
        Stretch(
            sweep.starts_at,
            sweep.ends_at,
            tuple(
                Entry(place[1], rank, sweep.standing(), sweep.spans[place]) for rank, place in enumerate(sweep.order, 1)
            ),
            tuple(sweep.booked),
            tuple(sweep.off),
        )
        for sweep in _sweep(claims, now, within)
        if sweep.order
    )


def ranks(claims: Claims, hold_id: str, now: datetime) -> tuple[Rank, ...]:
    """Where a hold stands on each stretch of its time; nothing once it is dead. Alike neighbours are one entry."""
    claim = claims.holds.get(hold_id)
    if claim is None or not (mine := claim.alive_spans(now)):
        return ()
    changes = _changes(claims, now, mine)
    if len(changes) == _ALONE * len(mine):
        return tuple(Rank(span, 1, "live") for span in mine)
    found: list[tuple[Held, datetime, datetime, int, Standing]] = []
    for sweep in _swept(changes, inside_only=True):
        place = sweep.place_of[hold_id]
        span, rank, state = sweep.spans[place], bisect_left(sweep.order, place) + 1, sweep.standing()
        if found and found[-1][0] is span and found[-1][2:] == (sweep.starts_at, rank, state):
            found[-1] = (span, found[-1][1], sweep.ends_at, rank, state)
        else:
            found.append((span, sweep.starts_at, sweep.ends_at, rank, state))
    return tuple(Rank(cut(span, start, end), rank, state) for span, start, end, rank, state in found)


def firsts(claims: Claims, now: datetime, within: Sequence[Span]) -> dict[str, tuple[Held, ...]]:
    """By hold, the time in `within` on which it is 1st and live."""
    found: dict[str, list[Held]] = {}
    for sweep in _sweep(claims, now, within):
        if sweep.order and not (sweep.booked or sweep.off):
            first = sweep.order[0]
            found.setdefault(first[1], []).append(cut(sweep.spans[first], sweep.starts_at, sweep.ends_at))
    return {hold_id: union(spans) for hold_id, spans in found.items()}


def worst_rank(ranks: Sequence[Rank]) -> int | None:
    """The highest number among `ranks`; None when the hold stands nowhere."""
    return max((rank.rank for rank in ranks), default=None)


def depth(claims: Claims, now: datetime, within: Sequence[Span]) -> int:
    """How many holds stand on the fullest stretch of `within`."""
    return max((len(sweep.order) for sweep in _sweep(claims, now, within)), default=0)


class _Sweep:
    """What covers the time from `starts_at` until `ends_at`, while the sweep is there."""

    __slots__ = ("booked", "ends_at", "off", "order", "place_of", "spans", "starts_at", "within")

    def __init__(self) -> None:
        self.order: list[_Place] = []
        self.spans: dict[_Place, Held] = {}
        self.place_of: dict[str, _Place] = {}
        self.booked: dict[str, None] = {}
        self.off: dict[str, None] = {}
        self.within = 0
        self.starts_at: datetime
        self.ends_at: datetime

    def standing(self) -> Standing:
        if self.booked:
            return "standby"
        return "blocked" if self.off else "live"

    def take(self, change: _Change) -> None:
        _, starts, kind, id, span = change
        if kind == "hold":
            self._take_hold(id, span, starts=starts)
        elif kind == "within":
            self.within += 1 if starts else -1
        else:
            taken = self.booked if kind == "booking" else self.off
            if starts:
                taken[id] = None
            else:
                del taken[id]

    def _take_hold(self, hold_id: str, span: Span, *, starts: bool) -> None:
        place = (cast("Held", span).place, hold_id)
        if starts:
            insort(self.order, place)
            self.spans[place] = cast("Held", span)
            self.place_of[hold_id] = place
        else:
            del self.order[bisect_left(self.order, place)], self.spans[place], self.place_of[hold_id]


def _sweep(claims: Claims, now: datetime, within: Sequence[Span] | None) -> Iterator[_Sweep]:
    """One object, moved from each stretch to the next; what it says holds until it moves on."""
    return _swept(_changes(claims, now, within), inside_only=within is not None)


def _swept(changes: list[_Change], *, inside_only: bool) -> Iterator[_Sweep]:
    sweep = _Sweep()
    changes.sort(key=itemgetter(0, 1))
    for change, following in pairwise(changes):
        sweep.take(change)
        if change[0] < following[0] and (sweep.within or not inside_only):
            sweep.starts_at, sweep.ends_at = change[0], following[0]
            yield sweep


def _changes(claims: Claims, now: datetime, within: Sequence[Span] | None) -> list[_Change]:
    found: list[_Change] = []
    earliest, latest = _ALWAYS
    if within is not None:
        if not within:
            return found
        earliest, latest = within[0].starts_at, within[-1].ends_at
        _add(found, "within", "", within, (earliest, latest))
    for claim in claims.holds.near(earliest, latest):
        _add(found, "hold", claim.hold_id, claim.alive_spans(now), (earliest, latest))
    for booking in claims.bookings.near(earliest, latest):
        _add(found, "booking", booking.booking_id, booking.spans, (earliest, latest))
    for off in claims.time_off.near(earliest, latest):
        if off.approved:
            _add(found, "time_off", off.time_off_id, off.spans, (earliest, latest))
    return found


def _add(found: list[_Change], kind: str, id: str, spans: Sequence[Span], between: tuple[datetime, datetime]) -> None:
    for span in spans:
        if span.starts_at < between[1] and span.ends_at > between[0]:
            found += ((span.starts_at, True, kind, id, span), (span.ends_at, False, kind, id, span))
