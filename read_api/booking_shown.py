"""A booking as clients see it: staff all of it, its artist when it is and what became of it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from domain.bands import Fee
from domain.booking import Party
from domain.money import Money
from domain.overrides import Override
from read_api.shapes import Amount, Id, Maybe, Shown, Time, stored_times
from read_api.tenant import Found

Status = Literal["confirmed", "postponed", "cancelled", "unconfirmed", "completed"]


class CancellationShown(Shown):
    """What was cancelled of a booking, and for what fees."""

    at: datetime
    by: Party = Field(description="Who called it off; only the client pays for that.")
    actor: str
    reason: Maybe[str] = None
    periods: list[Time]
    fees: list[Fee]


class ConflictShown(Shown):
    """Time off, approved after the booking, that it lies on."""

    time_off_id: Id
    periods: list[Time]


class BookingShown(Shown):
    """A booking: when it is, what it costs, and what became of it."""

    id: Id
    version: int = Field(description="What `If-Match` takes.")
    status: Status
    artist_id: Id
    project_id: Maybe[Id] = Field(
        default=None, description="Staff only, as everything about the job, the hold, money and who did what."
    )
    job_id: Maybe[Id] = None
    hold_id: Maybe[Id] = Field(default=None, description="The hold that it was.")
    periods: list[Time] = Field(description="Its time; what it had last, once that is free again.")
    days: int = Field(description="On how many days that is.")
    hours: float = Field(description="As many as clocks on the wall show; 8 for a whole day.")
    rate: Maybe[Money] = Field(default=None, description="For a day.")
    cost: Maybe[Amount] = Field(default=None, description="Days at that rate, while it is confirmed or completed.")
    cancellations: Maybe[list[CancellationShown]] = None
    conflicts: Maybe[list[ConflictShown]] = Field(default=None, description="To be resolved under the booking's id.")
    became_hold_id: Maybe[Id] = Field(default=None, description="The hold that it is again.")
    note: Maybe[str] = None
    overrides: Maybe[list[Override]] = None
    made_at: datetime
    made_by: Maybe[str] = None


def booking_shown(row: Found, *, staff: bool) -> BookingShown:
    """The booking of `row`."""
    details = row["details"]
    return BookingShown(
        id=row["booking_id"],
        version=row["version"],
        status=row["status"],
        artist_id=row["artist_id"],
        periods=stored_times(details.get("spans", ())),
        days=row["days"],
        hours=row["minutes"] / 60,
        made_at=details["made_at"],
        **(_for_staff(row, details) if staff else {}),
    )


def _for_staff(row: Found, details: Found) -> dict[str, Any]:
    rate = None if details.get("rate") is None else Money.model_validate(details["rate"])
    return {
        "project_id": row["project_id"],
        "job_id": row["job_id"],
        "hold_id": details.get("hold_id"),
        "rate": rate,
        "cost": None if rate is None or row["status"] not in {"confirmed", "completed"} else _cost(rate, row["days"]),
        "cancellations": [_cancellation(one) for one in details.get("cancellations", ())] or None,
        "conflicts": [
            ConflictShown(time_off_id=one["time_off_id"], periods=stored_times(one["spans"]))
            for one in details.get("conflicts", ())
        ]
        or None,
        "became_hold_id": details.get("became_hold_id"),
        "note": details.get("note"),
        "overrides": details.get("overrides"),
        "made_by": details["made_by"],
    }


def _cost(rate: Money, days: int) -> Amount:
    return Amount(amount=rate.amount * days, currency=rate.currency)


def _cancellation(said: Found) -> CancellationShown:
    return CancellationShown(
        at=said["at"],
        by=said["by"],
        actor=said["actor"],
        reason=said.get("reason"),
        periods=stored_times(said["spans"]),
        fees=said["fees"],
    )
