"""Stories: given what happened, when somebody asks, then these facts, nothing, or a refusal.

`Studio` is a whole tenant on a log in memory: every command goes through its handler, and time is what the story says.
"""

import hashlib
import json
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

from commands import artist, booking, calendar, challenge, consent, hold, job, project, tenant, time_off
from commands import booking_changes as changes
from commands.context import Context
from commands.log import Decided, Outcome, States
from domain.calendar import CALENDAR, Calendar
from domain.event import Event
from domain.ids import tenant_id
from domain.queue import Rank, ranks, stretches
from tests.memory_log import MemoryLog

R = TypeVar("R")
OVERRIDES = frozenset({"double_book", "jump_queue", "over_time_off", "over_fill"})
_STORIES = UUID("5c1d0b5e-3a3d-4a53-9a1b-0b8f9f4f3c11")
_ID_LENGTH = 36


def now(coroutine: Coroutine[Any, Any, R]) -> R:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    raise AssertionError("it waited for something")


def uid(name: str) -> str:
    """The id that a story calls `name`; an id that somebody was told stays what it is."""
    return name if len(name) == _ID_LENGTH else str(uuid5(_STORIES, name))


def days(first: str, last: str | None = None) -> list[dict[str, str]]:
    """One period of whole days."""
    return [{"first_day": first, "last_day": last or first}]


def hours(starts_at: str, ends_at: str) -> list[dict[str, str]]:
    """One period of hours."""
    return [{"starts_at": starts_at, "ends_at": ends_at}]


def accepting(permission: str, *names: str) -> list[dict[str, Any]]:
    """An override that accepts what the story calls by these names."""
    return [{"permission": permission, "reason": "the client insists", "accepts": [uid(name) for name in names]}]


@dataclass
class Studio:
    """A tenant with Ada (Berlin), a project called film and one called spot."""

    log: MemoryLog = field(default_factory=MemoryLog)
    name: str = "acme"
    permissions: frozenset[str] = frozenset()
    calls: int = 0
    told: dict[str, Any] = field(default_factory=dict)
    """The latest answer."""

    def __post_init__(self) -> None:
        self.tenant = tenant_id("https://issuer.test", self.name)
        self.artist("ada")
        self.project("film")
        self.project("spot")

    # Time

    def at(self, when: str) -> None:
        """The clock shows `when` from now on."""
        self.log.now = datetime.fromisoformat(when).replace(tzinfo=UTC)

    def pass_(self, **elapsed: float) -> None:
        """Let time go by."""
        self.log.now += timedelta(**elapsed)

    # Commands

    def context(self, said: object, key: str | None = None) -> Context:
        """Who asks; without a key each call has one of its own."""
        self.calls += 1
        fingerprint = hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode()).digest()
        return Context(
            tenant_id=self.tenant,
            actor="maria",
            permissions=self.permissions,
            key=key or f"key-{self.calls}",
            fingerprint=fingerprint,
            correlation_id="story",
        )

    def answer(self, outcome: Outcome) -> dict[str, Any]:
        """What the caller was told."""
        self.told = json.loads(outcome.body)
        return self.told

    def policy(self, preset: str = "motion-24h", **rules: object) -> dict[str, Any]:
        said = {"preset": preset, **rules}
        command = tenant.AdoptPolicy.model_validate_json(json.dumps(said))
        return self.answer(now(tenant.adopt(self.log, self.context(said), command)))

    def whole_policy(self, said: object) -> dict[str, Any]:
        command = tenant.AdoptPolicy.model_validate_json(json.dumps(said))
        return self.answer(now(tenant.adopt(self.log, self.context(said), command)))

    def artist(self, name: str, *, time_zone: str = "Europe/Berlin", **more: object) -> str:
        said = {"id": uid(name), "name": name, "time_zone": time_zone, **more}
        command = artist.AddArtist.model_validate_json(json.dumps(said))
        now(artist.add_artist(self.log, self.context(said), command))
        return uid(name)

    def project(self, name: str, *, time_zone: str = "Europe/Berlin", **more: object) -> str:
        said = {"id": uid(name), "name": name, "time_zone": time_zone, **more}
        command = project.OpenProject.model_validate_json(json.dumps(said))
        now(project.open_a_project(self.log, self.context(said), command))
        return uid(name)

    def job(self, name: str, *, project: str = "film", **more: object) -> str:
        said = {"id": uid(name), "role": "compositor", **more}
        command = job.OpenJob.model_validate_json(json.dumps(said))
        now(job.open_a_job(self.log, self.context(said), uid(project), command))
        return uid(name)

    def hold(
        self,
        name: str,
        periods: list[dict[str, str]],
        *,
        artist: str = "ada",
        project: str = "film",
        key: str | None = None,
        **more: object,
    ) -> dict[str, Any]:
        said = {
            "id": uid(name),
            "artist_id": uid(artist),
            "project_id": uid(project),
            "periods": periods,
            **_ids(more),
        }
        command = hold.PlaceHold.model_validate_json(json.dumps(said))
        return self.answer(now(hold.place_hold(self.log, self.context(said, key), command)))

    def release(self, name: str, **said: object) -> dict[str, Any]:
        command = hold.ReleaseHold.model_validate_json(json.dumps(said))
        return self.answer(now(hold.release_hold(self.log, self.context(said), uid(name), command)))

    def change(self, name: str, periods: list[dict[str, str]], **more: object) -> dict[str, Any]:
        said = {"periods": periods, **more}
        command = hold.ChangeHold.model_validate_json(json.dumps(said))
        return self.answer(now(hold.change_hold(self.log, self.context(said), uid(name), command)))

    def extend(self, name: str, **said: object) -> dict[str, Any]:
        command = hold.ExtendHold.model_validate_json(json.dumps(said))
        return self.answer(now(hold.extend_hold(self.log, self.context(said), uid(name), command)))

    def keep(self, name: str, **said: object) -> dict[str, Any]:
        command = hold.KeepHold.model_validate_json(json.dumps(said))
        return self.answer(now(hold.keep_hold(self.log, self.context(said), uid(name), command)))

    def confirm(self, name: str, key: str | None = None, **said: object) -> dict[str, Any]:
        command = booking.ConfirmHold.model_validate_json(json.dumps(said))
        return self.answer(now(booking.confirm_hold(self.log, self.context(said, key), uid(name), command)))

    def book(
        self, name: str, periods: list[dict[str, str]], *, artist: str = "ada", project: str = "film", **more: object
    ) -> dict[str, Any]:
        said = {
            "id": uid(name),
            "artist_id": uid(artist),
            "project_id": uid(project),
            "periods": periods,
            **_ids(more),
        }
        command = booking.MakeBooking.model_validate_json(json.dumps(said))
        return self.answer(now(booking.make_booking(self.log, self.context(said), command)))

    def cancel(self, booking_id: str, **said: object) -> dict[str, Any]:
        command = changes.CancelBooking.model_validate_json(json.dumps(said))
        return self.answer(now(changes.cancel_booking(self.log, self.context(said), booking_id, command)))

    def close_project(self, name: str) -> None:
        now(project.close_project(self.log, self.context({}), uid(name), project.CloseProject()))

    def cancel_project(self, name: str) -> None:
        now(project.cancel_project(self.log, self.context({}), uid(name), project.CancelProject()))

    def close_job(self, name: str) -> None:
        now(job.close_job(self.log, self.context({}), uid(name), job.CloseJob()))

    def accept(self, name: str) -> dict[str, Any]:
        return self.answer(now(consent.accept_hold(self.log, self.context({}), uid(name), consent.AcceptHold())))

    def decline(self, name: str, **said: object) -> dict[str, Any]:
        command = consent.DeclineHold.model_validate_json(json.dumps(said))
        return self.answer(now(consent.decline_hold(self.log, self.context(said), uid(name), command)))

    def counter(self, name: str, periods: list[dict[str, str]]) -> dict[str, Any]:
        command = consent.CounterHold.model_validate_json(json.dumps({"periods": periods}))
        return self.answer(now(consent.counter_hold(self.log, self.context(periods), uid(name), command)))

    def challenge(self, name: str, by: str, **said: object) -> dict[str, Any]:
        said = {"id": uid(name), **said}
        command = challenge.RaiseChallenge.model_validate_json(json.dumps(said))
        return self.answer(now(challenge.raise_challenge(self.log, self.context(said), uid(by), command)))

    def challenge_anew(
        self, name: str, periods: list[dict[str, str]], *, artist: str = "ada", project: str = "film", **more: object
    ) -> dict[str, Any]:
        said = {"id": uid(name), "artist_id": uid(artist), "project_id": uid(project), "periods": periods, **more}
        command = challenge.ChallengeAnew.model_validate_json(json.dumps(said))
        return self.answer(now(challenge.challenge_anew(self.log, self.context(said), command)))

    def answers(self, name: str, by: str, answer: str, **more: object) -> dict[str, Any]:
        said = {"hold_id": uid(by), "answer": answer, **more}
        command = challenge.AnswerChallenge.model_validate_json(json.dumps(said))
        return self.answer(now(challenge.answer_challenge(self.log, self.context(said), uid(name), command)))

    def withdraw(self, name: str) -> dict[str, Any]:
        command = challenge.WithdrawChallenge()
        return self.answer(now(challenge.withdraw_challenge(self.log, self.context({}), uid(name), command)))

    def reschedule(self, booking_id: str, periods: list[dict[str, str]], **more: object) -> dict[str, Any]:
        command = changes.RescheduleBooking.model_validate_json(json.dumps({"periods": periods, **more}))
        return self.answer(now(changes.reschedule_booking(self.log, self.context(more), booking_id, command)))

    def postpone(self, booking_id: str) -> dict[str, Any]:
        command = changes.PostponeBooking()
        return self.answer(now(changes.postpone_booking(self.log, self.context({}), booking_id, command)))

    def unconfirm(self, booking_id: str) -> dict[str, Any]:
        command = changes.UnconfirmBooking()
        return self.answer(now(changes.unconfirm_booking(self.log, self.context({}), booking_id, command)))

    def complete(self, name: str) -> dict[str, Any]:
        command = changes.CompleteBooking()
        return self.answer(now(changes.complete_booking(self.log, self.context({}), uid(name), command)))

    def time_off(
        self, name: str, periods: list[dict[str, str]], *, artist: str = "ada", **more: object
    ) -> dict[str, Any]:
        said = {"id": uid(name), "periods": periods, **more}
        command = time_off.RequestTimeOff.model_validate_json(json.dumps(said))
        return self.answer(now(time_off.request_time_off(self.log, self.context(said), uid(artist), command)))

    def approve(self, name: str) -> dict[str, Any]:
        command = time_off.ApproveTimeOff()
        return self.answer(now(time_off.approve_time_off(self.log, self.context({}), uid(name), command)))

    def reject(self, name: str) -> dict[str, Any]:
        command = time_off.RejectTimeOff()
        return self.answer(now(time_off.reject_time_off(self.log, self.context({}), uid(name), command)))

    def withdraw_time_off(self, name: str) -> dict[str, Any]:
        command = time_off.WithdrawTimeOff()
        return self.answer(now(time_off.withdraw_time_off(self.log, self.context({}), uid(name), command)))

    def resolve(self, booking_id: str, how: str, **more: object) -> dict[str, Any]:
        command = calendar.ResolveConflict.model_validate_json(json.dumps({"how": how, **more}))
        return self.answer(now(calendar.resolve_conflict(self.log, self.context(more), booking_id, command)))

    def reorder(
        self, names: Iterable[str], periods: list[dict[str, str]], *, artist: str = "ada", overrides: object = ()
    ) -> dict[str, Any]:
        said = {"hold_ids": [uid(name) for name in names], "periods": periods, "overrides": overrides}
        command = calendar.ReorderQueue.model_validate_json(json.dumps(said))
        return self.answer(now(calendar.reorder_queue(self.log, self.context(said), uid(artist), command)))

    def record_overdue(self, artist: str = "ada") -> dict[str, Any]:
        overdue = calendar.record_overdue(self.log, self.context({}), uid(artist), due_at=self.log.now)
        return self.answer(now(overdue))

    def rederive(self, artist: str = "ada") -> dict[str, Any]:
        return self.answer(now(calendar.rederive_calendar(self.log, self.context({}), uid(artist))))

    def rederive_job(self, name: str) -> dict[str, Any]:
        return self.answer(now(job.rederive_job(self.log, self.context({}), uid(name))))

    def stored(self, artist: str, *events: Event) -> None:
        """Facts of a calendar that were recorded in other times than these."""
        stream = CALENDAR.stream(uid(artist))

        def decision(states: States, _: datetime) -> Decided:
            assert states[stream] is not None
            return Decided({stream: events})

        now(self.log.decide(self.context([str(event) for event in events]), stream, (), decision))

    def release_at_version(self, name: str, version: int) -> None:
        context = replace(self.context({}), expected_version=version)
        now(hold.release_hold(self.log, context, uid(name), hold.ReleaseHold()))

    # What has come of it

    def calendar(self, artist: str = "ada") -> Calendar:
        """What stands on an artist's calendar, as recorded."""
        return self.log.fold(self.tenant, CALENDAR.stream(uid(artist)))

    def ranks(self, name: str, artist: str = "ada") -> list[tuple[int, str]]:
        """A hold's rank and state on each stretch of its time."""
        return [(rank.rank, rank.state) for rank in self._ranks(name, artist)]

    def rank_on(self, day: str, name: str, artist: str = "ada") -> int | None:
        """A hold's rank on one day."""
        return next((rank for rank, _ in self.standing_on(day, name, artist)), None)

    def standing_on(self, day: str, name: str, artist: str = "ada") -> list[tuple[int, str]]:
        """A hold's rank and state on one day, if it holds all of it."""
        wanted = date.fromisoformat(day)
        return [
            (rank.rank, rank.state)
            for rank in self._ranks(name, artist)
            if rank.span.first_day is not None and rank.span.last_day is not None
            if rank.span.first_day <= wanted <= rank.span.last_day
        ]

    def _ranks(self, name: str, artist: str) -> tuple[Rank, ...]:
        return ranks(self.calendar(artist), uid(name), self.log.now)

    def queue(self, artist: str = "ada") -> list[list[str]]:
        """Who stands on each stretch, in order."""
        found = stretches(self.calendar(artist), self.log.now)
        return [[entry.hold_id for entry in stretch.entries] for stretch in found]

    def events(self, *kinds: type[Event]) -> list[Any]:
        """Every recorded event of these kinds, in order."""
        return [one.event for one in self.log.recorded if not kinds or isinstance(one.event, kinds)]

    def recorded(self) -> int:
        """How many events there are."""
        return len(self.log.recorded)


def _ids(members: Mapping[str, object]) -> dict[str, object]:
    return {name: uid(str(said)) if name == "job_id" else said for name, said in members.items()}
