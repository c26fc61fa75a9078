"""What a cancellation costs: ordered bands over the notice that was given."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator

from domain.clocks import WorkingDays
from domain.instants import LocalTime, ZoneName, day_ends_at, day_starts_at, days_later, local_day, wall_time
from domain.money import Money
from domain.spans import Span, cut, first_day

_HOUR: Final = timedelta(hours=1)
_ONE_DAY: Final = timedelta(days=1)
_CENT: Final = Decimal("0.01")


def _exact(value: object) -> object:
    if isinstance(value, int | str | Decimal):
        return value
    raise ValueError('must be a whole number, or written as text, such as "12.50"')


Percent = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(ge=0, le=100, max_digits=5, decimal_places=2),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 100},
                {"type": "string", "pattern": r"^(100(\.00?)?|[0-9]{1,2}(\.[0-9]{1,2})?)$"},
            ]
        }
    ),
]
"""Exact: whole, or text."""


class Band(BaseModel):
    """Less notice than `below`, in hours or days as the policy counts them, costs `percent` of the fee."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    below: int = Field(ge=0, le=8784)
    percent: Percent


class Cancellation(BaseModel):
    """How notice is counted, and what it costs; without bands a cancellation is free.

    `day_before_at` counts days that end at the local time `at` instead of midnight.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    notice: Literal["hours", "working_hours", "calendar_days", "working_days", "day_before_at"] = "hours"
    at: LocalTime = time(18)
    bands: tuple[Band, ...] = Field(default=(), max_length=20)
    unit: Literal["whole", "each_day", "whole_up_to"] = "whole"
    whole_up_to_days: int = Field(default=1, ge=1, le=366)
    time_zone: ZoneName | None = None
    """None means the artist's."""

    @field_validator("bands")
    @classmethod
    def _ordered(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        if [b.below for b in bands] != sorted({b.below for b in bands}):
            raise ValueError("bands must be in order of notice, the shortest first")
        return bands


class Fee(BaseModel):
    """What cancelling one unit of an engagement costs, worked out once and for all when it was recorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int
    """How many days of work the unit has."""
    percent: Decimal
    amount: Money | None = None
    """None when no rate was agreed."""
    notice: str
    band: str
    policy: str
    zone: str
    calendar: str | None = None


def fees(
    terms: Cancellation,
    cancelled: tuple[Span, ...],
    *,
    day_rate: Money | None,
    now: datetime,
    zone: str,
    working: WorkingDays,
    policy: str,
) -> tuple[Fee, ...]:
    """One fee for each unit of `cancelled`. `zone` is the artist's, unless the terms name another."""
    if not terms.bands or not cancelled:
        return ()
    zone = terms.time_zone or zone
    found = []
    for unit in _units(terms, cancelled, zone):
        notice = _notice(terms, now, unit[0], zone, working)
        band = next((band for band in terms.bands if notice < band.below), None)
        counted = terms.notice.replace("_", " ")
        days = len(_by_day(unit, zone))
        percent = Decimal(0) if band is None else band.percent
        fee = Fee(
            days=days,
            percent=percent,
            amount=None if day_rate is None else _share(day_rate, days, percent),
            notice=f"{notice.quantize(_CENT).normalize():f} {counted}",
            band=f"{terms.bands[-1].below} {counted} or more" if band is None else f"under {band.below} {counted}",
            policy=policy,
            zone=zone,
            calendar=working.name if terms.notice.startswith("working") else None,
        )
        found.append(fee)
    return tuple(found)


def _share(day_rate: Money, days: int, percent: Decimal) -> Money:
    amount = day_rate.amount * days * percent / 100
    return Money(amount=amount.quantize(_CENT, ROUND_HALF_UP), currency=day_rate.currency)


def _units(terms: Cancellation, cancelled: tuple[Span, ...], zone: str) -> Iterator[tuple[Span, ...]]:
    days = _by_day(cancelled, zone)
    if terms.unit == "whole" or (terms.unit == "whole_up_to" and len(days) <= terms.whole_up_to_days):
        yield cancelled
    else:
        yield from days.values()


def _by_day(spans: tuple[Span, ...], zone: str) -> dict[date, tuple[Span, ...]]:
    """The work of each day: whole days as said; hours belong to the day they start on, a night's to the evening's."""
    found: dict[date, tuple[Span, ...]] = {}
    for span in spans:
        where, day, starts_at = span.time_zone, first_day(span, zone), span.starts_at
        while starts_at < span.ends_at:
            later = days_later(starts_at, 1, zone) if span.first_day is None else day_ends_at(day, where)
            if later > starts_at:
                found[day] = (*found.get(day, ()), cut(span, starts_at, later))
            day, starts_at = day + _ONE_DAY, later
    return found


def _notice(terms: Cancellation, now: datetime, first: Span, zone: str, working: WorkingDays) -> Decimal:
    """How much notice was given, in hours or days; none once the work has begun."""
    starts_at = first.starts_at
    if now >= starts_at:
        return Decimal(0)
    days = max((first_day(first, zone) - local_day(now, zone)).days, 0)
    until = [local_day(now, zone) + timedelta(days=n) for n in range(days + 1)]
    match terms.notice:
        case "hours":
            return Decimal((starts_at - now) / _HOUR)
        case "working_hours":
            worked = (
                max(min(starts_at, day_ends_at(day, zone)) - max(now, day_starts_at(day, zone)), timedelta())
                for day in until
                if working.worked(day)
            )
            return Decimal(sum(worked, timedelta()) / _HOUR)
        case "calendar_days":
            return Decimal(days)
        case "working_days":
            return Decimal(sum(1 for day in until[:-1] if working.worked(day)))
        case _:
            late = wall_time(now, zone).time() > terms.at
            return Decimal(max(days - late, 0))
