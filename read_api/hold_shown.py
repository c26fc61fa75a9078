"""A hold as clients see it: staff all of it, its artist what is asked of them, and never who asks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, TypeAdapter

from domain.claims import Consent
from domain.hold import Group, Strength
from domain.queue import worst_rank
from domain.spans import Span
from read_api.shapes import ChallengeShown, Deadline, Id, Maybe, Shown, Standing, Time, times
from read_api.standing import At
from read_api.tenant import Found

Status = Literal["held", "confirmed", "released", "declined", "lapsed"]

_SPANS: TypeAdapter[tuple[Span, ...]] = TypeAdapter(tuple[Span, ...])


class HoldShown(Shown):
    """A hold: what it holds and where it stands, or how it ended."""

    id: Id
    version: int = Field(description="What `If-Match` takes.")
    status: Status
    artist_id: Id
    project_id: Maybe[Id] = Field(default=None, description="Staff only, as `job_id`, `note`, `group`, `placed_by`.")
    job_id: Maybe[Id] = None
    periods: list[Time] = Field(description="What it holds; what it held last, once it has ended.")
    ranks: list[Standing] = Field(description="One entry for each stretch of its time; none once it has ended.")
    worst_rank: int | None
    deadline: Deadline | None = Field(description="When it lapses; null once it has ended.")
    consent: Maybe[Consent] = None
    respond_by: Maybe[Deadline] = None
    offered: Maybe[list[Time]] = Field(default=None, description="What the artist offered instead.")
    challenge: Maybe[ChallengeShown] = None
    strength: Maybe[Strength] = None
    note: Maybe[str] = None
    group: Maybe[Group] = None
    extensions: int
    booking_ids: list[Id] = Field(description="The bookings that it has become, whole or in part.")
    unconfirmed_from: Maybe[Id] = Field(default=None, description="The booking that it was before.")
    placed_at: datetime
    placed_by: Maybe[str] = None
    ended_at: Maybe[datetime] = None
    ended_because: Maybe[str] = None


def hold_shown(row: Found, at: At | None, *, staff: bool) -> HoldShown:
    """The hold of `row`, which stands `at`; None for one that has left the calendar."""
    details = row["details"]
    who: dict[str, Any] = {
        "project_id": row["project_id"],
        "job_id": details.get("job_id"),
        "note": details.get("note"),
        "group": details.get("group"),
        "placed_by": details["placed_by"],
    }
    return HoldShown(
        id=row["hold_id"],
        version=row["version"],
        artist_id=row["artist_id"],
        strength=details["strength"],
        extensions=details.get("extensions", 0),
        booking_ids=details.get("booking_ids", []),
        unconfirmed_from=details.get("unconfirmed_from"),
        placed_at=details["placed_at"],
        **_state(row, at),
        **(who if staff else {}),
    )


def _state(row: Found, at: At | None) -> dict[str, Any]:
    if at is None:
        details = row["details"]
        spans = _SPANS.validate_python(details.get("held", ()))
        return _ended(row["status"], spans, details.get("ended_at"), details.get("ended_because"))
    if at.lapsed is not None:
        return _ended("lapsed", at.lapsed.lapsed, at.lapsed.at, at.lapsed.because)
    claim = at.claim
    return {
        "status": "held",
        "periods": times(at.held),
        "ranks": [Standing.of(rank) for rank in at.ranks],
        "worst_rank": worst_rank(at.ranks),
        "deadline": Deadline.of(claim.deadline),
        "consent": claim.consent,
        "respond_by": None if claim.respond_by is None else Deadline.of(claim.respond_by),
        "offered": times(claim.offered) or None,
        "challenge": _challenge(at),
    }


def _ended(status: str, spans: Sequence[Span], ended_at: datetime | None, because: str | None) -> dict[str, Any]:
    return {
        "status": status,
        "periods": times(spans),
        "ranks": [],
        "worst_rank": None,
        "deadline": None,
        "ended_at": ended_at,
        "ended_because": because,
    }


def _challenge(at: At) -> ChallengeShown | None:
    challenge = at.challenge
    if challenge is None:
        return None
    return ChallengeShown(
        id=challenge.challenge_id,
        role="challenger" if challenge.hold_id == at.claim.hold_id else "challenged",
        answer_by=Deadline.of(challenge.answer_by),
        periods=times(challenge.spans),
    )
