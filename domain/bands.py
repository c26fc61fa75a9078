"""What a cancellation costs: ordered bands over the notice that was given."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.instants import ZoneName


class Band(BaseModel):
    """Less notice than `below` costs `percent` of the fee."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    below: int = Field(ge=0, le=8784)
    percent: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]


class Cancellation(BaseModel):
    """How notice is counted, and what it costs; without bands a cancellation is free."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notice: Literal["hours", "working_hours", "calendar_days", "working_days", "day_before_at"] = "hours"
    bands: tuple[Band, ...] = Field(default=(), max_length=20)
    unit: Literal["whole", "each_day", "whole_up_to"] = "whole"
    whole_up_to_days: int = Field(default=1, ge=1, le=366)
    time_zone: ZoneName | None = None

    @field_validator("bands")
    @classmethod
    def _ordered(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        if [b.below for b in bands] != sorted({b.below for b in bands}):
            raise ValueError("bands must be in order of notice, the shortest first")
        return bands
