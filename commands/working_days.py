"""Working days by a policy's calendar, with the public holidays that the `holidays` package knows."""

from datetime import date
from functools import lru_cache

import holidays

from domain.clocks import WorkingDays
from domain.policy import Policy


@lru_cache(maxsize=4096)
def public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """The public holidays of a country, or of one of its subdivisions, in a year."""
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


@lru_cache(maxsize=1)
def known_countries() -> dict[str, frozenset[str]]:
    """The countries whose holidays are known, with their subdivisions."""
    return {country: frozenset(parts) for country, parts in holidays.list_supported_countries().items()}


def working_days(policy: Policy) -> WorkingDays:
    """The working days of a tenant that follows `policy`."""
    calendar = policy.working_calendar
    return WorkingDays(calendar.weekend, calendar.country, calendar.subdivision, public_holidays)
