"""A job as clients see it: what it needs, who holds and who fills it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from pydantic import Field, TypeAdapter

from domain.worked import Run, minutes
from read_api.held import Held
from read_api.shapes import Id, Shown, Time, stored_times
from read_api.tenant import Found

Status = Literal["open", "closed"]

_WORK: TypeAdapter[list[tuple[date, date, int]]] = TypeAdapter(list[tuple[date, date, int]])


class Filling(Shown):
    """A booking that fills one of a job's places."""

    booking_id: Id
    artist_id: Id
    hours: float


class JobShown(Shown):
    """A job: how many it needs on each of its days, and how far that has come."""

    id: Id
    version: int = Field(description="What `If-Match` takes.")
    status: Status
    project_id: Id
    role: str
    skills: list[str]
    periods: list[Time]
    days: int = Field(description="Of one of its places.")
    needed: int = Field(description="How many people on each of its days.")
    held: int = Field(description="How many holds stand for it.")
    booked: int = Field(description="How many are booked on the day on which the fewest are.")
    open: int = Field(description="How many of those needed are missing on that day; none once the job is closed.")
    needed_hours: float = Field(description="Of all of its places; a whole day is 8.")
    held_hours: float
    booked_hours: float
    hold_ids: list[Id]
    bookings: list[Filling]
    opened_at: datetime
    opened_by: str


def job_shown(row: Found, held: Sequence[Held]) -> JobShown:
    """The job of `row`, for which these holds stand."""
    details = row["details"]
    filled = [
        Filling(booking_id=id, artist_id=place["artist_id"], hours=_hours(place["work"]))
        for id, place in details["filled"].items()
    ]
    open_ = max(row["quantity"] - row["booked"], 0) if row["status"] == "open" else 0
    return JobShown(
        id=row["job_id"],
        version=row["version"],
        status=row["status"],
        project_id=row["project_id"],
        role=row["role"],
        skills=details["skills"],
        periods=stored_times(details["spans"]),
        days=row["days"],
        needed=row["quantity"],
        held=len(held),
        booked=row["booked"],
        open=open_,
        needed_hours=row["quantity"] * row["minutes"] / 60,
        held_hours=sum(hold.hours for hold in held),
        booked_hours=sum(filling.hours for filling in filled),
        hold_ids=[hold.claim.hold_id for hold in held],
        bookings=filled,
        opened_at=details["opened_at"],
        opened_by=details["opened_by"],
    )


def _hours(said: object) -> float:
    return minutes(Run(first, last, count) for first, last, count in _WORK.validate_python(said)) / 60
