"""Periods as people say them: whole local days, or hours."""

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from domain.instants import Day, SaidInstant

MOST_PERIODS: Final = 366


class Days(BaseModel):
    """Whole local days, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_day: Day
    last_day: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day must not be before first_day")
        return self


class Hours(BaseModel):
    """From one instant until, not including, another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    starts_at: SaidInstant
    ends_at: SaidInstant

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at must be after starts_at")
        return self


def _kind(value: object) -> str:
    said_hours = isinstance(value, Hours) or (isinstance(value, dict) and ("starts_at" in value or "ends_at" in value))
    return "hours" if said_hours else "days"


Period = Annotated[Annotated[Days, Tag("days")] | Annotated[Hours, Tag("hours")], Discriminator(_kind)]

Periods = Annotated[
    tuple[Period, ...],
    Field(min_length=1, max_length=MOST_PERIODS, examples=[[{"first_day": "2027-03-01", "last_day": "2027-03-05"}]]),
]
"""What a client sends: whole days or hours, in any order; what overlaps is one stretch of time."""
