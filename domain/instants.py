"""Instants and local days: what a zone makes of what people say.

A local time that a zone skips is read with the offset before the gap, one that a zone repeats is its first
occurrence, as RFC 5545 reads them. A day starts at its local midnight so read; it may have 23, 24 or 25 hours.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, GetPydanticSchema, WithJsonSchema
from pydantic_core import core_schema

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2200
_DATE_LENGTH: Final = 10
_TIME_OF_DAY: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
_ONE_DAY: Final = timedelta(days=1)


def in_utc(instant: datetime) -> datetime:
    """The same instant in UTC; instants that share their `tzinfo` compare ten times as fast."""
    if instant.tzinfo is None:
        raise ValueError("needs an offset, such as Z or +01:00")
    if not FIRST_YEAR < instant.year < LAST_YEAR:
        raise ValueError(f"must lie between {FIRST_YEAR + 1} and {LAST_YEAR - 1}")
    return instant.astimezone(UTC)


def _rfc3339(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and value[_DATE_LENGTH : _DATE_LENGTH + 1] in {"T", "t"}):
        return value
    raise ValueError("must be an RFC 3339 date and time")


def _iso_date(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and len(value) == _DATE_LENGTH):
        return value
    raise ValueError("must be an ISO date, YYYY-MM-DD")


def _sensible(day: date) -> date:
    if not FIRST_YEAR < day.year < LAST_YEAR:
        raise ValueError(f"must lie between {FIRST_YEAR + 1} and {LAST_YEAR - 1}")
    return day


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The IANA names that this machine knows."""
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def _known(zone: str) -> str:
    if zone not in time_zones():
        raise ValueError("must be the IANA name of a time zone, such as Europe/Berlin")
    return zone


def _stored(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo is UTC and FIRST_YEAR < instant.year < LAST_YEAR else in_utc(instant)


# Pydantic reads into a zone of its own, from which the way to UTC takes three times as long as the reading.
_FROM_JSON: Final = core_schema.chain_schema(
    [
        core_schema.str_schema(),
        core_schema.no_info_plain_validator_function(_stored),
        core_schema.datetime_schema(),
    ]
)
_FROM_PYTHON: Final = core_schema.no_info_after_validator_function(in_utc, core_schema.datetime_schema())

Instant = Annotated[
    datetime,
    GetPydanticSchema(lambda *_: core_schema.json_or_python_schema(_FROM_JSON, _FROM_PYTHON)),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""Aware, and in UTC once validated. In JSON it is what was stored once, in UTC as a rule."""

# A client's JSON is read strictly: numbers are numbers. What has looked at the text itself lets it through.
_AS_TEXT: Final = Field(strict=False)

SaidInstant = Annotated[
    datetime,
    _AS_TEXT,
    BeforeValidator(_rfc3339),
    AfterValidator(in_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""The same as a client says it: RFC 3339 with an offset, never a number."""

Day = Annotated[
    date,
    _AS_TEXT,
    BeforeValidator(_iso_date),
    AfterValidator(_sensible),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A local date as a client says it."""


def _time_of_day(value: object) -> object:
    if isinstance(value, time) or (isinstance(value, str) and _TIME_OF_DAY.fullmatch(value)):
        return value
    raise ValueError("must be a local time, HH:MM or HH:MM:SS")


LocalTime = Annotated[
    time,
    _AS_TEXT,
    BeforeValidator(_time_of_day),
    WithJsonSchema({"type": "string", "pattern": f"^{_TIME_OF_DAY.pattern}$"}),
]
"""A time of day wherever somebody is, to the second."""

ZoneName = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"format": "iana-time-zone"})]
"""The IANA name of a zone that exists."""


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The zone's rules."""
    return ZoneInfo(name)


@lru_cache(maxsize=65536)
def day_starts_at(day: date, zone: str) -> datetime:
    """The instant at which `day` begins in `zone`."""
    return local_instant(datetime.combine(day, time.min), zone)


def day_ends_at(day: date, zone: str) -> datetime:
    """The instant at which `day` ends in `zone`: the next one's beginning."""
    return day_starts_at(day + _ONE_DAY, zone)


def local_instant(wall: datetime, zone: str) -> datetime:
    """The instant of a naive wall time in `zone`."""
    return wall.replace(tzinfo=zone_named(zone), fold=0).astimezone(UTC)


def wall_time(instant: datetime, zone: str) -> datetime:
    """What clocks on the wall show in `zone`, naive."""
    return instant.astimezone(zone_named(zone)).replace(tzinfo=None)


def local_day(instant: datetime, zone: str) -> date:
    """The date in `zone` at `instant`."""
    return instant.astimezone(zone_named(zone)).date()


@lru_cache(maxsize=1024)  # a batch of decisions shares its instant
def days_later(instant: datetime, days: int, zone: str) -> datetime:
    """The same wall time `days` later in `zone`."""
    # Adding to an aware datetime moves its wall time, and leaves the first of two readings.
    return (instant.astimezone(zone_named(zone)) + timedelta(days=days)).astimezone(UTC)
