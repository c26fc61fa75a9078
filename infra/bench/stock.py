"""The stock recorder of the `eventsourcing` library on the same server, in its safe mode: two events a commit."""

import threading
import time
from typing import Final
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

_STATE: Final = b'{"artist_id":"0192f0c1-2b7a-7000-8000-000000000001","periods":[{"first_day":"2031-01-06"}]}' * 3
_EVENTS: Final = 2


def stock_recorder(url: str, in_flight: int, seconds: float) -> float:
    """Events a second, by as many threads as there are commands in flight."""
    where = conninfo_to_dict(url)
    datastore = PostgresDatastore(
        dbname=str(where["dbname"]),
        host=str(where["host"]),
        port=str(where["port"]),
        user=str(where["user"]),
        password=str(where["password"]),
        pool_size=in_flight,
        max_overflow=in_flight,
        enable_db_functions=False,
    )
    table = f"stock_events_{uuid4().hex[:8]}"
    recorder = PostgresApplicationRecorder(datastore, events_table_name=table)
    recorder.create_table()
    written = [0] * in_flight
    start = time.perf_counter()

    def write(n: int) -> None:
        while time.perf_counter() < start + seconds:
            hold, calendar = uuid4(), uuid4()
            recorder.insert_events(
                [
                    StoredEvent(hold, 1, "hold.placed.v1", _STATE),
                    StoredEvent(calendar, 1, "calendar.time_held.v1", _STATE),
                ]
            )
            written[n] += _EVENTS

    threads = [threading.Thread(target=write, args=(n,)) for n in range(in_flight)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = sum(written) / (time.perf_counter() - start)
    datastore.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP TABLE {table}".encode())
    return rate
