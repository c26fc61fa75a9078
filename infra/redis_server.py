"""Where Redis is: a server of yours, the embedded Valkey, or nowhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from infra.embedded_valkey import EmbeddedValkey
from infra.settings import Settings


@contextmanager
def redis_server(settings: Settings, *, always: bool = False) -> Iterator[str | None]:
    """Its URL for as long as the block lasts; an embedded one is started or joined for it.

    None beside a Postgres of yours, unless `always`: processes on several machines would each have a Valkey of their
    own, and only one of them would be filled. Without Redis its read models are not kept, and Postgres answers.

    Raises:
        EmbeddedUnavailable: the embedded one cannot run here.
    """
    if settings.redis_url:
        yield settings.redis_url
    elif settings.database_url and not always:
        yield None
    else:
        with EmbeddedValkey(settings.data) as url:
            yield url
