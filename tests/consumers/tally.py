"""A read model small enough to see through: how much was counted on each stream, and how often it was looked at."""

from collections.abc import Iterable
from typing import ClassVar

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from domain.event import Event
from infra.mapper import UnknownEvent
from projections.projection import Projection
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Table


class Counted(Event):
    stored_as: ClassVar[str] = "tally.counted.v1"

    by: int


class Forgotten(Event):
    stored_as: ClassVar[str] = "tally.forgotten.v1"


class Lent(Event):
    """Takes from the stream's tally and gives to another's."""

    stored_as: ClassVar[str] = "tally.lent.v1"

    to: str


class Spoilt(Event):
    """What `TALLY` cannot apply; `MENDED` counts it as 100."""

    stored_as: ClassVar[str] = "tally.spoilt.v1"


class Huge(Event):
    """What no table takes."""

    stored_as: ClassVar[str] = "tally.huge.v1"


TALLIES = Table(
    name="tallies",
    key=("tenant_id", "stream"),
    columns={"tenant_id": "uuid", "stream": "text", "total": "bigint", "events": "bigint"},
)


def _touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    yield TALLIES, (recorded.tenant_id, recorded.stream)
    if isinstance(recorded.event, Lent):
        yield TALLIES, (recorded.tenant_id, recorded.event.to)


def _project(recorded: Recorded, rows: Rows) -> None:
    key = (recorded.tenant_id, recorded.stream)
    match recorded.event:
        case Counted(by=by):
            _count(rows, key, by)
        case Lent(to=to):
            row = rows.get(TALLIES, key)
            if row is None:
                raise LookupError("there is nothing to lend")
            half = row["total"] // 2
            _count(rows, key, -half)
            _count(rows, (recorded.tenant_id, to), half)
        case Forgotten():
            rows.remove(TALLIES, key)
        case Spoilt():
            _count(rows, key, 1)
            raise ValueError("this is spoilt")
        case Huge():
            _count(rows, key, 2**70)
        case _:
            pass


def _mended(recorded: Recorded, rows: Rows) -> None:
    if isinstance(recorded.event, Spoilt):
        recorded = recorded._replace(event=Counted(by=100))
    _project(recorded, rows)


def _count(rows: Rows, key: Key, by: int) -> None:
    row = rows.get(TALLIES, key) or {"total": 0, "events": 0}
    rows.put(TALLIES, {"tenant_id": key[0], "stream": key[1], "total": row["total"] + by, "events": row["events"] + 1})


TALLY = Projection(name="tally", tables=(TALLIES,), touches=_touches, project=_project)
MENDED = Projection(name="tally", tables=(TALLIES,), touches=_touches, project=_mended)


def decode(stored_as: str, data: bytes) -> Event:
    """Only what this read model is about; anything else is unknown."""
    for event in (Counted, Forgotten, Lent, Spoilt, Huge):
        if event.stored_as == stored_as:
            return event.model_validate_json(data)
    raise UnknownEvent(f"no event is stored as {stored_as}")


def create_tallies(url: str) -> None:
    """The table, with the access that every read model's table has."""
    with psycopg.connect(url) as connection:
        connection.execute(
            """
            CREATE TABLE tallies (
                tenant_id uuid, stream text, total bigint, events bigint, PRIMARY KEY (tenant_id, stream)
            )
            """
        )
        connection.execute("ALTER TABLE tallies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON tallies TO production_tool_projector")
        connection.execute(
            """
            CREATE POLICY projector ON tallies TO production_tool_projector
                USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
            """
        )


def tallies(url: str) -> dict[str, tuple[int, int]]:
    """Stream to total and number of events, of all tenants."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT stream, total, events FROM tallies ORDER BY stream").fetchall()
    return {stream: (total, events) for stream, total, events in rows}


def positions(url: str) -> dict[str, int]:
    """Tenant to the tally's position."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tenant_id::text, seq FROM positions WHERE projection = 'tally'").fetchall()
    return dict(rows)


async def _become_projector(connection: AsyncConnection) -> None:
    await connection.execute("SET ROLE production_tool_projector")
    await connection.commit()


def pool(url: str) -> AsyncConnectionPool[AsyncConnection]:
    """A small pool of connections in the projector's role."""
    return AsyncConnectionPool(url, min_size=1, max_size=3, open=False, configure=_become_projector)
