"""What a feed shows, and as what: claims by name for staff's calendars, or when time is taken and nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from icalendar import Calendar, Event

from domain.claims import HoldClaim, TimeOffClaim
from domain.feed_entry import Entry, Status
from domain.ids import derived_id
from domain.spans import Span, plain, subtract, union
from domain.stored_claim import Claim

_ONE_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
_REFRESH: Final = timedelta(minutes=15)
_OUTLOOKS: Final = "PT15M"
"""The same as Outlook reads it, of which the library does not know that it is a duration."""
_TITLES: Final = {"hold": "Hold", "booking": "Booked", "time_off": "Time off"}


@dataclass(frozen=True, slots=True)
class Told:
    """A claim that a feed may show: all of its entries, and the claim itself while it stands."""

    kind: Literal["hold", "booking", "time_off"]
    claim: Claim | None
    entries: tuple[Entry, ...]
    whom: str | None
    """The project that it is for, or the artist, whichever the feed is not of."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One event of the calendar."""

    uid: str
    sequence: int
    status: Status
    changed_at: datetime
    span: Span
    title: str


def in_detail(told: Iterable[Told], now: datetime) -> list[Shown]:
    """Each stretch of each claim, for whom and for what."""
    return [
        Shown(entry.uid, entry.sequence, entry.status, entry.changed_at, entry.span, _title(one))
        for one in told
        for entry in at(one, now)
    ]


def busy(told: Sequence[Told], now: datetime, *, feed_id: str) -> list[Shown]:
    """When time is taken, held or free again; neither for whom, nor by how many.

    Every event has the `sequence` of the latest change to any of them: its own would say how much goes on there.
    """
    entries = [(one, entry) for one in told for entry in at(one, now)]
    if not entries:
        return []
    changed_at = max(entry.changed_at for _, entry in entries)
    asked_for = {e.uid for one, e in entries if isinstance(one.claim, TimeOffClaim) and not one.claim.approved}
    by_status: dict[Status, list[Span]] = {"CONFIRMED": [], "TENTATIVE": [], "CANCELLED": []}
    for _, entry in entries:
        if entry.uid not in asked_for:
            by_status[entry.status].append(entry.span)
    taken = union(by_status["CONFIRMED"])
    held = subtract(union(by_status["TENTATIVE"]), taken)
    free = subtract(subtract(union(by_status["CANCELLED"]), taken), held)
    sequence = int((changed_at - _EPOCH).total_seconds())
    blocks: tuple[tuple[Status, str, Sequence[Span]], ...] = (
        ("CONFIRMED", "Busy", taken),
        ("TENTATIVE", "Held", held),
        ("CANCELLED", "Free", free),
    )
    return [
        Shown(derived_id(feed_id, span.starts_at.isoformat()), sequence, status, changed_at, span, title)
        for status, title, spans in blocks
        for span in plain(spans)
    ]


def at(told: Told, now: datetime) -> list[Entry]:
    """Its entries at `now`: what a clock has taken is cancelled, though that may not be recorded yet."""
    if not isinstance(told.claim, HoldClaim) or now < told.claim.due_at:
        return list(told.entries)
    alive = plain(told.claim.alive_spans(now))
    return [
        entry if entry.status == "CANCELLED" or entry.span in alive else _lost(entry, told.claim.due_at)
        for entry in told.entries
    ]


def _lost(entry: Entry, lost_at: datetime) -> Entry:
    return replace(entry, status="CANCELLED", sequence=entry.sequence + 1, changed_at=max(entry.changed_at, lost_at))


def _title(told: Told) -> str:
    title = _TITLES[told.kind]
    if isinstance(told.claim, TimeOffClaim) and not told.claim.approved:
        title = "Time off, asked for"
    return title if told.whom is None else f"{title}: {told.whom}"


def icalendar(name: str, events: Iterable[Shown]) -> bytes:
    """RFC 5545: whole days as dates, hours as instants in UTC."""
    calendar = Calendar()
    calendar.add("prodid", "-//Production Tool//Feeds//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", _OUTLOOKS)
    for shown in sorted(events, key=lambda one: (one.span.starts_at, one.uid)):
        calendar.add_component(_event(shown))
    text: bytes = calendar.to_ical()
    return text


def _event(shown: Shown) -> Event:
    event, span = Event(), shown.span
    event.add("uid", f"{shown.uid}@production-tool")
    event.add("sequence", shown.sequence)
    event.add("dtstamp", shown.changed_at.replace(microsecond=0))
    event.add("last-modified", shown.changed_at.replace(microsecond=0))
    if span.first_day is None or span.last_day is None:
        event.add("dtstart", span.starts_at)
        event.add("dtend", span.ends_at)
    else:
        event.add("dtstart", span.first_day)
        event.add("dtend", span.last_day + _ONE_DAY)
    event.add("summary", shown.title)
    event.add("status", shown.status)
    event.add("transp", "TRANSPARENT" if shown.status == "CANCELLED" else "OPAQUE")
    event.add("class", "PRIVATE")
    return event
