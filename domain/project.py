"""A project: who holds and books artists, and for when."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Literal

from domain.artist import IdTaken
from domain.decider import Decider
from domain.errors import NotFound, Refused
from domain.event import Event
from domain.money import Money


class ProjectClosed(Event):
    """Nothing new is held or booked for it; what stands goes on."""

    stored_as: ClassVar[str] = "project.closed.v1"


class ProjectCancelled(Event):
    """The project will not happen: everything held and booked for it is let go."""

    stored_as: ClassVar[str] = "project.cancelled.v1"
    reason: str | None = None


class ProjectOpened(Event):
    """Artists can be held and booked for the project."""

    stored_as: ClassVar[str] = "project.opened.v1"
    name: str
    time_zone: str
    first_day: date | None = None
    last_day: date | None = None
    budget: Money | None = None


class ProjectNotOpen(Refused):
    """The project was closed or cancelled."""

    code = "project_not_open"


@dataclass(frozen=True, slots=True)
class Project:
    """What decisions need to know of a project."""

    opened: ProjectOpened | None = None
    status: Literal["open", "closed", "cancelled"] = "open"


def open_project(project: Project, wish: ProjectOpened) -> list[Event]:
    """Open the project that `wish` describes.

    Raises:
        IdTaken: another project has this id.
    """
    if project.opened is None:
        return [wish]
    if project.opened != wish:
        raise IdTaken("Another project has this id.")
    return []


def must_be_open(project: Project) -> None:
    """Refuse unless the project takes new holds and bookings.

    Raises:
        NotFound: there is no such project.
        ProjectNotOpen: it was closed or cancelled.
    """
    if project.opened is None:
        raise NotFound("There is no such project.")
    if project.status != "open":
        raise ProjectNotOpen(f"The project is {project.status}.")


def must_not_be_cancelled(project: Project) -> None:
    """Refuse what would put something into a project that everything is taken out of.

    Raises:
        ProjectNotOpen: it was cancelled.
    """
    if project.status == "cancelled":
        raise ProjectNotOpen("The project is cancelled.")


def close(project: Project) -> list[Event]:
    """Take nothing new."""
    if project.opened is None:
        raise NotFound("There is no such project.")
    if project.status == "cancelled":
        raise ProjectNotOpen("The project is cancelled.")
    return [ProjectClosed()] if project.status == "open" else []


def cancel(project: Project, reason: str | None) -> list[Event]:
    """End the project; letting go of what is held and booked for it follows from the event."""
    if project.opened is None:
        raise NotFound("There is no such project.")
    return [] if project.status == "cancelled" else [ProjectCancelled(reason=reason)]


def evolve(project: Project, event: Event) -> Project:
    """The project after `event`."""
    match event:
        case ProjectOpened():
            return Project(opened=event)
        case ProjectClosed():
            return replace(project, status="closed")
        case ProjectCancelled():
            return replace(project, status="cancelled")
        case _:
            return project


PROJECT = Decider[Project](
    category="project", events=(ProjectOpened, ProjectClosed, ProjectCancelled), initial=Project(), evolve=evolve
)
