"""Where the database is: a server of yours, or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager

from infra.embedded import EmbeddedPostgres
from infra.migrate import migrate
from infra.settings import Settings


@contextmanager
def server(settings: Settings) -> Iterator[str]:
    """The URL of the database for as long as the block lasts; an embedded one is started or joined for it.

    Raises:
        EmbeddedUnavailable: the embedded one cannot run here.
    """
    if settings.database_url:
        yield settings.database_url
        return
    with EmbeddedPostgres(settings.data) as url:
        yield url


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The same, ready to work with: the embedded one is nobody's but ours, so it is migrated on the way.

    A database of yours is left as it is: `production-tool migrate` is for you to run.

    Raises:
        EmbeddedUnavailable: the embedded one cannot run here.
        SchemaMismatch: the embedded one was made by another version.
    """
    with server(settings) as url:
        if not settings.database_url:
            migrate(url)
        yield url
