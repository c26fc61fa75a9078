"""A batch and the rows that it touches: which to load, and what they become. Pure, whatever the store."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from consumers.parking import Parked, Parking, TouchedRows, named, said
from consumers.store import Share, Work
from projections.projection import Projection
from projections.recorded import Recorded, Unreadable
from projections.rows import Rows
from projections.table import Key, Row, Table

Event = tuple[str, str, int]
"""Projection, tenant and seq."""
Poison = Mapping[Event, str]
"""Why an event can never be applied."""


class Folded(NamedTuple):
    """What a batch has come to."""

    rows: Rows
    parked: list[Parked]
    """Events that were left out."""


class _CannotBeApplied(Exception):
    """An event turned out to be poison; what it has put into the rows until then must go."""

    def __init__(self, projection: Projection, recorded: Recorded, reason: str) -> None:
        super().__init__(reason)
        self.event = _event(projection, recorded)
        self.reason = reason


class Touched(NamedTuple):
    """What a batch is about to change."""

    rows: dict[Table, set[Key]]
    poison: Poison
    """Events of which that cannot even be told."""


def touched(work: Work) -> Touched:
    """The rows to load; there are none yet of a tenant whose log is read from its beginning."""
    rows: dict[Table, set[Key]] = {}
    poison: dict[Event, str] = {}
    for share in work:
        beginning = {step.tenant_id for step in share.steps if step.was == 0}
        for recorded in share.events:
            try:
                for table, key in share.projection.touches(recorded):
                    if key[0] not in beginning:
                        rows.setdefault(table, set()).add(key)
            except Exception as error:  # noqa: BLE001 - it is pure: what it raises once it raises every time
                poison[_event(share.projection, recorded)] = said(error)
    return Touched(rows, poison)


def refused(work: Work, reason: str) -> Poison:
    """Every event of `work` as poison: the store has taken rows from none of them."""
    return {_event(share.projection, recorded): reason for share in work for recorded in share.events}


def fold(
    work: Work, found: Mapping[Table, Mapping[Key, Row]], poison: Poison, parked: Collection[Parked] = ()
) -> Folded:
    """The rows as the events leave them, less those that can never be applied and what builds upon them.

    `parked` is what was left out before, of every projection and tenant of `work`.
    """
    known = dict(poison)
    while True:
        rows, left_out = Rows(found), list[Parked]()
        try:
            for share in work:
                before = Parking(one for one in parked if one.projection == share.projection.name)
                left_out += _fold(share, rows, before, known)
        except _CannotBeApplied as failed:
            # Once more from the beginning: rare, and it costs the others nothing.
            known[failed.event] = failed.reason
        else:
            return Folded(rows, left_out)


def _fold(share: Share, rows: Rows, parking: Parking, poison: Poison) -> list[Parked]:
    projection = share.projection
    left_out = list[Parked]()
    for recorded in share.events:
        if (parking or poison) and (why := _waits(projection, recorded, parking, poison)):
            left_out.append(why)
            parking.add(why)
        else:
            _apply(projection, recorded, rows)
    return left_out


def _waits(projection: Projection, recorded: Recorded, parking: Parking, poison: Poison) -> Parked | None:
    reason = poison.get(_event(projection, recorded))
    try:
        rows = named(projection.touches(recorded))
    except Exception:  # noqa: BLE001 - then it is poison, as `touched` has found
        rows = ()
    ahead = parking.ahead_of(recorded, rows)
    if ahead is not None:
        reason = f"builds upon {ahead}"
    return None if reason is None else _parked(projection, recorded, rows, reason)


def _apply(projection: Projection, recorded: Recorded, rows: Rows) -> None:
    if type(recorded.event) is Unreadable:
        raise _CannotBeApplied(projection, recorded, recorded.event.why)
    try:
        projection.project(recorded, rows)
    except Exception as error:  # it is pure: what it raises once it raises every time
        raise _CannotBeApplied(projection, recorded, said(error)) from error


def _parked(projection: Projection, recorded: Recorded, rows: TouchedRows, reason: str) -> Parked:
    return Parked(recorded.tenant_id, projection.name, recorded.seq, recorded.stream, recorded.type, rows, reason)


def _event(projection: Projection, recorded: Recorded) -> Event:
    return projection.name, recorded.tenant_id, recorded.seq
