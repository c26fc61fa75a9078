"""Bring a database to the schema that this version of the product was written for.

Each file of `migrations/` runs once, in the order of the names, in a transaction of its own. What has run is recorded
with a checksum, so that a file which was edited after it ran is found out instead of believed. No role of the
application sees those records; the name of the last file is also the table's comment, which everybody can read.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import psycopg
from psycopg import sql

from infra.cannot_run import CannotRun
from infra.catalogue import PROJECTIONS
from infra.twins import renew

Connection = psycopg.Connection[tuple[Any, ...]]

_LOCK: Final = 0x70726F6474
"""Any number that nobody else would think of."""
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name     text        NOT NULL PRIMARY KEY,
    checksum text        NOT NULL,
    ran_at   timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
_CLOSED: Final = """
ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON schema_migrations TO CURRENT_USER USING (true);
"""


class SchemaMismatch(CannotRun):
    """The database was made by another product, another version, or an edited migration."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    name: str
    sql: bytes

    @property
    def checksum(self) -> str:
        """SHA-256 of the file's bytes."""
        return hashlib.sha256(self.sql).hexdigest()


def migrations(folder: Traversable | None = None) -> list[Migration]:
    """The product's migrations, or those of `folder`, in the order in which they run."""
    found = (folder or files("infra") / "migrations").iterdir()
    return sorted(
        (Migration(file.name, file.read_bytes()) for file in found if file.name.endswith(".sql")),
        key=lambda migration: migration.name,
    )


def migrate(url: str, wanted: Sequence[Migration] | None = None) -> list[str]:
    """Run what has not run yet; returns the names of what ran now. Safe to repeat, and to run twice at once.

    Raises:
        SchemaMismatch: what ran before is not what this version would have run; nothing was changed.
        psycopg.Error: the database cannot be reached, or refused a statement; that file left no trace.
    """
    with psycopg.connect(url, autocommit=True, application_name="production-tool migrate") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        _prepare(connection)
        missing = _missing(connection, migrations() if wanted is None else wanted)
        for migration in missing:
            with connection.transaction():
                connection.execute(migration.sql)
                connection.execute(
                    "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)",
                    (migration.name, migration.checksum),
                )
                connection.execute(
                    sql.SQL("COMMENT ON TABLE schema_migrations IS {}").format(sql.Literal(migration.name))
                )
        if wanted is None:
            renew(connection, [table for projection in PROJECTIONS for table in projection.tables])
        return [migration.name for migration in missing]


async def check_schema(connection: psycopg.AsyncConnection[Any]) -> None:
    """Find out at the start that `migrate` was forgotten; any role may ask. A later schema is well: it only adds.

    Raises:
        SchemaMismatch: it was.
    """
    cursor = await connection.execute("SELECT obj_description(to_regclass('schema_migrations'), 'pg_class')")
    found = await cursor.fetchone()
    last = found[0] if found else None
    if last is None or last < migrations()[-1].name:
        raise SchemaMismatch("this database is not at the schema of this version: run `production-tool migrate` first")


def _prepare(connection: Connection) -> None:
    with connection.transaction():
        connection.execute("SET LOCAL client_min_messages = warning")
        connection.execute(_TABLE)
        found = connection.execute("SELECT relrowsecurity FROM pg_class WHERE oid = 'schema_migrations'::regclass")
        if found.fetchone() == (False,):
            connection.execute(_CLOSED)


def _missing(connection: Connection, wanted: Sequence[Migration]) -> list[Migration]:
    ran: dict[str, str] = dict(connection.execute("SELECT name, checksum FROM schema_migrations").fetchall())
    for migration in wanted:
        if ran.get(migration.name, migration.checksum) != migration.checksum:
            raise SchemaMismatch(f"{migration.name} was edited after it ran on this database; add a new file instead")
    unknown = ran.keys() - {migration.name for migration in wanted}
    if unknown:
        raise SchemaMismatch(f"this database is newer than the product: {', '.join(sorted(unknown))} ran on it")
    return [migration for migration in wanted if migration.name not in ran]
