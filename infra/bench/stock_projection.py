"""The stock library's way into a read model: each event's row and its tracking record in a transaction of their own."""

import time
from uuid import uuid4

import psycopg
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from infra.catalogue import EVENTS
from infra.mapper import Mapper


class _View(PostgresTrackingRecorder):
    """A table with a row a stream, as the library's manual has its views."""

    def __init__(self, datastore: PostgresDatastore, name: str) -> None:
        super().__init__(datastore, tracking_table_name=f"{name}_tracking")
        table = Identifier(datastore.schema, name)
        self.sql_create_statements.append(
            SQL("CREATE TABLE {} (stream text PRIMARY KEY, version bigint, data text)").format(table)
        )
        self._upsert = SQL(
            """
            INSERT INTO {} (stream, version, data)
            VALUES (%s, %s, %s)
            ON CONFLICT (stream) DO UPDATE SET version = excluded.version, data = excluded.data
            """
        ).format(table)

    def show(self, tracking: Tracking, row: tuple[str, int, str]) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(self._upsert, row, prepare=True)


def stock_projection(url: str, seconds: float) -> float:
    """Events a second of the log at `url`, decoded by the product's own mapper, for at most `seconds`."""
    where = conninfo_to_dict(url)
    datastore = PostgresDatastore(
        dbname=str(where["dbname"]),
        host=str(where["host"]),
        port=str(where["port"]),
        user=str(where["user"]),
        password=str(where["password"]),
    )
    view, decode = _View(datastore, f"stock_{uuid4().hex[:8]}"), Mapper(EVENTS).decode
    view.create_table()
    done, start = 0, time.perf_counter()
    with psycopg.connect(url) as connection:
        events = connection.execute(
            "SELECT stream, version, event_type, data::text FROM events ORDER BY tenant_id, seq"
        )
        for stream, version, event_type, data in events:
            decode(event_type, data)
            done += 1
            view.show(Tracking("log", done), (stream, version, data))
            if time.perf_counter() > start + seconds:
                break
    rate = done / (time.perf_counter() - start)
    datastore.close()
    return rate
