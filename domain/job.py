"""A job: a line of a project to fill, with as many artists as its quantity says on each stretch of its time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from domain import groups
from domain.artist import IdTaken
from domain.decider import Decider
from domain.errors import NotFound, Refused
from domain.event import Event
from domain.groups import GroupDecided, GroupJoined, GroupLeft, Groups
from domain.hold import HoldPlaced
from domain.overrides import Overrides
from domain.periods import Period
from domain.spans import Span, deepest


class JobOpened(Event):
    """Artists are wanted for it."""

    stored_as: ClassVar[str] = "job.opened.v1"
    project_id: str
    role: str
    periods: tuple[Period, ...]
    spans: tuple[Span, ...]
    quantity: int = 1
    skills: tuple[str, ...] = ()


class JobClosed(Event):
    """Nobody else is wanted; what stands goes on."""

    stored_as: ClassVar[str] = "job.closed.v1"


class JobFilled(Event):
    """A booking fills it on some time; a booking that moves fills it anew."""

    stored_as: ClassVar[str] = "job.filled.v1"
    booking_id: str
    artist_id: str
    hold_id: str | None = None
    spans: tuple[Span, ...]
    over_filled: bool = False


class JobVacated(Event):
    """A booking no longer fills it; without spans left not at all."""

    stored_as: ClassVar[str] = "job.vacated.v1"
    booking_id: str
    spans: tuple[Span, ...] = ()


class JobRederived(Event):
    """The days and hours that it has to fill mean other instants, since its zone has other rules."""

    stored_as: ClassVar[str] = "job.rederived.v1"
    spans: tuple[Span, ...]


class JobFull(Refused):
    """As many are booked for it as it needs; an override can accept more."""

    code = "job_full"


class JobNotOpen(Refused):
    """The job was closed."""

    code = "job_not_open"


@dataclass(frozen=True, slots=True)
class Job:
    """What decisions need to know of a job."""

    opened: JobOpened | None = None
    spans: tuple[Span, ...] = ()
    """Its time, as its zone is read now."""
    closed: bool = False
    filled: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    """By booking."""
    groups: Groups = field(default_factory=dict)


def open_job(job: Job, wish: JobOpened) -> list[Event]:
    """Open the job that `wish` describes.

    Raises:
        IdTaken: another job has this id.
    """
    if job.opened is None:
        return [wish]
    if job.opened != wish:
        raise IdTaken("Another job has this id.")
    return []


def close(job: Job) -> list[Event]:
    """Want nobody else."""
    if job.opened is None:
        raise NotFound("There is no such job.")
    return [] if job.closed else [JobClosed()]


def must_be_open(job: Job, project_id: str) -> None:
    """Refuse unless artists are still wanted for this job of that project.

    Raises:
        NotFound: the project has no such job.
        JobNotOpen: it was closed.
    """
    if job.opened is None or job.opened.project_id != project_id:
        raise NotFound("The project has no such job.")
    if job.closed:
        raise JobNotOpen("The job is closed.")


def joined(job: Job, wish: HoldPlaced, hold_id: str) -> list[Event]:
    """What placing a hold for the job means to it.

    Raises:
        NotFound, JobNotOpen: the job takes no holds.
        GroupMismatch, GroupFilled, GroupBroken: the group does not.
    """
    must_be_open(job, wish.project_id)
    if wish.group is None:
        return []
    return groups.join(job.groups, wish.group, hold_id=hold_id, artist_id=wish.artist_id)


def left(job: Job, hold_id: str) -> list[Event]:
    """What a hold's going means to the job."""
    return groups.leave(job.groups, hold_id)


def fill(
    job: Job, spans: tuple[Span, ...], *, booking_id: str, artist_id: str, hold_id: str | None, overrides: Overrides
) -> list[Event]:
    """Fill one of the job's places on `spans`.

    Raises:
        JobFull: no place is left on some of that time, and no override accepts that.
        GroupFilled, GroupBroken: its group has no room for it.
    """
    assert job.opened is not None  # noqa: S101 - must_be_open has looked
    others = {id: theirs for id, theirs in job.filled.items() if id != booking_id}
    most, there = deepest(others, spans)
    full = most >= job.opened.quantity
    if full and (refused := overrides.refused(there, "over_fill")):
        raise JobFull(f"The job needs {job.opened.quantity} and has {most} already.", conflicts=refused)
    decided = groups.confirmed(job.groups, hold_id=hold_id)
    filled = JobFilled(booking_id=booking_id, artist_id=artist_id, hold_id=hold_id, spans=spans, over_filled=full)
    return [filled, *decided]


def refill(job: Job, spans: tuple[Span, ...], *, booking_id: str, artist_id: str, hold_id: str | None) -> JobFilled:
    """Fill it where a booking's days lie now, whoever else does: nobody has decided anything."""
    assert job.opened is not None  # noqa: S101 - a booking fills it
    most, _ = deepest({id: theirs for id, theirs in job.filled.items() if id != booking_id}, spans)
    full = most >= job.opened.quantity
    return JobFilled(booking_id=booking_id, artist_id=artist_id, hold_id=hold_id, spans=spans, over_filled=full)


def vacate(job: Job, booking_id: str, left: tuple[Span, ...] = ()) -> list[Event]:
    """Give the booking's place back, except on `left`."""
    return [JobVacated(booking_id=booking_id, spans=left)] if booking_id in job.filled else []


def evolve(job: Job, event: Event) -> Job:  # noqa: PLR0911 - one case an event
    """The job after `event`."""
    match event:
        case JobOpened():
            return Job(opened=event, spans=event.spans)
        case JobRederived():
            return replace(job, spans=event.spans)
        case JobClosed():
            return replace(job, closed=True)
        case JobFilled():
            joined = groups.filled(job.groups, event.hold_id, event.booking_id)
            return replace(job, filled={**job.filled, event.booking_id: event.spans}, groups=joined)
        case JobVacated():
            others = {id: spans for id, spans in job.filled.items() if id != event.booking_id}
            if event.spans:
                return replace(job, filled={**others, event.booking_id: event.spans})
            return replace(job, filled=others, groups=groups.vacated(job.groups, event.booking_id))
        case GroupJoined() | GroupLeft() | GroupDecided():
            return replace(job, groups=groups.evolve(job.groups, event))
        case _:
            return job


JOB = Decider[Job](
    category="job",
    events=(JobOpened, JobClosed, JobFilled, JobVacated, JobRederived, GroupJoined, GroupLeft, GroupDecided),
    initial=Job(),
    evolve=evolve,
)
