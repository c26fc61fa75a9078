"""What stands on each artist's calendar: a row for each hold, booking, time off and challenge that has not ended.

A hold whose clock has run out stays until the lapse is recorded; who reads applies the deadlines.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from domain.calendar import CALENDAR, TimeHeld, TimeOffMarked
from domain.claims import Held, HoldClaim
from domain.stored_claim import Claim, claim_from, kind_of, stored
from projections.claims import concerned, fold, standing
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

CATEGORY: Final = "calendar/"

CLAIMS: Final = Table(
    name="artist_calendar",
    key=("tenant_id", "claim_id"),
    columns={
        "tenant_id": "uuid",
        "claim_id": "uuid",
        "artist_id": "uuid",
        "kind": "text",
        "starts_at": "timestamptz",
        "ends_at": "timestamptz",
        "ends_by": "timestamptz",
        "claim": "json",
    },
    said={"claim": stored},
)
"""`starts_at` and `ends_at` are the bounds of all its time; `claim` is the claim as `domain.stored_claim` has it.

`ends_by` is the instant at which the last of a hold is lost if nothing more is recorded; only holds have one.
"""


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The claims that an event changes; one that it makes needs no looking up."""
    match recorded.event:
        case TimeHeld() | TimeOffMarked():
            return []
        case _:
            return [(CLAIMS, key) for key in _keys(recorded)]


def project(recorded: Recorded, rows: Rows) -> None:
    """Put each claim as the event leaves it, and take away what it ends."""
    keys = _keys(recorded)
    if not keys:
        return
    artist_id = recorded.stream.removeprefix(CATEGORY)
    before = [_claim(row) for key in keys if (row := rows.get(CLAIMS, key)) is not None]
    after = fold(before, recorded.event)
    for key in keys:
        claim = standing(after, key[-1])
        if claim is None:
            rows.remove(CLAIMS, key)
        else:
            rows.put(CLAIMS, _row(key, artist_id, claim))


def ends_by(claim: HoldClaim) -> datetime:
    """The instant from which nothing of `claim` is held any more, unless something is recorded before."""
    whole = claim.deadline.at if claim.respond_by is None else min(claim.deadline.at, claim.respond_by.at)
    return max(_lost_at(span, whole) for span in claim.spans)


def _lost_at(span: Held, at: datetime) -> datetime:
    if span.first_refusal is not None:
        at = min(at, span.first_refusal.at)
    if span.commitment is not None:
        at = min(at, span.commitment.at)
    return at


def _keys(recorded: Recorded) -> list[Key]:
    if not recorded.stream.startswith(CATEGORY):
        return []
    return [(recorded.tenant_id, claim_id) for claim_id in concerned(recorded.event)]


def _claim(row: Row) -> Claim:
    """As an earlier event of the batch has left it, or as it was loaded."""
    claim = row["claim"]
    return claim_from(row["kind"], row["claim_id"], claim) if isinstance(claim, dict) else claim


def _row(key: Key, artist_id: str, claim: Claim) -> Row:
    return {
        "tenant_id": key[0],
        "claim_id": key[1],
        "artist_id": artist_id,
        "kind": kind_of(claim),
        "starts_at": claim.spans[0].starts_at,
        "ends_at": claim.spans[-1].ends_at,
        "ends_by": ends_by(claim) if isinstance(claim, HoldClaim) else None,
        "claim": claim,
    }


PROJECTION: Final = Projection(
    name="artist_calendar", tables=(CLAIMS,), touches=touches, project=project, about=names(*CALENDAR.events)
)
