"""What a row of the grid shows: an artist's calendar, laid out as bars."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from domain.calendar import Calendar
from domain.claims import BookingClaim, Held, HoldClaim
from domain.queue import Standing, ranks
from domain.spans import Span, overlap, plain, union
from read_api.board.assets import MOST_LANES
from read_api.board.window import GridWindow, Place

_SHOWN_RANKS: Final = 4
"""Ranks with a colour of their own; all behind share the last one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One stretch of a claim."""

    kind: Literal["hold", "booking", "time_off"]
    id: str
    place: Place
    span: Span
    lane: int = 0
    """From 1, the uppermost; 0 lies behind the others and takes the whole row."""
    project_id: str = ""
    conflict: bool = False
    approved: bool = True
    rank: int = 0
    state: Standing = "live"
    strength: str = "normal"
    challenge: Literal["", "challenger", "challenged"] = ""
    asked: bool = False
    """The artist has not answered yet."""
    clock: datetime | None = None
    """When the stretch is lost unless something happens."""

    @property
    def tone(self) -> str:
        """The class that gives the colour."""
        return f"r{min(self.rank, _SHOWN_RANKS)}" if self.kind == "hold" else self.kind.replace("_", "-")


def bars(calendar: Calendar, window: GridWindow, zone: str, now: datetime, strengths: Mapping[str, str]) -> list[Bar]:
    """Every bar of one artist: time off, then bookings, then holds by rank; the higher, the more it counts."""
    above = [*_bookings(calendar, window, zone), *_holds(calendar, window, zone, now, strengths)]
    return [*_time_off(calendar, window, zone), *_in_lanes(above)]


def _in_lanes(found: Iterable[Bar]) -> Iterator[Bar]:
    """Each in the first lane that is free on its time."""
    taken: list[list[range]] = []
    for bar in sorted(found, key=lambda bar: (bar.rank, bar.place.column, bar.id)):
        time = range(bar.place.column, bar.place.column + bar.place.length)
        lane = next((n for n, lane in enumerate(taken) if not any(_meet(time, other) for other in lane)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append(time)
        yield replace(bar, lane=min(lane + 1, MOST_LANES))


def _meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def _bookings(calendar: Calendar, window: GridWindow, zone: str) -> Iterator[Bar]:
    off = union([span for claim in calendar.time_off.values() if claim.approved for span in claim.spans])
    for claim in calendar.bookings.values():
        conflict = overlap(plain(claim.spans), off) or _double(calendar, claim)
        for span in claim.spans:
            if (place := window.place(span, zone)) is not None:
                yield Bar(
                    kind="booking",
                    id=claim.booking_id,
                    place=place,
                    span=span,
                    project_id=claim.project_id,
                    conflict=conflict,
                )


def _double(calendar: Calendar, claim: BookingClaim) -> bool:
    others = (other for other in calendar.bookings.values() if other.booking_id != claim.booking_id)
    return any(overlap(claim.spans, other.spans) for other in others)


def _holds(
    calendar: Calendar, window: GridWindow, zone: str, now: datetime, strengths: Mapping[str, str]
) -> Iterator[Bar]:
    for id, claim in calendar.holds.items():
        for rank in ranks(calendar, id, now):
            if (place := window.place(rank.span, zone)) is not None:
                yield Bar(
                    kind="hold",
                    id=id,
                    place=place,
                    span=rank.span,
                    project_id=claim.project_id,
                    rank=rank.rank,
                    state=rank.state,
                    strength=strengths.get(id, "normal"),
                    challenge=_challenge(calendar, id, rank.span),
                    asked=claim.consent == "asked",
                    clock=_clock(claim, rank.span),
                )


def _challenge(calendar: Calendar, hold_id: str, span: Span) -> Literal["", "challenger", "challenged"]:
    for challenge in calendar.challenges.values():
        if overlap((span,), challenge.spans):
            if hold_id == challenge.hold_id:
                return "challenger"
            if hold_id in challenge.challenged:
                return "challenged"
    return ""


def _clock(claim: HoldClaim, span: Held) -> datetime:
    clocks = (claim.deadline, claim.respond_by, span.first_refusal, span.commitment)
    return min(clock.at for clock in clocks if clock is not None)


def _time_off(calendar: Calendar, window: GridWindow, zone: str) -> Iterator[Bar]:
    for claim in calendar.time_off.values():
        for span in claim.spans:
            if (place := window.place(span, zone)) is not None:
                yield Bar(kind="time_off", id=claim.time_off_id, place=place, span=span, approved=claim.approved)
