"""What the commands have in common: options, settings, and plain words for what is wrong with them or the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cannot_run import CannotRun

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from infra.settings import Settings

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Where the embedded Postgres and the built-in issuer keep what they need."
        " Unused by whatever DATABASE_URL replaces.",
        show_default="var",
    ),
]
Tenant = Annotated[str, typer.Option("--tenant", metavar="NAME", help="The tenant, as the token names it.")]
WithParent = Annotated[bool, typer.Option("--with-parent", hidden=True, help="Stop when stdin ends.")]


def settings_with(**given: Any) -> "Settings":  # noqa: ANN401 - each is checked by its field
    """The environment's settings, and above them what was given on the command line.

    Raises:
        CannotRun: one of them makes no sense.
    """
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from infra.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = [_what_is_wrong(problem) for problem in error.errors(include_input=False)]
        raise CannotRun("\n".join(["a setting makes no sense", *wrong])) from error
    except SettingsError as error:
        raise CannotRun(str(error)) from error


def _what_is_wrong(problem: "ErrorDetails") -> str:
    field, *inside = map(str, problem["loc"])
    name = field if field.isupper() else f"PRODUCTION_TOOL_{field.upper()}"
    return f"{'.'.join([name, *inside])}: {problem['msg'].removeprefix('Value error, ')}"


@contextmanager
def plainly() -> Iterator[None]:
    """Around work with the database: a sentence when it cannot be reached, or refuses us.

    Raises:
        CannotRun: that sentence.
    """
    import psycopg

    try:
        yield
    except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege) as error:
        raise CannotRun(f"Postgres cannot be used: {str(error).strip()}") from error
