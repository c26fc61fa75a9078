"""A dashboard as clients see it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal

from pydantic import Field

from read_api.shapes import Id, Maybe, Shown

SOON: Final = timedelta(hours=24)
SHOWN: Final = 20
"""Deadlines that are spelled out."""
_WORKED: Final = 5
"""Days of a week that count as days to be booked."""

What = Literal["deadline", "no_response", "first_refusal", "commitment", "challenge"]


class RankCount(Shown):
    """How many holds have that as the worst of their ranks."""

    rank: int = Field(ge=1)
    holds: int


class HoldCounts(Shown):
    """Holds that stand, whatever their strength."""

    total: int
    by_rank: list[RankCount] = Field(description="By the highest number that a hold has on any of its time.")


class DeadlineShown(Shown):
    """A clock that runs out soon."""

    what: What = Field(description="Which clock; `deadline`, `no_response` and `challenge` end all of it.")
    hold_id: Maybe[Id] = None
    challenge_id: Maybe[Id] = None
    artist_id: Id
    project_id: Id
    at: datetime
    rule: str
    zone: str = Field(examples=["Europe/Berlin"])


class Deadlines(Shown):
    """The clocks of holds and challenges that run out within 24 hours."""

    within_24h: int
    next: list[DeadlineShown] = Field(description=f"The first {SHOWN} of them.")


class Week(Shown):
    """A week, from Monday to Sunday."""

    first_day: date
    last_day: date
    bookings: int = Field(description="Bookings with some work in it.")


class Utilisation(Shown):
    """How much of the week's working days, Monday to Friday, is booked."""

    booked_days: int = Field(description="Days of artists; a day on which an artist is booked twice counts twice.")
    days: int = Field(description="Five for each artist.")
    share: float


class DashboardShown(Shown):
    """What goes on, at the database's now."""

    answered_by: Literal["redis", "postgres"]
    holds: HoldCounts
    deadlines: Deadlines
    open_challenges: int
    week: Week
    open_jobs: int = Field(description="Jobs that are not closed and not filled on every day.")
    utilisation: Utilisation


def monday_of(now: datetime) -> date:
    """The first day of its week."""
    return now.date() - timedelta(days=now.weekday())


def shown(
    *,
    answered_by: Literal["redis", "postgres"],
    ranks: Mapping[int, int],
    deadlines: Iterable[DeadlineShown],
    within_24h: int,
    challenges: int,
    monday: date,
    bookings: int,
    jobs: int,
    booked_days: int,
    artists: int,
) -> DashboardShown:
    """These counts, made ready."""
    by_rank = [RankCount(rank=rank, holds=ranks[rank]) for rank in sorted(ranks) if ranks[rank]]
    days = _WORKED * artists
    return DashboardShown(
        answered_by=answered_by,
        holds=HoldCounts(total=sum(one.holds for one in by_rank), by_rank=by_rank),
        deadlines=Deadlines(within_24h=within_24h, next=list(deadlines)),
        open_challenges=challenges,
        week=Week(first_day=monday, last_day=monday + timedelta(days=6), bookings=bookings),
        open_jobs=jobs,
        utilisation=Utilisation(
            booked_days=booked_days, days=days, share=round(booked_days / days, 4) if days else 0.0
        ),
    )
