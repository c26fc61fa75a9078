"""The commands that do one thing and end."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from domain.permission import Permission, Role
from infra.cannot_run import CannotRun
from infra.cli_options import Data, Tenant, plainly, settings_with

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9]\d{0,8})([smhd])", text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a number and a unit, such as 30m, 12h or 7d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def token(
    *,
    tenant: Tenant,
    role: Annotated[Role, typer.Option("--role", help="What the bearer may do; see docs/api.md.")],
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="NAME", help="Who acts, as events record it.", show_default="the role"),
    ] = None,
    artist_id: Annotated[
        str | None, typer.Option("--artist-id", metavar="UUID", help="Whose calendar it is, for the role artist.")
    ] = None,
    permission: Annotated[
        list[Permission] | None,
        typer.Option("--permission", metavar="NAME", help="One more permission; may be given several times."),
    ] = None,
    expires_in: Annotated[
        timedelta, typer.Option("--expires-in", metavar="30m|12h|7d", parser=_duration, help="How long it is good for.")
    ] = "1d",  # type: ignore[assignment]  # typer parses it
    data: Data = None,
) -> None:
    """Print a token of the built-in issuer, which `up` believes and others only if they are told to."""
    from infra.built_in_issuer import make_token
    from infra.claims import ClaimsRefused

    settings = settings_with(data=data)
    try:
        made = make_token(
            settings.data,
            tenant=tenant,
            role=role,
            user=user,
            artist_id=artist_id,
            permissions=permission or (),
            expires=expires_in,
        )
    except ClaimsRefused as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(made)


def verify(data: Data = None) -> None:
    """Check what is stored, a line for each promise; exit status 1 when one is broken.

    Looks at one moment of the database and may run beside the service.
    """
    import asyncio

    from infra.database import database
    from infra.kafka import kafka_of
    from infra.redis_server import redis_server
    from infra.verify_command import all_true

    settings = settings_with(data=data)
    with plainly(), database(settings) as url, redis_server(settings) as redis_url:
        fine = asyncio.run(all_true(url, kafka_of(settings), redis_url))
    raise typer.Exit(0 if fine else 1)


def rederive(data: Data = None) -> None:
    """Work out again, by the time zones' rules of today, what lies ahead; says what clashes now. Safe to repeat.

    For after an update of the zones' rules: restart whatever runs first, since a process keeps the rules that it read.
    """
    import asyncio

    from commands.log import LogUnavailable
    from domain.errors import VersionConflict
    from infra.database import database
    from infra.progress import bar
    from infra.rederive import rederive_all

    settings = settings_with(data=data)
    try:
        with plainly(), database(settings) as url, bar("calendars and jobs") as progress:
            report = asyncio.run(rederive_all(url, progress))
    except (LogUnavailable, VersionConflict) as error:
        raise CannotRun(f"{error}; run it again to go on") from error
    typer.echo(report)


def import_permits(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The permits, as CSV.")],
    tenant: Tenant,
    max_depth: Annotated[
        int | None,
        typer.Option(
            "--max-depth", metavar="N", min=1, max=1000, help="Let the tenant's queues be that deep from now on."
        ),
    ] = None,
    refused: Annotated[
        Path | None,
        typer.Option(
            "--refused", metavar="FILE", dir_okay=False, help="Write everything that was refused there, as CSV."
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Load New York's film permits as holds, moved into the future by whole weeks.

    A zip code is an artist, a category a project, a permit one hold for each of its zip codes. Safe to repeat: an
    import that was interrupted goes on, and one that was complete changes nothing.
    """
    import asyncio

    from commands.log import LogUnavailable
    from domain.ids import tenant_id
    from infra import permits
    from infra.built_in_issuer import NAME
    from infra.database import database
    from infra.progress import bar

    settings = settings_with(data=data)
    id = tenant_id(NAME, tenant)
    try:
        with plainly(), database(settings) as url, bar("holds") as progress:
            report = asyncio.run(permits.import_permits(url, id, file, max_depth=max_depth, progress=progress))
        if refused is not None:
            report.write_refused(refused)
    except LogUnavailable as error:
        raise CannotRun(f"{error}; run it again to go on") from error
    except OSError as error:
        raise CannotRun(f"{error.filename}: {error.strerror}") from error
    typer.echo(report)
    typer.echo("`production-tool up` or `project`, running or run next, brings it to where reads see it")


def bench(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME…",
            help="What to measure: domain, append, http, live, board, project, relay, end-to-end, reads.",
        ),
    ],
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", dir_okay=False, help="Write the figures there, too.")
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0.1, help="How long each round measures.", show_default=True)
    ] = 5.0,
    events: Annotated[
        list[int] | None,
        typer.Option(
            "--events",
            metavar="N",
            help="Events in the log that project, relay and end-to-end read; may be repeated.",
            show_default="10000, 100000 and 1000000",
        ),
    ] = None,
) -> None:
    """Measure this version on this machine, beside what else could be used; exit status 1 when a must is missed.

    Starts databases of its own and leaves nothing behind.
    """
    from infra.bench.command import MEASURES, measures
    from infra.bench.command import bench as measure

    raise typer.Exit(0 if measure(names, json, seconds, among=measures(events) if events else MEASURES) else 1)
