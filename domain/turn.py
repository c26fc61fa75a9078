"""One command's turn at a calendar: the state as its facts are recorded, one after another."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from domain.artist import ArtistAdded
from domain.beyond import Beyond
from domain.calendar import BookingMoved, Calendar, ConsentGiven, TimeBooked, TimeChanged, TimeOffMarked, evolve
from domain.clocks import WorkingDays
from domain.event import Event
from domain.policy import Policy
from domain.spans import Span, plain

_TOUCHES: Final = (TimeBooked, BookingMoved, TimeOffMarked, TimeChanged)


@dataclass(slots=True)
class Turn:
    """A calendar while one command changes it; see `domain.consequences` for how a turn begins and ends."""

    calendar: Calendar
    now: datetime
    policy: Policy
    artist_id: str
    artist: ArtistAdded
    working: WorkingDays
    beyond: Beyond
    events: list[Event] = field(default_factory=list)
    warnings: list[dict[str, object]] = field(default_factory=list)
    freed: list[Span] = field(default_factory=list)
    """Time on which somebody may have moved up."""
    touched: list[Span] = field(default_factory=list)
    """Time that was freed or taken, or may be confirmed now: where a challenge may be decided, or a clock be idle."""

    @property
    def zone(self) -> str:
        """The artist's time zone."""
        return self.artist.time_zone

    def record(self, event: Event, *, freed: tuple[Span, ...] = ()) -> None:
        """Add a fact; `freed` is time that it leaves to others."""
        self.events.append(event)
        self.calendar = evolve(self.calendar, event)
        self.freed += freed
        self.touched += freed
        if isinstance(event, _TOUCHES):
            self.touched += plain(event.spans)
        elif isinstance(event, ConsentGiven):
            self.touched += plain(self.calendar.holds[event.hold_id].spans)

    def warn(self, code: str, detail: str, **helps: object) -> None:
        """Tell the caller of something that was allowed but is unusual."""
        self.warnings.append({"code": code, "detail": detail, **helps})
