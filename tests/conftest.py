"""Real servers for the tests: the embedded Postgres and Valkey, Debian's where they are installed, and Kafka."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from redis import Redis

from infra.embedded import EmbeddedPostgres
from infra.embedded_valkey import EmbeddedValkey
from infra.kafka_brokers import KafkaBrokers
from infra.migrate import migrate

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

_OTHERS = [found for found in Path("/usr/lib/postgresql").glob("*/bin") if int(found.parent.name) >= 15]
_SERVERS = [
    pytest.param(None, id="embedded"),
    *(pytest.param(binaries, id=f"debian-{binaries.parent.name}") for binaries in sorted(_OTHERS)),
]

# Whoever drops a database waits for everybody who is signing in, and one who was cancelled then is let go of late.
_FOR_TESTS = {"fsync": "off", "authentication_timeout": "5s"}

_ROOM = 4 << 30
"""Bytes that two servers and their databases never need."""

_REDIS = [
    pytest.param(None, id="valkey"),
    *(pytest.param(found, id="redis") for found in [Path("/usr/bin/redis-server")] if found.exists()),
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """Leave out what `make test` has no time for; with `PROOF_SERVERS=all` everything runs on every server.

    Campaigns, browsers and what goes through Kafka run on the servers that we bring; what needs a Postgres and a Redis
    runs on those and on the installed ones, but not on one of each. The domain has to be covered by its own tests and
    by those of the commands; watching the others would take twice their time.
    """
    for item in items:
        if not {"commands", "domain"} & {*item.path.parts}:
            item.add_marker(pytest.mark.no_cover)
    if os.environ.get("PROOF_SERVERS") == "all":
        return
    kept, left_out = list[pytest.Function](), list[pytest.Function]()
    for item in items:
        others = _others(item)
        (left_out if (_is_costly(item) and any(others)) or _is_mixed(others) else kept).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def _is_costly(item: pytest.Function) -> bool:
    return "kafka" in item.fixturenames or bool({"proof", "board"} & {*item.path.parts})


def _is_mixed(others: list[bool]) -> bool:
    return len(_SERVERS) > 1 and len(_REDIS) > 1 and len({*others}) > 1


def _others(item: pytest.Function) -> list[bool]:
    """Of the servers that it runs on, whether each was installed, and is not the one that we bring."""
    callspec = getattr(item, "callspec", None)
    on = {} if callspec is None else callspec.params
    return [on[fixture] is not None for fixture in ("postgres_url", "redis_server") if fixture in on]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def data() -> Iterator[Path]:
    """A directory that the user who runs Postgres can reach, which pytest's `tmp_path` is not."""
    with _open_directory() as directory:
        yield directory


@pytest.fixture(scope="session", params=_SERVERS)
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server for the whole run; its own database is empty. Everything that asks for it runs once on each server."""
    with (
        _open_directory(_in_memory()) as directory,
        EmbeddedPostgres(directory, binaries=request.param, settings=_FOR_TESTS) as url,
    ):
        yield url


@pytest.fixture(scope="session")
def migrated(postgres_url: str) -> str:
    """The name of a migrated database that nobody connects to, to be copied."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE migrated")
    migrate(_named(postgres_url, "migrated"))
    return "migrated"


@pytest.fixture
def database(postgres_url: str, migrated: str) -> Iterator[str]:
    """The URL of a migrated database of the test's own."""
    yield from _fresh(postgres_url, migrated)


@pytest.fixture
def empty_database(postgres_url: str) -> Iterator[str]:
    """The URL of a database of the test's own, with nothing in it."""
    yield from _fresh(postgres_url, "template1")


@pytest.fixture(scope="session", params=_REDIS)
def redis_server(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server for the whole run. Everything that asks for it runs once on each."""
    with _open_directory() as directory, EmbeddedValkey(directory, program=request.param) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of a Valkey or Redis with nothing in it."""
    with Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap servers of `KAFKA_BOOTSTRAP_SERVERS`, or of one node of our own, for the whole run."""
    if given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        yield given
        return
    with _open_directory() as directory, KafkaBrokers(directory) as brokers:
        yield brokers.bootstrap


def _in_memory() -> str | None:
    """Where a copy of a database, some hundreds of files, is made in 20 ms instead of 200; None: on the disk, then."""
    memory = Path("/dev/shm")  # noqa: S108
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free >= _ROOM else None


@contextmanager
def _open_directory(where: str | None = None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="production-tool-", dir=where) as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


def _fresh(postgres_url: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        yield _named(postgres_url, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _named(url: str, database: str) -> str:
    return f"{url.rpartition('/')[0]}/{database}"
