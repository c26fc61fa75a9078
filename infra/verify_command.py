"""What `production-tool verify` shows: a bar while it looks, a line for each verdict."""

from collections.abc import Callable
from contextlib import aclosing

import typer

from infra.kafka import Kafka
from infra.postgres import check_database
from infra.progress import bar
from infra.verify import lines, verify


async def all_true(url: str, kafka: Kafka | None = None, redis_url: str | None = None) -> bool:
    """Print a line for each check as soon as it is known; returns whether all of them hold.

    Raises:
        RoleRefused, SchemaMismatch: the database is not ready for us.
        psycopg.OperationalError: it cannot be reached.
        KafkaUnreachable, RedisUnusable: there is one, and it cannot be reached.
    """
    await check_database(url)
    show: Callable[[int, int], None]

    def progress(_: str, done: int, total: int) -> None:
        show(done, total)

    fine = True
    async with aclosing(verify(url, progress, kafka, redis_url)) as verdicts:
        for name, claim in lines(kafka, redis_url):
            # A bar for each, gone before its line is printed: the two may share a terminal.
            with bar(f"{name} {claim}") as show:
                verdict = await anext(verdicts)
            typer.echo(verdict)
            fine = fine and verdict.ok
    return fine
