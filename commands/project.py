"""Projects: open, close, cancel."""

from datetime import datetime
from typing import Self

from pydantic import model_validator

from commands.body import Body, Id, Name, Text, Zone, new_id
from commands.context import Context
from commands.log import Decided, Log, Outcome, States
from domain.instants import Day
from domain.money import Money
from domain.project import PROJECT, ProjectOpened, cancel, close, open_project


class OpenProject(Body):
    """Open a project to hold and book artists for."""

    id: Id | None = None
    name: Name
    time_zone: Zone
    first_day: Day | None = None
    last_day: Day | None = None
    budget: Money | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first_day is not None and self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day must not be before first_day")
        return self


class CloseProject(Body):
    """Take nothing new; what stands goes on."""


class CancelProject(Body):
    """End the project and let go of all of it."""

    reason: Text | None = None


async def open_a_project(log: Log, context: Context, command: OpenProject) -> Outcome:
    """The same project twice is one."""
    project = PROJECT.stream(command.id or new_id())
    wish = ProjectOpened(
        name=command.name,
        time_zone=command.time_zone,
        first_day=command.first_day,
        last_day=command.last_day,
        budget=command.budget,
    )

    def decision(states: States, _: datetime) -> Decided:
        return Decided({project: open_project(states[project], wish)})

    return await log.decide(context, project, (), decision)


async def close_project(log: Log, context: Context, project_id: str, _: CloseProject) -> Outcome:
    """Closing twice changes nothing."""
    project = PROJECT.stream(project_id)

    def decision(states: States, _: datetime) -> Decided:
        return Decided({project: close(states[project])})

    return await log.decide(context, project, (), decision)


async def cancel_project(log: Log, context: Context, project_id: str, command: CancelProject) -> Outcome:
    """What is held and booked for it is let go afterwards, one calendar after another."""
    project = PROJECT.stream(project_id)

    def decision(states: States, _: datetime) -> Decided:
        return Decided({project: cancel(states[project], command.reason)})

    return await log.decide(context, project, (), decision)
