"""One command's turn at a calendar: what is overdue comes first, what follows from it all comes last."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from domain import limits
from domain.calendar import Calendar, HoldPromoted, evolve
from domain.claims import Held
from domain.clocks import WorkingDays
from domain.event import Event
from domain.overdue import due, lapse
from domain.policy import Policy
from domain.queue import AS_RECORDED, firsts
from domain.spans import Span, intersect, plain, subtract, union


@dataclass(slots=True)
class Turn:
    """A calendar while one command changes it.

    Making one records what is overdue, `record` adds the command's own facts, `finish` the promotions that follow.
    """

    calendar: Calendar
    now: datetime
    policy: Policy
    zone: str
    """The artist's."""
    working: WorkingDays
    events: list[Event] = field(default_factory=list)
    warnings: list[dict[str, object]] = field(default_factory=list)
    freed: list[Span] = field(default_factory=list)
    """Time on which somebody may have moved up."""
    before: Calendar = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.calendar
        for one in due(self.calendar, self.now):
            if fact := lapse(self.calendar, one):
                self.record(fact, freed=fact.lapsed)

    def record(self, event: Event, *, freed: tuple[Span, ...] = ()) -> None:
        """Add a fact; `freed` is time that it leaves to others."""
        self.events.append(event)
        self.calendar = evolve(self.calendar, event)
        self.freed += freed

    def warn(self, code: str, detail: str, **helps: object) -> None:
        """Tell the caller of something that was allowed but is unusual."""
        self.warnings.append({"code": code, "detail": detail, **helps})

    def finish(self) -> list[Event]:
        """All the facts of the turn, promotions included: each hold that is now 1st and live where it was not."""
        if not self.freed:
            return self.events
        within = union(self.freed)
        were = firsts(self.before, AS_RECORDED, within)
        for hold_id, spans in firsts(self.calendar, self.now, within).items():
            if hold_id in self.before.holds:
                waited = tuple(span for span in spans if span.place < self.before.next_place)
                if promoted := subtract(waited, were.get(hold_id, ())):
                    self._promote(hold_id, promoted)
        return self.events

    def _promote(self, hold_id: str, promoted: tuple[Held, ...]) -> None:
        clock = limits.first_refusal(self.policy, now=self.now, zone=self.zone)
        spans = self.calendar.holds[hold_id].spans
        told = tuple(replace(span, first_refusal=clock) for span in intersect(spans, promoted))
        self.record(
            HoldPromoted(
                hold_id=hold_id,
                promoted=plain(promoted),
                first_refusal=clock,
                spans=union((*subtract(spans, promoted), *told)),
            )
        )
