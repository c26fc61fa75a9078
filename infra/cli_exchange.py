"""The commands for others' files: calendars and tables from elsewhere, and the API's document for their programs."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cannot_run import CannotRun
from infra.cli_options import Data, Tenant, plainly, settings_with

if TYPE_CHECKING:
    from commands.importing import ImportReport
    from infra.importing import Work

File = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The file to import.")]
Refused = Annotated[
    Path | None,
    typer.Option("--refused", metavar="FILE", dir_okay=False, help="Write everything that was refused there, as CSV."),
]
Issuer = Annotated[
    str | None,
    typer.Option("--issuer", help="Whose name for the tenant it is.", show_default="the built-in issuer"),
]


class AsWhat(StrEnum):
    """What the events of a calendar become."""

    time_off = "time-off"
    booking = "booking"


class Table(StrEnum):
    """What the rows of a table are."""

    artists = "artists"
    projects = "projects"
    bookings = "bookings"


def import_ics(
    file: File,
    tenant: Tenant,
    *,
    artist: Annotated[str, typer.Option("--artist", metavar="UUID", help="Whose calendar it is.")],
    as_what: Annotated[AsWhat, typer.Option("--as", help="What its events become.")] = AsWhat.time_off,
    project: Annotated[str | None, typer.Option("--project", metavar="UUID", help="What the bookings are for.")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Approve the time off at once.")] = False,
    refused: Refused = None,
    issuer: Issuer = None,
    data: Data = None,
) -> None:
    """Load a calendar (.ics) as an artist's time off, or as bookings.

    Safe to repeat: an import that was interrupted goes on, and one that was complete changes nothing.
    """
    from commands.importing import import_calendar
    from infra.progress import bar

    if as_what is AsWhat.booking and project is None:
        raise typer.BadParameter("bookings need --project.")
    with bar("events") as progress:
        report = _imported(
            tenant,
            issuer,
            data,
            lambda log, context: import_calendar(
                log,
                context,
                file.read_bytes(),
                artist_id=_id(artist, "--artist"),
                as_="booking" if as_what is AsWhat.booking else "time_off",
                project_id=None if project is None else _id(project, "--project"),
                approve=approve,
                progress=progress,
            ),
        )
    _tell(report, refused)


def import_csv(
    what: Annotated[Table, typer.Argument(metavar="WHAT", help="What the rows are: artists, projects or bookings.")],
    file: File,
    tenant: Tenant,
    *,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", metavar="ZONE", help="For artists and projects whose row says none.")
    ] = None,
    refused: Refused = None,
    issuer: Issuer = None,
    data: Data = None,
) -> None:
    """Load a table (CSV) of artists, projects or bookings; docs/guides/imports.md tells its columns.

    Kitsu's export of people is taken as it is. Safe to repeat: an import that was interrupted goes on, and one that was
    complete changes nothing.
    """
    from commands.importing import import_table
    from infra.progress import bar

    with bar("rows") as progress:
        report = _imported(
            tenant,
            issuer,
            data,
            lambda log, context: import_table(
                log, context, what.value, file.read_bytes(), zone=time_zone, progress=progress
            ),
        )
    _tell(report, refused)


def openapi() -> None:
    """Print the API's OpenAPI document, of which clients in any language can be generated."""
    import json
    from functools import partial

    from infra.app import create_app, on_postgres

    # The routes are the same whatever the settings say, and nothing is opened to describe them.
    app = create_app(settings_with(built_in_issuer=False), partial(on_postgres, ""))
    typer.echo(json.dumps(app.openapi(), indent=2, ensure_ascii=False))


def _imported(tenant: str, issuer: str | None, data: Path | None, work: "Work") -> "ImportReport":
    import asyncio

    from domain.ids import tenant_id
    from infra.built_in_issuer import NAME
    from infra.database import database
    from infra.importing import import_file

    settings = settings_with(data=data)
    with _told(), plainly(), database(settings) as url:
        return asyncio.run(import_file(url, tenant_id(issuer or NAME, tenant), "import", work))


@contextmanager
def _told() -> Iterator[None]:
    from commands.calendar_file import NoCalendar
    from commands.log import LogUnavailable
    from commands.table_file import NoTable
    from domain.errors import NotFound

    try:
        yield
    except LogUnavailable as error:
        raise CannotRun(f"{error}; run it again to go on") from error
    except NotFound as error:
        raise CannotRun(error.detail) from error
    except (NoCalendar, NoTable) as error:
        raise CannotRun(str(error)) from error
    except OSError as error:
        raise CannotRun(f"{error.filename}: {error.strerror}") from error


def _id(said: str, option: str) -> str:
    from uuid import UUID

    try:
        return str(UUID(said))
    except ValueError:
        raise typer.BadParameter(
            f"{option}: {said!r} is not an id, such as 018f4e0e-7c1f-7000-8000-000000000001."
        ) from None


def _tell(report: "ImportReport", refused: Path | None) -> None:
    import csv

    from infra.importing import lines_of

    if refused is not None:
        with _told(), refused.open("w", newline="", encoding="utf-8") as text:
            rows = csv.writer(text)
            rows.writerow(["row", "what", "code", "detail"])
            rows.writerows([one.row, one.what, one.code, one.detail] for one in report.refused)
    typer.echo("\n".join(lines_of(report)))
