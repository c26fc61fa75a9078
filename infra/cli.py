"""`production-tool`, the command line. A command imports what it needs when it runs, so that `--help` is quick."""

import sys
from typing import Annotated

import typer

from infra import cli_exchange, cli_read_models, cli_serving, cli_tools
from infra.cannot_run import CannotRun

app = typer.Typer(
    name="production-tool",
    help="Holds, bookings and calendars of artists, on an event log that can prove it lost nothing.",
    epilog="Settings come from the environment; see docs/operations.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _version(
    *, show: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False
) -> None:
    if show:
        from importlib.metadata import version

        typer.echo(f"production-tool {version('production-tool')}")
        raise typer.Exit


for command in (
    cli_serving.up,
    cli_serving.migrate,
    cli_serving.api,
    cli_serving.project,
    cli_serving.relay,
    cli_serving.clock,
    cli_tools.token,
    cli_exchange.import_ics,
    cli_exchange.import_csv,
    cli_exchange.openapi,
    cli_tools.import_permits,
    cli_read_models.rebuild,
    cli_tools.verify,
    cli_tools.rederive,
    cli_tools.bench,
):
    app.command()(command)
app.add_typer(cli_read_models.app)


def main() -> None:
    """The console script: a user's mistake ends in a plain sentence and exit status 1, never in a traceback."""
    try:
        app()
    except CannotRun as error:
        sys.exit(f"production-tool: {error}")


if __name__ == "__main__":
    main()
