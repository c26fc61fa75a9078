"""The time of a test's own database, which the test may move ahead: nothing else has a clock that decides."""

import time
from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from infra.clock import _FRESH


class DatabaseTime:
    """`clock_timestamp()` as this database tells it to everybody who connects from now on."""

    def __init__(self, url: str) -> None:
        """A function of that name is found before Postgres' own one, and adds what `ahead` says."""
        self._url = url
        with psycopg.connect(url) as connection:
            connection.execute(
                """
                CREATE SCHEMA moved;
                CREATE TABLE moved.by (ahead interval NOT NULL);
                INSERT INTO moved.by VALUES (interval '0');
                CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
                    'SELECT pg_catalog.clock_timestamp() + ahead FROM moved.by';
                GRANT USAGE ON SCHEMA moved TO PUBLIC;
                GRANT SELECT ON moved.by TO PUBLIC;
                """
            )
            # What is created goes into the first schema that may be written to, which is none of these two.
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET search_path = moved, pg_catalog, public").format(
                    sql.Identifier(connection.info.dbname)
                )
            )

    def now(self) -> datetime:
        """What the database's clock shows."""
        with psycopg.connect(self._url) as connection:
            found = connection.execute("SELECT moved.clock_timestamp()").fetchone()
        assert found
        now: datetime = found[0]
        return now

    def ahead(self) -> timedelta:
        """How far it is ahead of this machine's clock, on which the server's goes."""
        with psycopg.connect(self._url) as connection:
            found = connection.execute("SELECT ahead FROM moved.by").fetchone()
        assert found
        ahead: timedelta = found[0]
        return ahead

    def move(self, by: timedelta) -> None:
        """Let that much time go by at once; whatever is decided afterwards is decided at the new time."""
        with psycopg.connect(self._url) as connection:
            connection.execute("UPDATE moved.by SET ahead = ahead + %s", [by])
        # The log goes by the clock that it last read for so long.
        time.sleep(_FRESH)

    def move_to(self, at: datetime) -> None:
        """Let it be `at`."""
        self.move(at - self.now())
