"""What commands answer, as the OpenAPI document shows it; the handlers write the bytes themselves."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from commands.body import Id
from domain.bands import Fee
from domain.policy import Policy


class Answer(BaseModel):
    """Of every command: what it was about, the version that this has now, and how far the tenant's log has come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Id
    version: int = Field(ge=0, examples=[1])
    seq: int = Field(ge=0, examples=[7])


class ClockAnswer(BaseModel):
    """An instant, what gave it, and the zone in which it was worked out."""

    at: datetime
    rule: str = Field(examples=["14 days after placing"])
    zone: str = Field(examples=["Europe/Berlin"])


class RankAnswer(BaseModel):
    """Where a hold stands on one stretch of its time; 1 is first."""

    starts_at: datetime
    ends_at: datetime
    first_day: date | None = None
    last_day: date | None = None
    rank: int = Field(ge=1)
    state: Literal["live", "standby", "blocked"]
    first_refusal_until: datetime | None = None
    book_by: datetime | None = None


class WarningAnswer(BaseModel):
    """Something that was allowed, but is unusual."""

    model_config = ConfigDict(extra="allow")

    code: str = Field(examples=["same_project"])
    detail: str


class CalendarAnswer(Answer):
    """Of a command at an artist's calendar."""

    warnings: list[WarningAnswer] = []


class HoldAnswer(CalendarAnswer):
    """Of a command about a hold: where it stands now. Without `deadline` it has left the calendar."""

    deadline: ClockAnswer | None = None
    ranks: list[RankAnswer] = Field(default=[], description="One entry for each stretch of its time.")
    worst_rank: int | None = None
    respond_by: ClockAnswer | None = None


class BookingAnswer(CalendarAnswer):
    """Of booking without a hold."""

    booking_id: Id


class ConfirmAnswer(HoldAnswer):
    """Of confirming a hold."""

    booking_id: Id


class ChallengeAnswer(CalendarAnswer):
    """Of raising a challenge; said again once it is over, it answers its id alone."""

    challenge_id: Id
    answer_by: ClockAnswer | None = None
    challenged: list[Id] = []


class ChallengeAnewAnswer(ChallengeAnswer, HoldAnswer):
    """Of raising a challenge without a hold: the one that was placed, and where it stands."""

    hold_id: Id


class IntentAnswer(HoldAnswer):
    """Of answering a challenge."""

    booking_id: Id | None = None


class UnconfirmAnswer(HoldAnswer):
    """Of making a booking a hold again."""

    hold_id: Id


class CancelAnswer(CalendarAnswer):
    """Of a cancellation: what it costs."""

    fees: list[Fee] = []


class TimeOffAnswer(CalendarAnswer):
    """Of approving time off: the bookings that it clashes with."""

    conflicts: list[Id] = []


class PolicyAnswer(Answer):
    """The whole policy that counts from now on."""

    policy: Policy


class FeedAnswer(Answer):
    """Of opening a feed: where calendars subscribe. It is a secret, and cannot be asked for later."""

    path: str = Field(examples=["/feeds/AZLwwSw9fk-KmwwdLj9KWw….ics"])


class BatchItem(BaseModel):
    """What became of one command of a batch."""

    status: int = Field(examples=[201])
    headers: dict[str, str] = Field(examples=[{"Consistency-Token": "…", "ETag": '"1"'}])
    body: Any


class BatchAnswer(BaseModel):
    """What became of each command, in their order."""

    items: list[BatchItem]
