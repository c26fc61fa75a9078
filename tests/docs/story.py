"""Stories as the guides tell them: one line, one thing that somebody does or that is true then.

A line that ends in `— refused: <code>` has to be refused, under that code; one that ends in `— warned: <code>` is done,
with that warning. A line that means nothing here is a mistake of the guide. Times are Berlin's, where everybody lives:
Ada and Bob, who are staff, and Eve, who is a freelancer.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from domain.calendar import TimeOffMarked
from domain.errors import DomainError
from domain.instants import local_instant, wall_time
from tests.given import OVERRIDES, Studio, accepting, days, uid

ZONE: Final = "Europe/Berlin"
DAY: Final = r"\d{4}-\d\d-\d\d"
TIME: Final = rf"({DAY} \d\d:\d\d)"
ON: Final = rf"(?: on ({DAY})(?: to ({DAY}))?)?"
HOUR: Final = r"\d\d:\d\d"
HOLD: Final = r"([A-Z])"
ARTIST: Final = "(Ada|Bob|Eve)"
HOW: Final = "for the job|for one of them|for all of them|over the time off|with a heavy pencil"
RANKS: Final = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5}
STATES: Final = {"live": "live", "standing by": "standby", "blocked": "blocked"}


def said(first: str | None, last: str | None) -> dict[str, Any]:
    """The periods of a line, if it has any."""
    return {} if first is None else {"periods": days(first, last)}


@dataclass
class Story:
    """One story, from the first line on."""

    studio: Studio = field(default_factory=lambda: Studio(permissions=OVERRIDES))
    bookings: dict[str, str] = field(default_factory=dict)
    """By the hold that it was."""
    raised: dict[str, str] = field(default_factory=dict)
    """The latest challenge, by the hold that raised it."""
    artists: dict[str, str] = field(default_factory=dict)
    """Whom each hold holds."""

    def tell(self, line: str) -> None:
        """Do what a line says, or check it."""
        line, _, warned = line.partition(" — warned: ")
        action, _, refused = line.partition(" — refused: ")
        for pattern, step in STEPS:
            if found := re.fullmatch(pattern, action):
                if not refused:
                    self.studio.told = {}
                    step(self, *found.groups())
                    codes = [warning["code"] for warning in self.studio.told.get("warnings", ())]
                    assert codes == [warned] or not warned
                    return
                with pytest.raises(DomainError) as error:
                    step(self, *found.groups())
                assert error.value.code == refused
                return
        raise AssertionError(f"nobody knows what this means: {line}")

    def time_is(self, at: str) -> None:
        self.studio.log.now = instant(at)
        self.studio.record_overdue()

    def time_passes(self, count: str, unit: str) -> None:
        self.studio.pass_(**{f"{unit.rstrip('s')}s": int(count)})
        self.studio.record_overdue()

    def policy(self, name: str, rule: str | None, said: str | None) -> None:
        rules = {} if rule is None or said is None else {rule: int(said) if said.isdecimal() else said}
        self.studio.policy(name, **rules)

    def is_known(self, project: str, artist: str, name: str) -> dict[str, Any]:
        """Whom a line names, as a command names them."""
        if project not in {"film", "spot"}:
            self.studio.project(project)
        if artist != "Ada":
            self.studio.artist(artist.lower(), consent="freelancer" if artist == "Eve" else "staff")
        self.artists[name] = artist.lower()
        return {"project": project, "artist": artist.lower()}

    def holds(self, project: str, artist: str, first: str, last: str | None, name: str, how: str | None) -> None:  # noqa: PLR0917 - its line has as many words
        more: dict[str, Any] = self.is_known(project, artist, name)
        if how is not None and how.startswith("for"):
            more["job_id"] = "the job"
        if how is not None and how.startswith(("for one", "for all")):
            kind = "all_of" if how == "for all of them" else "any_of"
            more["group"] = {"id": uid(kind), "kind": kind}
        if how == "over the time off":
            (off,) = self.studio.calendar().time_off
            more["overrides"] = accepting("over_time_off", off)
        if how is not None and how.endswith("heavy pencil"):
            more["strength"] = "heavy"
        self.studio.hold(name, days(first, last), **more)

    def holds_hours(self, project: str, artist: str, day: str, starts: str, ends: str, name: str) -> None:  # noqa: PLR0917 - its line has as many words
        period = {"starts_at": instant(f"{day} {starts}"), "ends_at": instant(f"{day} {ends}")}
        said = [{name: at.isoformat() for name, at in period.items()}]
        self.studio.hold(name, said, **self.is_known(project, artist, name))

    def books(self, project: str, artist: str, first: str, last: str | None, name: str) -> None:
        told = self.studio.book(f"{name} booked", days(first, last), **self.is_known(project, artist, name))
        self.bookings[name] = told["booking_id"]

    def needs(self, project: str, count: str, first: str, last: str | None) -> None:
        self.studio.job("the job", project=project, periods=days(first, last), quantity=int(count))

    def project_ends(self, project: str, how: str) -> None:
        {"closed": self.studio.close_project, "cancelled": self.studio.cancel_project}[how](project)

    def challenges_anew(self, project: str, first: str, last: str | None, name: str) -> None:
        self.studio.project(project)
        self.artists[name] = "ada"
        told = self.studio.challenge_anew(f"{name} anew", days(first, last), project=project)
        self.raised[name] = told["challenge_id"]
        assert told["worst_rank"] > len(told["challenged"])

    def is_answered(self, name: str, what: str) -> None:
        {"accepted": self.studio.accept, "declined": self.studio.decline}[what](name)

    def is_countered(self, first: str, last: str | None, name: str) -> None:
        self.studio.counter(name, days(first, last))

    def answers_by(self, name: str, at: str) -> None:
        respond_by = self.studio.calendar(self.artists[name]).holds[uid(name)].respond_by
        assert respond_by is not None
        assert respond_by.at == instant(at)

    def is_reordered(self, first: str, last: str | None, order: str, over: str) -> None:
        overrides = accepting("jump_queue", *over.split())
        self.studio.reorder(order.split(), days(first, last), overrides=overrides)

    def is_postponed(self, name: str) -> None:
        self.studio.postpone(self.bookings[name])

    def is_rescheduled(self, name: str, first: str, last: str | None) -> None:
        self.studio.reschedule(self.bookings[name], days(first, last))

    def is_completed(self, name: str) -> None:
        self.studio.complete(self.bookings[name])

    def has_rank(self, name: str, rank: str, first: str | None, last: str | None) -> None:
        assert set(self.places(name, first, last)) == {RANKS[rank]}

    def has_state(self, name: str, state: str, first: str | None, last: str | None) -> None:
        assert set(self.states(name, first, last)) == {STATES[state]}

    def has_ended(self, name: str, first: str | None, last: str | None) -> None:
        assert self.places(name, first, last) == []

    def deadline_is(self, name: str, at: str) -> None:
        deadline = self.studio.calendar(self.artists[name]).holds[uid(name)].deadline
        assert wall_time(deadline.at, deadline.zone) == wall(at)

    def books_by(self, name: str, at: str) -> None:
        spans = self.studio.calendar(self.artists[name]).holds[uid(name)].spans
        assert {span.commitment.at for span in spans if span.commitment} == {instant(at)}

    def decides_by(self, name: str, at: str) -> None:
        spans = self.studio.calendar(self.artists[name]).holds[uid(name)].spans
        assert {span.first_refusal.at for span in spans if span.first_refusal} == {instant(at)}

    def releases(self, name: str, first: str | None, last: str | None) -> None:
        self.studio.release(name, **said(first, last))

    def keeps(self, name: str) -> None:
        self.studio.keep(name)

    def extends(self, name: str) -> None:
        self.studio.extend(name)

    def changes(self, name: str, first: str, last: str | None) -> None:
        self.studio.change(name, days(first, last))

    def confirms(self, name: str, first: str | None, last: str | None, rest: str | None, over: str | None) -> None:
        overrides = accepting("jump_queue", over) if over else []
        told = self.studio.confirm(name, keep_rest=rest is not None, overrides=overrides, **said(first, last))
        self.bookings[name] = told["booking_id"]

    def challenges(self, name: str, first: str | None, last: str | None, answer_by: str | None) -> None:
        told = self.studio.challenge(f"{len(self.raised)} by {name}", by=name, **said(first, last))
        self.raised[name] = told["challenge_id"]
        if answer_by is not None:
            assert datetime.fromisoformat(told["answer_by"]["at"]) == instant(answer_by)

    def answers(self, name: str, answer: str, first: str | None, last: str | None, challenger: str) -> None:
        told = self.studio.answers(self.raised[challenger], by=name, answer=answer, **said(first, last))
        if "booking_id" in told:
            self.bookings[name] = told["booking_id"]

    def withdraws(self, name: str) -> None:
        self.studio.withdraw(self.raised[name])

    def is_booked(self, name: str) -> None:
        assert self.bookings[name] in self.studio.calendar(self.artists[name]).bookings

    def is_cancelled(self, name: str, first: str | None, last: str | None, percent: str | None) -> None:
        fees = self.studio.cancel(self.bookings[name], **said(first, last))["fees"]
        assert [Decimal(fee["percent"]) for fee in fees] == ([] if percent is None else [Decimal(percent)])

    def is_unconfirmed(self, name: str, again: str) -> None:
        assert self.studio.unconfirm(self.bookings[name])["worst_rank"] == RANKS[again]

    def is_away(self, first: str, last: str | None) -> None:
        self.studio.time_off(f"away {first}", days(first, last))
        self.studio.approve(f"away {first}")

    def is_back(self) -> None:
        (off,) = self.studio.calendar().time_off.values()
        self.studio.withdraw_time_off(off.time_off_id)

    def is_told(self, name: str) -> None:
        assert uid(name) in self.studio.events(TimeOffMarked)[-1].blocked

    def conflicts(self, name: str) -> None:
        assert self.bookings[name] in {booking for booking, _ in self.studio.calendar().conflicts}

    def moves(self, name: str, first: str, last: str | None) -> None:
        self.studio.resolve(self.bookings[name], "move", **said(first, last))

    def places(self, name: str, first: str | None, last: str | None) -> list[int]:
        return [rank for rank, _ in self.standing(name, first, last)]

    def states(self, name: str, first: str | None, last: str | None) -> list[str]:
        return [state for _, state in self.standing(name, first, last)]

    def standing(self, name: str, first: str | None, last: str | None) -> list[tuple[int, str]]:
        artist = self.artists[name]
        if first is None:
            return self.studio.ranks(name, artist)
        return [*self.studio.standing_on(first, name, artist), *self.studio.standing_on(last or first, name, artist)]


def wall(at: str) -> datetime:
    """What the clocks in Berlin show."""
    return datetime.strptime(at, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - a wall time has no zone


def instant(at: str) -> datetime:
    """When they show that."""
    return local_instant(wall(at), ZONE)


STEPS: Final[tuple[tuple[str, Callable[..., None]], ...]] = (
    (rf"it is {TIME}", Story.time_is),
    (r"(\d+) (hours?|days?) pass(?:es)?", Story.time_passes),
    (r"the policy is ([a-z0-9-]+)(?: with (\w+) (\w+))?", Story.policy),
    (rf"(\w+) holds {ARTIST}{ON} as {HOLD}(?: ({HOW}))?", Story.holds),
    (rf"(\w+) holds {ARTIST} on ({DAY}) from ({HOUR}) to ({HOUR}) as {HOLD}", Story.holds_hours),
    (rf"(\w+) books {ARTIST}{ON} as {HOLD}", Story.books),
    (rf"(\w+) needs (\d+){ON}", Story.needs),
    (r"(\w+) is (closed|cancelled)", Story.project_ends),
    (rf"(\w+), who holds nothing, challenges{ON} as {HOLD}", Story.challenges_anew),
    (rf"{HOLD} is (accepted|declined)", Story.is_answered),
    (rf"Eve offers{ON} for {HOLD}", Story.is_countered),
    (rf"{HOLD} must be answered by {TIME}", Story.answers_by),
    (rf"the queue{ON} is put into the order ((?:[A-Z] )*[A-Z]), past ((?:[A-Z] )*[A-Z])", Story.is_reordered),
    (rf"the booking of {HOLD} is postponed", Story.is_postponed),
    (rf"the booking of {HOLD} is rescheduled{ON}", Story.is_rescheduled),
    (rf"the booking of {HOLD} is completed", Story.is_completed),
    (rf"{HOLD} is (\d\w\w){ON}", Story.has_rank),
    (rf"{HOLD} is (live|standing by|blocked){ON}", Story.has_state),
    (rf"{HOLD} no longer stands{ON}", Story.has_ended),
    (rf"{HOLD} lapses at {TIME}", Story.deadline_is),
    (rf"{HOLD} must book by {TIME}", Story.books_by),
    (rf"{HOLD} must decide by {TIME}", Story.decides_by),
    (rf"{HOLD} releases{ON}", Story.releases),
    (rf"{HOLD} keeps", Story.keeps),
    (rf"{HOLD} extends", Story.extends),
    (rf"{HOLD} moves{ON}", Story.changes),
    (rf"{HOLD} confirms{ON}( and keeps the rest)?(?: past {HOLD})?", Story.confirms),
    (rf"{HOLD} challenges{ON}(?:, answer by {TIME})?", Story.challenges),
    (rf"{HOLD} answers (confirm|release){ON} to {HOLD}", Story.answers),
    (rf"{HOLD} withdraws", Story.withdraws),
    (rf"{HOLD} is booked", Story.is_booked),
    (rf"the booking of {HOLD} is cancelled{ON}(?: for (\d+) percent)?", Story.is_cancelled),
    (rf"the booking of {HOLD} is a hold again, (\d\w\w)", Story.is_unconfirmed),
    (rf"Ada is away{ON}", Story.is_away),
    (r"Ada is back", Story.is_back),
    (rf"{HOLD} is told", Story.is_told),
    (rf"the booking of {HOLD} is in conflict", Story.conflicts),
    (rf"the booking of {HOLD} moves{ON}", Story.moves),
)
