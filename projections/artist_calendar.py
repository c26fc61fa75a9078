"""What stands on each artist's calendar: a row for each hold, booking and time off that has not ended.

A hold whose clock has run out stays until the lapse is recorded; who reads applies the deadlines.
"""

from collections.abc import Iterable
from typing import Final, Literal, assert_never

from domain.claims import BookingClaim, HoldClaim, TimeOffClaim
from projections.claims import Claim, booking_from, concerned, fold, hold_from, time_off_from
from projections.projection import Projection
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

CATEGORY: Final = "calendar/"

CLAIMS = Table(
    name="artist_calendar",
    key=("tenant_id", "artist_id", "claim_id"),
    columns={
        "tenant_id": "uuid",
        "artist_id": "uuid",
        "claim_id": "uuid",
        "kind": "text",
        "starts_at": "timestamptz",
        "ends_at": "timestamptz",
        "claim": "jsonb",
    },
)
"""`starts_at` and `ends_at` are the bounds of all its time; `claim` is the claim as the domain has it."""


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The claims that an event of a calendar is about."""
    if not recorded.stream.startswith(CATEGORY):
        return []
    artist_id = recorded.stream.removeprefix(CATEGORY)
    return [(CLAIMS, (recorded.tenant_id, artist_id, claim_id)) for claim_id in concerned(recorded.event)]


def project(recorded: Recorded, rows: Rows) -> None:
    """Put each claim as the event leaves it, and take away what it ends."""
    keys = [key for _, key in touches(recorded)]
    if not keys:
        return
    after = fold((claim_of(row) for key in keys if (row := rows.get(CLAIMS, key)) is not None), recorded.event)
    for key in keys:
        claim = after.get(key[-1])
        if claim is None:
            rows.remove(CLAIMS, key)
        else:
            rows.put(CLAIMS, _row(key, claim))


def claim_of(row: Row) -> Claim:
    """The claim that a row holds."""
    kind: Literal["hold", "booking", "time_off"] = row["kind"]
    match kind:
        case "hold":
            return hold_from(row["claim"])
        case "booking":
            return booking_from(row["claim"])
        case "time_off":
            return time_off_from(row["claim"])
        case _:
            assert_never(kind)


def _row(key: Key, claim: Claim) -> Row:
    return {
        "tenant_id": key[0],
        "artist_id": key[1],
        "claim_id": key[2],
        "kind": _kind(claim),
        "starts_at": claim.spans[0].starts_at,
        "ends_at": claim.spans[-1].ends_at,
        "claim": claim,
    }


def _kind(claim: Claim) -> str:
    match claim:
        case HoldClaim():
            return "hold"
        case BookingClaim():
            return "booking"
        case TimeOffClaim():
            return "time_off"
        case _:
            assert_never(claim)


PROJECTION: Final = Projection(name="artist_calendar", tables=(CLAIMS,), touches=touches, project=project)
