"""Postgres servers for measuring: a fast commit, and one that takes as long as a common disk's."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psycopg

from infra.embedded import EmbeddedPostgres
from infra.migrate import migrate

# `commit_delay` waits before each flush when at least `commit_siblings` other transactions are open: with 0, always.
_SLOW = {"commit_delay": "900", "commit_siblings": "0"}
_SETTINGS = {"max_connections": "200", "min_wal_size": "1GB", "max_wal_size": "4GB", "shared_buffers": "512MB"}
WAL_FILES = 64
"""As many as `min_wal_size` keeps."""
_COMMITS = 200


@contextmanager
def server(*, slow: bool = False) -> Iterator[str]:
    """The URL of a migrated database on a server of its own, which goes with the block."""
    with tempfile.TemporaryDirectory(prefix="production-tool-bench-") as directory:
        Path(directory).chmod(0o755)
        settings = {**_SETTINGS, **(_SLOW if slow else {})}
        with EmbeddedPostgres(Path(directory), settings=settings) as url:
            migrate(url)
            _make_wal_files(url)
            yield url


def _make_wal_files(url: str) -> None:
    """Have the files of the write-ahead log, as a server that has been up for a while uses them again and again.

    Making one holds every commit up for as long as it takes to write 16 MB, which would happen about once a second.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(WAL_FILES):
            connection.execute("SELECT pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()")
        connection.execute("CHECKPOINT")


def commit_milliseconds(url: str) -> float:
    """The median time of a transaction that inserts one row, on a connection of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS commit_time (n integer)")
        times = []
        for n in range(_COMMITS):
            start = time.perf_counter()
            connection.execute("INSERT INTO commit_time VALUES (%s)", (n,), prepare=True)
            times.append(time.perf_counter() - start)
        connection.execute("DROP TABLE commit_time")
    return round(1000 * median(times), 2)
