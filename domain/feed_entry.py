"""What a calendar elsewhere has been told of a claim: entries that keep their names while the claim changes and ends.

Whoever has an entry recognises it by its `uid` and believes the highest `sequence`; what is gone is told as cancelled.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from domain.instants import Instant
from domain.spans import Span

Status = Literal["TENTATIVE", "CONFIRMED", "CANCELLED"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One stretch of a claim's time, as it was told last."""

    uid: str
    sequence: int
    status: Status
    changed_at: Instant
    span: Span


_ENTRIES: Final = TypeAdapter(tuple[Entry, ...])


def stored_entries(entries: tuple[Entry, ...]) -> list[Mapping[str, Any]]:
    """As rows keep them."""
    dumped: list[Mapping[str, Any]] = _ENTRIES.dump_python(entries, mode="json", exclude_none=True)
    return dumped


def entries_from(said: object) -> tuple[Entry, ...]:
    """Those of which `said` is stored."""
    return _ENTRIES.validate_python(said)


def advance(
    entries: tuple[Entry, ...], spans: Iterable[Span], *, claim_id: str, status: Status, at: datetime
) -> tuple[Entry, ...]:
    """The entries of a claim that stands on just these `spans` since `at`.

    A stretch keeps the entry with which it shares time, or else takes over one whose time is gone: that has moved.
    """
    standing = {entry.uid: entry for entry in entries if entry.status != "CANCELLED"}
    after = {entry.uid: entry for entry in entries}
    moved = list[Span]()
    for span in spans:
        same = next((entry for entry in standing.values() if _share_time(entry.span, span)), None)
        if same is None:
            moved.append(span)
        else:
            after[same.uid] = _told(standing.pop(same.uid), span, status, at)
    for span in moved:
        gone = next(iter(standing.values()), None)
        if gone is None:
            entry = Entry(_new_uid(claim_id, span, after), 0, status, at, span)
        else:
            entry = _told(standing.pop(gone.uid), span, status, at)
        after[entry.uid] = entry
    for gone in standing.values():
        after[gone.uid] = _told(gone, gone.span, "CANCELLED", at)
    return tuple(after.values())


def handed_over(entries: tuple[Entry, ...], spans: tuple[Span, ...]) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """The entries that share time with `spans`, which another claim goes on with, and the others."""
    theirs = tuple(e for e in entries if e.status != "CANCELLED" and any(_share_time(e.span, s) for s in spans))
    return theirs, tuple(entry for entry in entries if entry not in theirs)


def _told(entry: Entry, span: Span, status: Status, at: datetime) -> Entry:
    if (entry.span, entry.status) == (span, status):
        return entry
    return replace(entry, span=span, status=status, sequence=entry.sequence + 1, changed_at=at)


def _new_uid(claim_id: str, span: Span, taken: Mapping[str, Entry]) -> str:
    name = f"{claim_id}-{span.starts_at:%Y%m%dT%H%M%S}"
    return name if name not in taken else f"{name}-{len(taken)}"


def _share_time(one: Span, other: Span) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at
