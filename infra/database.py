"""Where the database is: a server of yours, or the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager

from infra.embedded import EmbeddedPostgres
from infra.migrate import migrate
from infra.settings import Settings


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of a database to work with for as long as the block lasts.

    An embedded one is started or joined, and is there for us alone, so it is migrated on the way. A database of yours
    is left as it is: `production-tool migrate` is for you to run.

    Raises:
        EmbeddedUnavailable: the embedded one cannot run here.
        SchemaMismatch: it was made by another version.
    """
    if settings.database_url:
        yield settings.database_url
        return
    with EmbeddedPostgres(settings.data) as url:
        migrate(url)
        yield url
