"""A hold: who holds an artist, for what, and what its holder did with it. Where it stands is on the calendar."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.decider import Decider
from domain.event import Event
from domain.overrides import Override
from domain.periods import Period

Strength = Literal["soft", "normal", "heavy"]


class Group(BaseModel):
    """The group of one job's holds that a hold belongs to; `k` counts for `any_of`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Annotated[str, Field(max_length=36)]
    kind: Literal["any_of", "all_of", "independent"]
    k: Annotated[int, Field(ge=1, le=1000)] = 1


class HoldPlaced(Event):
    """Somebody wants an artist; what that means in time and rank is on the calendar."""

    stored_as: ClassVar[str] = "hold.placed.v1"
    artist_id: str
    project_id: str
    periods: tuple[Period, ...]
    time_zone: str | None = None
    """As said; None means the artist's."""
    job_id: str | None = None
    strength: Strength = "normal"
    note: str | None = None
    group: Group | None = None
    overrides: tuple[Override, ...] = ()
    unconfirmed_from: str | None = None
    """The booking that this hold was before."""


class HoldReleased(Event):
    """The holder let go of all of it, or of `periods`."""

    stored_as: ClassVar[str] = "hold.released.v1"
    periods: tuple[Period, ...] | None = None
    reason: str | None = None


class HoldChanged(Event):
    """The holder wants other dates."""

    stored_as: ClassVar[str] = "hold.changed.v1"
    periods: tuple[Period, ...]
    overrides: tuple[Override, ...] = ()


class HoldExtended(Event):
    """The holder asked for more time to decide, for the `extensions`th time."""

    stored_as: ClassVar[str] = "hold.extended.v1"
    extensions: int
    reason: str | None = None


class HoldKept(Event):
    """The holder keeps what it was promoted to: all of it, or `periods`."""

    stored_as: ClassVar[str] = "hold.kept.v1"
    periods: tuple[Period, ...] | None = None


class HoldConfirmed(Event):
    """All of it, or `periods`, became a booking; the rest was kept or released."""

    stored_as: ClassVar[str] = "hold.confirmed.v1"
    booking_id: str
    periods: tuple[Period, ...] | None = None
    keep_rest: bool = False


class HoldAccepted(Event):
    """The artist, or the agent, accepted."""

    stored_as: ClassVar[str] = "hold.accepted.v1"


class HoldDeclined(Event):
    """The artist, or the agent, declined."""

    stored_as: ClassVar[str] = "hold.declined.v1"
    reason: str | None = None


class HoldCountered(Event):
    """The artist, or the agent, offered other time."""

    stored_as: ClassVar[str] = "hold.countered.v1"
    periods: tuple[Period, ...]
    reason: str | None = None


class HoldChallenged(Event):
    """The holder challenges everyone above."""

    stored_as: ClassVar[str] = "hold.challenged.v1"
    challenge_id: str


@dataclass(frozen=True, slots=True)
class Hold:
    """What its holder said and did."""

    placed: HoldPlaced | None = None
    extensions: int = 0
    bookings: tuple[str, ...] = ()
    ended: Literal["released", "declined", "confirmed"] | None = None
    """What its own last word was, if that ended it; a hold that lapsed has none."""


def evolve(hold: Hold, event: Event) -> Hold:
    """The hold after `event`."""
    match event:
        case HoldPlaced():
            return Hold(placed=event)
        case HoldReleased(periods=None):
            return replace(hold, ended="released")
        case HoldDeclined():
            return replace(hold, ended="declined")
        case HoldExtended():
            return replace(hold, extensions=event.extensions)
        case HoldConfirmed():
            bookings = (*hold.bookings, event.booking_id)
            return replace(hold, bookings=bookings, ended=hold.ended if event.keep_rest else "confirmed")
        case _:
            return hold


HOLD = Decider[Hold](
    category="hold",
    events=(
        HoldPlaced,
        HoldReleased,
        HoldChanged,
        HoldExtended,
        HoldKept,
        HoldConfirmed,
        HoldAccepted,
        HoldDeclined,
        HoldCountered,
        HoldChallenged,
    ),
    initial=Hold(),
    evolve=evolve,
)
