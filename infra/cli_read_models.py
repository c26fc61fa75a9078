"""The commands that look after read models: what they have left out, and making them anew."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from infra.cannot_run import CannotRun
from infra.cli_options import Data, plainly, settings_with

if TYPE_CHECKING:
    from infra.stores import Stores

T = TypeVar("T")

app = typer.Typer(
    name="parked",
    help="The events that read models have set aside, since they or what they build upon cannot be applied.",
    no_args_is_help=True,
)

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="Which read models.", show_default="all")]
OneTenant = Annotated[
    str | None, typer.Option("--tenant", metavar="ID", help="Its id, or its name at the built-in issuer.")
]


def tenant_from(text: str) -> str:
    """The id of the tenant that somebody at a terminal means: an id, or a name at the built-in issuer."""
    from uuid import UUID

    from domain.ids import tenant_id
    from infra.built_in_issuer import NAME

    try:
        return str(UUID(text))
    except ValueError:
        return tenant_id(NAME, text)


@app.command("list")
def list_parked(names: Names = None, tenant: OneTenant = None, data: Data = None) -> None:
    """Print them, a line each: read model, tenant, seq, stream, type and why."""
    from infra.parked import all_parked, line

    id = tenant and tenant_from(tenant)
    found = _with_stores(names, data, lambda stores: all_parked(stores, id))
    typer.echo("\n".join(map(line, found)) if found else "nothing is parked")


@app.command()
def show(
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Its id, or its name at the built-in issuer.")],
    seq: Annotated[int, typer.Argument(metavar="SEQ", min=1, help="The event's place in the tenant's log.")],
    data: Data = None,
) -> None:
    """Print one of them as the log has it, and why it is parked where."""
    from infra.parked import shown

    typer.echo(_with_stores(None, data, lambda stores: shown(stores, tenant_from(tenant), seq)))


@app.command()
def retry(names: Names = None, tenant: OneTenant = None, data: Data = None) -> None:
    """Apply them after all, in order, beside the running service; what still cannot be applied stays parked.

    The exit status is 1 when something stays.
    """
    from infra.parked import retry as try_again
    from infra.progress import bar

    id = tenant and tenant_from(tenant)
    with bar("parked events") as progress:
        tried = _with_stores(names, data, lambda stores: try_again(stores, id, progress))
    for one in tried:
        typer.echo(f"{one.projection}  {one.tenant_id}  {one.applied:,} applied, {one.parked:,} still parked")
    if not tried:
        typer.echo("nothing is parked")
    raise typer.Exit(1 if any(one.parked for one in tried) else 0)


def rebuild(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which read model.")],
    tenant: OneTenant = None,
    data: Data = None,
) -> None:
    """Make a read model anew from the log, beside the running service, and put it in the place of the old one.

    Prints how the old one differed. Interrupted, it goes on where it was when it is run again.
    """
    import uvloop

    from infra.database import database
    from infra.progress import bar
    from infra.projecting import named
    from infra.rebuilding_keys import rebuild as rebuild_keys
    from infra.rebuilding_together import rebuild_together
    from infra.redis_server import redis_server
    from infra.stores import by_store

    (projection,) = named([name])
    _, keyed = by_store([projection])
    id = tenant and tenant_from(tenant)
    settings = settings_with(data=data)
    with plainly(), database(settings) as url, bar(f"{name} anew, events") as progress:
        if keyed:
            with redis_server(settings) as redis_url:
                if redis_url is None:
                    raise CannotRun(f"{name} is kept in Redis: set REDIS_URL")
                compared = uvloop.run(rebuild_keys(url, redis_url, keyed[0], id, progress))
        else:
            compared = rebuild_together(url, projection, id, progress)
    for example in compared.examples:
        typer.echo(example)
    typer.echo(
        f"{name}: {compared.rows:,} {'keys' if keyed else 'rows'}, of the old ones {compared.differences:,} were wrong"
    )


def _with_stores(names: list[str] | None, data: Data, work: Callable[["Stores"], Coroutine[None, None, T]]) -> T:
    """What `work` makes of the stores of these read models."""
    import asyncio

    from infra.database import database
    from infra.projecting import named
    from infra.redis_server import redis_server
    from infra.stores import open_stores

    projections = named(names or ())

    async def run(url: str, redis_url: str | None) -> T:
        async with open_stores(url, projections, redis_url) as stores:
            return await work(stores)

    settings = settings_with(data=data)
    with plainly(), database(settings) as url, redis_server(settings) as redis_url:
        return asyncio.run(run(url, redis_url))
