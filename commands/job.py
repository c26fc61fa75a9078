"""Jobs: open, close, work their time out again."""

from datetime import datetime

from pydantic import Field

from commands.body import Body, Id, Name, new_id
from commands.context import Context
from commands.log import Decided, Log, Outcome, States
from domain.errors import NotFound
from domain.job import JOB, JobOpened, close, open_job
from domain.periods import Periods
from domain.project import PROJECT, must_be_open
from domain.rederiving import rederive_line
from domain.spans import spans_of


class OpenJob(Body):
    """Want artists for a role, as many as `quantity` on each stretch of its time."""

    id: Id | None = None
    role: Name
    periods: Periods
    quantity: int = Field(default=1, ge=1, le=1000)
    skills: tuple[Name, ...] = Field(default=(), max_length=100)


class CloseJob(Body):
    """Want nobody else."""


async def open_a_job(log: Log, context: Context, project_id: str, command: OpenJob) -> Outcome:
    """The same job twice is one. Its days are days in the project's zone."""
    job, project = JOB.stream(command.id or new_id()), PROJECT.stream(project_id)

    def decision(states: States, _: datetime) -> Decided:
        opened = states[project].opened
        if opened is None:
            raise NotFound("There is no such project.")
        wish = JobOpened(
            project_id=project_id,
            role=command.role,
            periods=command.periods,
            spans=spans_of(command.periods, opened.time_zone),
            quantity=command.quantity,
            skills=command.skills,
        )
        if states[job].opened is None:
            must_be_open(states[project])
        return Decided({job: open_job(states[job], wish)})

    return await log.decide(context, job, (project,), decision)


async def close_job(log: Log, context: Context, job_id: str, _: CloseJob) -> Outcome:
    """Closing twice changes nothing."""
    job = JOB.stream(job_id)

    def decision(states: States, _: datetime) -> Decided:
        return Decided({job: close(states[job])})

    return await log.decide(context, job, (), decision)


async def rederive_job(log: Log, context: Context, job_id: str) -> Outcome:
    """Work out again when its days are, after the rules of time zones have changed; safe to repeat.

    Answers whether it `moved`.
    """
    job = JOB.stream(job_id)

    def decision(states: States, now: datetime) -> Decided:
        said = rederive_line(states[job], now)
        return Decided({job: said}, {"moved": bool(said)})

    return await log.decide(context, job, (), decision)
