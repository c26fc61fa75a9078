"""Importing: each row of a file is a command of its own, through the same handlers, and the report tells its fate.

Ids and keys are derived from what a row says. An import that was interrupted is taken up by sending the file again; one
that is repeated changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from commands.api_request import Invalid, parsed
from commands.artist import AddArtist, add_artist
from commands.at_once import each
from commands.body import Body
from commands.booking import MakeBooking, make_booking
from commands.calendar_file import CalendarEvent, Unreadable, read_calendar
from commands.context import Context
from commands.log import Log, Outcome
from commands.project import OpenProject, open_a_project
from commands.table_file import Kind, Row, Skipped, read_table
from commands.time_off import ApproveTimeOff, RequestTimeOff, approve_time_off, request_time_off
from domain.artist import ARTIST
from domain.errors import DomainError, NotFound
from domain.ids import derived_id

As = Literal["time_off", "booking"]
Progress = Callable[[int, int], None]
"""Told how many rows are done, and of how many."""


class RefusedRow(BaseModel):
    """A row that came to nothing, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int = Field(description="The line of a table, its heading being 1; of a calendar, which event it is.")
    what: str = Field(examples=["Mo"])
    code: str = Field(examples=["double_booking"])
    detail: str = Field(examples=["The time is booked already."])


class ImportReport(BaseModel):
    """What came of each row."""

    model_config = ConfigDict(extra="forbid")

    rows: int
    accepted: int = 0
    there: int = Field(default=0, description="What an earlier import, or an earlier row, has brought already.")
    refused: list[RefusedRow] = []

    @property
    def done(self) -> int:
        """How many have come to something, or to nothing."""
        return self.accepted + self.there + len(self.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A row as the commands that it asks for, in their order, each with its body."""

    row: int
    what: str
    steps: tuple[tuple[Callable[[Log, Context, Any], Awaitable[Outcome]], type[Body], Mapping[str, Any]], ...]

    @property
    def digest(self) -> str:
        """The same for the same wish, whenever it is read."""
        said = [(handler.__name__, body) for handler, _, body in self.steps]
        return sha256(to_json(said)).hexdigest()


async def import_table(
    log: Log, context: Context, kind: Kind, said: bytes, *, zone: str | None, progress: Progress = lambda *_: None
) -> ImportReport:
    """Import a table (CSV); `zone` is for artists and projects whose row says none.

    Raises:
        NoTable: it is none of that kind.
        LogUnavailable: send it again to go on.
    """
    rows = read_table(said, kind, tenant_id=context.tenant_id, zone=zone)
    return await _import(
        log, context, [row if isinstance(row, Skipped) else _of_row(kind, row) for row in rows], progress
    )


async def import_calendar(
    log: Log,
    context: Context,
    said: bytes,
    *,
    artist_id: str,
    as_: As,
    project_id: str | None,
    approve: bool,
    progress: Progress = lambda *_: None,
) -> ImportReport:
    """Import a calendar (.ics) of an artist as time off, approved at once if `approve`, or as bookings of a project.

    Raises:
        NotFound: there is no such artist.
        NoCalendar: it is none.
        LogUnavailable: send it again to go on.
    """
    artist = (await log.state(context.tenant_id, ARTIST.stream(artist_id))).added
    if artist is None:
        raise NotFound("There is no such artist.")

    def of_event(event: CalendarEvent) -> _Wish:
        id = derived_id(context.tenant_id, f"import/{artist_id}/{as_}/{event.uid}")
        periods = [period.model_dump(mode="json") for period in event.periods]
        if as_ == "booking":
            body = {"id": id, "artist_id": artist_id, "project_id": project_id, "periods": periods, "note": event.title}
            return _Wish(row=event.place, what=event.title, steps=((make_booking, MakeBooking, body),))

        async def ask(log: Log, context: Context, command: RequestTimeOff) -> Outcome:
            return await request_time_off(log, context, artist_id, command)

        async def grant(log: Log, context: Context, command: ApproveTimeOff) -> Outcome:
            return await approve_time_off(log, context, id, command)

        asked = (ask, RequestTimeOff, {"id": id, "periods": periods, "reason": event.title or None})
        granted = (grant, ApproveTimeOff, {"reason": f"imported as {id}"})
        return _Wish(row=event.place, what=event.title, steps=(asked, granted) if approve else (asked,))

    # Another thread, since a file of strangers may take a while; everybody else is answered meanwhile.
    events = await asyncio.to_thread(read_calendar, said, artist.time_zone)
    wishes = [event if isinstance(event, Unreadable) else of_event(event) for event in events]
    return await _import(log, context, wishes, progress)


async def _import(
    log: Log, context: Context, wishes: Iterable[_Wish | Skipped | Unreadable], progress: Progress
) -> ImportReport:
    refused = [
        RefusedRow(row=w.place, what=w.what, code=w.code, detail=w.detail) for w in wishes if isinstance(w, tuple)
    ]
    asked = [wish for wish in wishes if isinstance(wish, _Wish)]
    report = ImportReport(rows=len(refused) + len(asked), refused=refused)
    once = {wish.digest: wish for wish in reversed(asked)}
    report.there += len(asked) - len(once)

    async def run(wish: _Wish) -> None:
        try:
            replayed = await _carry_out(log, context, wish)
        except DomainError as error:
            report.refused.append(RefusedRow(row=wish.row, what=wish.what, code=error.code, detail=_sentence(error)))
        else:
            report.there += replayed
            report.accepted += not replayed
        progress(report.done, report.rows)

    await each(run, reversed(once.values()))
    report.refused.sort(key=lambda one: one.row)
    return report


async def _carry_out(log: Log, context: Context, wish: _Wish) -> bool:
    """Whether all of it had been done before."""
    replayed = True
    for number, (handler, command, body) in enumerate(wish.steps):
        key = f"import/{number}/{wish.digest}"
        under = replace(context, key=key, fingerprint=sha256(key.encode()).digest(), expected_version=None)
        outcome = await handler(log, under, parsed(command, to_json(body)))
        replayed = replayed and outcome.replayed
    return replayed


def _sentence(error: DomainError) -> str:
    if not isinstance(error, Invalid):
        return error.detail
    return "; ".join(f"{one['pointer'].removeprefix('/')}: {one['message']}" for one in error.helps["errors"])


def _of_row(kind: Kind, row: Row) -> _Wish:
    handler, command = _COMMANDS[kind]
    return _Wish(row=row.place, what=row.what, steps=((handler, command, row.body),))


_COMMANDS: Final[Mapping[Kind, tuple[Callable[[Log, Context, Any], Awaitable[Outcome]], type[Body]]]] = {
    "artists": (add_artist, AddArtist),
    "projects": (open_a_project, OpenProject),
    "bookings": (make_booking, MakeBooking),
}
