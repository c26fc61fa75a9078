"""A tenant's rules as data: the six presets, and whatever a tenant makes of them."""

from datetime import time
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.bands import Band, Cancellation
from domain.instants import Day, LocalTime, ZoneName

Hours = Annotated[int, Field(ge=1, le=8784)]


class Rules(BaseModel):
    """A part of a policy."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class WorkingCalendar(Rules):
    """Which days count as working days; Monday is 1."""

    weekend: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(default=(6, 7), max_length=6, strict=False)
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    subdivision: str | None = Field(default=None, pattern=r"^[A-Z0-9]{1,3}$")


class Window(Rules):
    """How long somebody has to answer a challenge."""

    amount: int = Field(default=24, ge=1, le=8784)
    unit: Literal["hours", "working_days"] = "hours"
    cut_off: LocalTime | None = None
    time_zone: ZoneName | None = None
    """None means the artist's."""


class DaysBefore(Rules):
    """Some days before the first day held, at a local time."""

    days: int = Field(ge=0, le=366)
    at: LocalTime = time(18)
    time_zone: ZoneName | None = None
    """None means the artist's."""


class Lapse(Rules):
    """The limits of a hold; the earliest that lies ahead is its deadline."""

    days_after_placing: int | None = Field(default=None, ge=1, le=3660)
    fixed: Day | None = None
    """The last day of every hold, whole in the artist's zone."""
    before_first_day: DaysBefore | None = None
    working_days_after_acceptance: int | None = Field(default=None, ge=1, le=366)


class Policy(Rules):
    """Everything that a tenant can decide about its holds, challenges and bookings.

    A policy changes what is decided later, never a clock that runs already.
    """

    name: str = Field(default="motion-24h", min_length=1, max_length=60)
    labels: dict[Annotated[str, Field(max_length=40)], Annotated[str, Field(max_length=80)]] = Field(
        default_factory=dict, max_length=50
    )
    """What this tenant calls things; the API's own names stay."""
    working_calendar: WorkingCalendar = WorkingCalendar()
    lapse: Lapse = Lapse(days_after_placing=14)
    max_extensions: int = Field(default=2, ge=0, le=100)
    max_depth: int = Field(default=5, ge=1, le=1000)
    first_refusal_hours: Hours = 48
    response_hours: Hours = 48
    holds_behind_bookings: bool = True
    on_confirm: Literal["standby", "release", "ask"] = "standby"
    window: Window = Window()
    who_may_challenge: Literal["next_rank", "any_lower", "anyone"] = "any_lower"
    commitment_hours: Hours = 48
    cool_down_hours: int = Field(default=24, ge=0, le=8784)
    turnaround_hours: int = Field(default=0, ge=0, le=8784)
    cancellation: Cancellation = Cancellation()


PRESETS: Final[dict[str, Policy]] = {
    policy.name: policy
    for policy in (
        Policy(),
        Policy(
            name="stage-24h-48h",
            lapse=Lapse(before_first_day=DaysBefore(days=7, at=time(0))),
        ),
        Policy(name="arena-72h", window=Window(amount=3, unit="working_days"), max_depth=2),
        Policy(
            name="models-de-1wd",
            working_calendar=WorkingCalendar(country="DE"),
            window=Window(amount=1, unit="working_days", time_zone="Europe/Berlin"),
            lapse=Lapse(before_first_day=DaysBefore(days=3, at=time(18), time_zone="Europe/Berlin")),
        ),
        Policy(
            name="models-us",
            cancellation=Cancellation(
                notice="hours", bands=(Band(below=24, percent=Decimal(100)), Band(below=48, percent=Decimal(50)))
            ),
        ),
        Policy(
            name="crew-uk-commercial",
            working_calendar=WorkingCalendar(country="GB", subdivision="ENG"),
            cancellation=Cancellation(
                notice="calendar_days",
                time_zone="Europe/London",
                bands=(
                    Band(below=2, percent=Decimal(100)),
                    Band(below=4, percent=Decimal(75)),
                    Band(below=7, percent=Decimal(50)),
                ),
            ),
        ),
    )
}
"""The presets, by name; the first is every tenant's until it adopts another."""

DEFAULT: Final = PRESETS["motion-24h"]
