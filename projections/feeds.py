"""Feeds, and what they tell: every stretch of time that was claimed on a calendar, standing or not.

A hold that is booked hands its entries over to the booking, so that whoever has them sees them confirmed.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from domain.calendar import CALENDAR, TimeBooked, TimeHeld
from domain.challenge import OpenChallenge
from domain.claims import BookingClaim, HoldClaim, TimeOffClaim
from domain.feed import FeedOpened, FeedRevoked
from domain.feed_entry import Entry, Status, advance, entries_from, handed_over, stored_entries
from domain.spans import Span, plain
from domain.stored_claim import Claim, claim_from, kind_of, stored
from projections.claims import concerned, fold, standing
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table


def _said(claim: Claim | None) -> dict[str, Any] | None:
    return None if claim is None else stored(claim)


FEEDS: Final = Table(
    name="feeds",
    key=("tenant_id", "feed_id"),
    columns={
        "tenant_id": "uuid",
        "feed_id": "uuid",
        "seq": "bigint",
        "version": "integer",
        "artist_id": "uuid",
        "project_id": "uuid",
        "shows": "text",
        "name": "text",
        "secret_hash": "text",
        "opened_at": "timestamptz",
        "opened_by": "text",
        "revoked_at": "timestamptz",
    },
)
"""Of an artist or of a project. `seq` is where the feed came into the log."""

ENTRIES: Final = Table(
    name="feed_entries",
    key=("tenant_id", "claim_id"),
    columns={
        "tenant_id": "uuid",
        "claim_id": "uuid",
        "artist_id": "uuid",
        "project_id": "uuid",
        "kind": "text",
        "ends_at": "timestamptz",
        "claim": "json",
        "entries": "json",
    },
    said={"claim": _said, "entries": stored_entries},
)
"""`claim` as in `artist_calendar`, null once it has ended; `ends_at` is the end of the last of its `entries`.

Challenges are claims, too, which events fold into; they take no time, so nothing is told of them.
"""

_CALENDAR: Final = "calendar/"
_FEED: Final = "feed/"


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The claims, or the feed, that an event changes; what is new needs no looking up."""
    match recorded.event:
        case FeedRevoked():
            return [(FEEDS, _feed_key(recorded))]
        case TimeHeld():
            return []
        case _:
            return [(ENTRIES, key) for key in _keys(recorded)]


def project(recorded: Recorded, rows: Rows) -> None:
    """Feeds come and go; what a calendar's event leaves of its claims is told."""
    match recorded.event:
        case FeedOpened() as opened:
            rows.put(FEEDS, _opened(recorded, opened))
        case FeedRevoked():
            rows.put(FEEDS, {**_feed(recorded, rows), "version": recorded.version, "revoked_at": recorded.recorded_at})
        case _:
            if keys := _keys(recorded):
                _tell(recorded, keys, rows)


def _tell(recorded: Recorded, keys: Sequence[Key], rows: Rows) -> None:
    before = {key[-1]: row for key in keys if (row := rows.get(ENTRIES, key)) is not None}
    after = fold([_claim(row) for row in before.values() if row["claim"] is not None], recorded.event)
    told = {id: _entries(row) for id, row in before.items()}
    if isinstance(recorded.event, TimeBooked) and recorded.event.hold_id is not None:
        gone = _not_among(told[recorded.event.hold_id], recorded.event.hold_spans)
        told[recorded.event.booking_id], rest = handed_over(gone, plain(recorded.event.spans))
        told[recorded.event.hold_id] = tuple(e for e in told[recorded.event.hold_id] if e not in gone or e in rest)
    for key in keys:
        id, claim = key[-1], standing(after, key[-1])
        spans = () if claim is None or isinstance(claim, OpenChallenge) else plain(claim.spans)
        entries = advance(told.get(id, ()), spans, claim_id=id, status=_status(claim), at=recorded.recorded_at)
        if claim is None and not entries:
            rows.remove(ENTRIES, key)
        else:
            rows.put(ENTRIES, _row(key, recorded, claim, entries, before.get(id)))


def _claim(row: Row) -> Claim:
    """As an earlier event of the batch has left it, or as it was loaded."""
    claim = row["claim"]
    return claim_from(row["kind"], row["claim_id"], claim) if isinstance(claim, dict) else claim


def _entries(row: Row) -> tuple[Entry, ...]:
    entries = row["entries"]
    return entries_from(entries) if isinstance(entries, list) else entries


def _not_among(entries: tuple[Entry, ...], spans: Sequence[Span]) -> tuple[Entry, ...]:
    """The entries none of whose time is in `spans`."""
    staying, _ = handed_over(entries, tuple(spans))
    return tuple(entry for entry in entries if entry not in staying)


def _status(claim: Claim | None) -> Status:
    match claim:
        case BookingClaim() | TimeOffClaim(approved=True):
            return "CONFIRMED"
        case _:
            return "TENTATIVE"


def _row(key: Key, recorded: Recorded, claim: Claim | None, entries: tuple[Entry, ...], before: Row | None) -> Row:
    if claim is None:
        assert before is not None  # noqa: S101 - a claim that has ended was there
        known = {name: before[name] for name in ("artist_id", "project_id", "kind")}
    else:
        project_id = claim.project_id if isinstance(claim, HoldClaim | BookingClaim) else None
        artist_id = recorded.stream.removeprefix(_CALENDAR)
        known = {"artist_id": artist_id, "project_id": project_id, "kind": kind_of(claim)}
    return {
        "tenant_id": key[0],
        "claim_id": key[1],
        **known,
        "ends_at": max((entry.span.ends_at for entry in entries), default=None),
        "claim": claim,
        "entries": entries,
    }


def _keys(recorded: Recorded) -> list[Key]:
    if not recorded.stream.startswith(_CALENDAR):
        return []
    return [(recorded.tenant_id, claim_id) for claim_id in concerned(recorded.event)]


def _feed_key(recorded: Recorded) -> Key:
    return (recorded.tenant_id, recorded.stream.removeprefix(_FEED))


def _feed(recorded: Recorded, rows: Rows) -> Row:
    row = rows.get(FEEDS, _feed_key(recorded))
    if row is None:
        raise LookupError(f"{recorded.stream} is revoked before it was opened")
    return row


def _opened(recorded: Recorded, opened: FeedOpened) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "feed_id": recorded.stream.removeprefix(_FEED),
        "seq": recorded.seq,
        "version": recorded.version,
        "artist_id": opened.artist_id,
        "project_id": opened.project_id,
        "shows": opened.shows,
        "name": opened.name,
        "secret_hash": opened.secret_hash,
        "opened_at": recorded.recorded_at,
        "opened_by": recorded.actor,
        "revoked_at": None,
    }


PROJECTION: Final = Projection(
    name="feeds",
    tables=(FEEDS, ENTRIES),
    touches=touches,
    project=project,
    about=names(*CALENDAR.events, FeedOpened, FeedRevoked),
)
