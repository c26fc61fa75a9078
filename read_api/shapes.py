"""What several reads show alike: time, clocks, ranks."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, WithJsonSchema

from domain.clocks import Clock
from domain.queue import Rank
from domain.spans import Span

Id = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid"})]

T = TypeVar("T")

_SPANS: TypeAdapter[tuple[Span, ...]] = TypeAdapter(tuple[Span, ...])

Maybe = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""A member that is left out when there is nothing to say."""


class Shown(BaseModel):
    """What is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Page(Shown, Generic[T]):
    """A part of a list, in an order that does not change while it is read."""

    items: list[T]
    next_cursor: str | None = Field(description="Give it as `cursor` to go on; null at the end of the list.")

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """What the document calls it: `ArtistPage` is a page of `ArtistShown`."""
        return f"{params[0].__name__.removesuffix('Shown')}Page"


class Time(Shown):
    """A stretch of time; whole local days say which."""

    starts_at: datetime
    ends_at: datetime
    time_zone: str = Field(examples=["Europe/Berlin"])
    first_day: Maybe[date] = None
    last_day: Maybe[date] = None

    @classmethod
    def of(cls, span: Span) -> Self:
        """`span` as clients see it."""
        return cls(
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            time_zone=span.time_zone,
            first_day=span.first_day,
            last_day=span.last_day,
        )


class Amount(Shown):
    """Money that was added up: as large as it gets, and below zero where that says something."""

    amount: Decimal
    currency: str = Field(examples=["EUR"])


class Deadline(Shown):
    """An instant, what gave it, and the zone in which it was worked out."""

    at: datetime
    rule: str = Field(examples=["14 days after placing"])
    zone: str = Field(examples=["Europe/Berlin"])

    @classmethod
    def of(cls, clock: Clock) -> Self:
        """`clock` as clients see it."""
        return cls(at=clock.at, rule=clock.rule, zone=clock.zone)


class Standing(Shown):
    """Where a hold stands on one stretch of its time."""

    starts_at: datetime
    ends_at: datetime
    first_day: Maybe[date] = None
    last_day: Maybe[date] = None
    rank: int = Field(ge=1, description="1 is first; so many are ahead, and one more.")
    state: Literal["live", "standby", "blocked"]
    first_refusal_until: Maybe[datetime] = Field(default=None, description="Silence until then lapses it here.")
    book_by: Maybe[datetime] = Field(default=None, description="It has won a challenge here, and loses it again then.")

    @classmethod
    def of(cls, rank: Rank) -> Self:
        """`rank` as clients see it."""
        span = rank.span
        return cls(
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            first_day=span.first_day,
            last_day=span.last_day,
            rank=rank.rank,
            state=rank.state,
            first_refusal_until=None if span.first_refusal is None else span.first_refusal.at,
            book_by=None if span.commitment is None else span.commitment.at,
        )


class ChallengeShown(Shown):
    """An open challenge that a hold has raised, or has to answer."""

    id: Id
    role: Literal["challenger", "challenged"]
    answer_by: Deadline
    periods: list[Time]


def times(spans: Iterable[Span]) -> list[Time]:
    """`spans` as clients see them."""
    return [Time.of(span) for span in spans]


def stored_times(said: object) -> list[Time]:
    """The same of spans as rows keep them."""
    return times(_SPANS.validate_python(said))
