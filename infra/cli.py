"""`production-tool`, the command line."""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from infra.database import database, server
from infra.embedded_binaries import EmbeddedUnavailable
from infra.logging import configure_logging
from infra.migrate import SchemaMismatch, migrate
from infra.parts import PartEnded, end_with_parent, run_until_told
from infra.postgres import RoleRefused
from infra.projecting import project
from infra.settings import Settings

app = typer.Typer(
    name="production-tool",
    help="Holds, bookings and calendars of artists, on an event log that can prove it lost nothing.",
    epilog="Settings come from the environment; see docs/operations.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Where the embedded Postgres and the built-in issuer keep what they need [default: var]."
        " Unused by whatever DATABASE_URL replaces.",
        show_default=False,
    ),
]


WithParent = Annotated[bool, typer.Option("--with-parent", hidden=True, help="Stop when stdin ends.")]


def settings_with(**given: Any) -> Settings:  # noqa: ANN401 - each is checked by its field
    """The environment's settings, and above them what was given on the command line."""
    return Settings(**{name: value for name, value in given.items() if value is not None})


@app.callback(invoke_without_command=True)
def _version(
    *, show: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False
) -> None:
    if show:
        typer.echo(f"production-tool {version('production-tool')}")
        raise typer.Exit


@app.command("migrate")
def _migrate(data: Data = None) -> None:
    """Bring the database to the schema of this version; safe to repeat."""
    settings = settings_with(data=data)
    with server(settings) as url:
        ran = migrate(url)
    typer.echo("\n".join(ran) if ran else "nothing to do")


@app.command("project")
def _project(data: Data = None, *, with_parent: WithParent = False) -> None:
    """Keep the read models up with the log, until told to stop."""
    settings = settings_with(data=data)
    configure_logging(settings.log_level)
    if with_parent:
        end_with_parent()
    with database(settings) as url:
        run_until_told(project(url))


def main() -> None:
    """The console script: a user's mistake ends in a plain sentence and exit status 1, never in a traceback."""
    try:
        app()
    except (EmbeddedUnavailable, PartEnded, RoleRefused, SchemaMismatch, SettingsError) as error:
        sys.exit(f"production-tool: {error}")
    except psycopg.OperationalError as error:
        sys.exit(f"production-tool: Postgres cannot be used: {str(error).strip()}")
    except ValidationError as error:
        wrong = [_what_is_wrong(problem) for problem in error.errors(include_input=False)]
        sys.exit("\n".join(["production-tool: a setting makes no sense", *wrong]))


def _what_is_wrong(problem: ErrorDetails) -> str:
    field, *inside = map(str, problem["loc"])
    name = field if field.isupper() else f"PRODUCTION_TOOL_{field.upper()}"
    return f"{'.'.join([name, *inside])}: {problem['msg'].removeprefix('Value error, ')}"


if __name__ == "__main__":
    main()
