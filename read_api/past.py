"""What was recorded: a stream's events, from its first until a seq or an instant."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from domain.calendar import CALENDAR, Calendar
from domain.event import Event
from domain.instants import SaidInstant
from read_api.tenant import Connection, Tenant

_INSTANT: Final[TypeAdapter[datetime]] = TypeAdapter(SaidInstant)
_MOST: Final = 2**63 - 1
_AT_ONCE: Final = 2_000
"""Events in one page of a stream."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """A moment of the log: `seq` and the instant at which it was recorded, or just an instant."""

    seq: int | None
    at: datetime

    def includes(self, seq: int, recorded_at: datetime) -> bool:
        """Whether that event had been recorded by then."""
        return recorded_at <= self.at if self.seq is None else seq <= self.seq


class Past(NamedTuple):
    """An event with what the log says of it."""

    seq: int
    version: int
    type: str
    event: Event
    recorded_at: datetime
    actor: str
    correlation_id: str
    data: str
    """The event's stored JSON text."""


async def as_of(
    said: Annotated[
        str | None,
        Query(
            alias="as_of",
            description="As it was at this instant, or right after the event with this seq, deadlines too.",
            json_schema_extra={"anyOf": [{"type": "string", "format": "date-time"}, {"type": "integer", "minimum": 1}]},
            examples=["2027-03-01T09:00:00Z"],
        ),
    ] = None,
) -> int | datetime | None:
    """The seq or the instant that `as_of` says.

    Raises:
        RequestValidationError: it says neither.
    """
    if said is None:
        return None
    if said.isascii() and said.isdigit() and 1 <= int(said) <= _MOST:
        return int(said)
    try:
        return _INSTANT.validate_python(said)
    except ValidationError:
        raise _refused("must be an RFC 3339 instant, or a seq", said) from None


async def moment(connection: Connection, tenant: Tenant, said: int | datetime) -> AsOf:
    """The moment that `as_of` means in this tenant's log.

    Raises:
        RequestValidationError: the log has not come as far as that seq.
    """
    if isinstance(said, datetime):
        return AsOf(None, said)
    row = await connection.row(
        "SELECT recorded_at FROM events WHERE tenant_id = %(tenant_id)s AND seq = %(seq)s",
        {"tenant_id": tenant.who.tenant_id, "seq": said},
    )
    if row is None:
        raise _refused("is not in the log yet", str(said))
    return AsOf(said, row["recorded_at"])


async def stream(connection: Connection, tenant: Tenant, name: str, until: AsOf | None = None) -> AsyncIterator[Past]:
    """The events of the stream `category/id`, in order, as far as they were recorded by then."""
    version = 0
    while True:
        # Page by page in order of versions, so that the plan is a range of that index even without statistics.
        rows = await connection.rows(
            """
            SELECT seq, version, event_type, data::text AS data, recorded_at, actor, correlation_id
            FROM events
            WHERE tenant_id = %(tenant_id)s AND stream = %(stream)s AND version > %(version)s
            ORDER BY version
            LIMIT %(most)s
            """,
            {"tenant_id": tenant.who.tenant_id, "stream": name, "version": version, "most": _AT_ONCE},
        )
        for row in rows:
            if until is not None and not until.includes(row["seq"], row["recorded_at"]):
                return
            yield past(tenant, row)
        if len(rows) < _AT_ONCE:
            return
        version = rows[-1]["version"]


def past(tenant: Tenant, row: dict[str, Any]) -> Past:
    """The event of a row of the log."""
    return Past(
        seq=row["seq"],
        version=row["version"],
        type=row["event_type"],
        event=tenant.reads.decode(row["event_type"], row["data"]),
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        correlation_id=row["correlation_id"],
        data=row["data"],
    )


async def calendar_events(
    connection: Connection, tenant: Tenant, artist_id: object, until: AsOf | None
) -> Sequence[Past]:
    """All that has happened on an artist's calendar by then."""
    return [one async for one in stream(connection, tenant, CALENDAR.stream(str(artist_id)).name, until)]


def folded(events: Sequence[Past]) -> Calendar:
    """The calendar after these events."""
    calendar = CALENDAR.initial
    for one in events:
        calendar = CALENDAR.evolve(calendar, one.event)
    return calendar


def _refused(message: str, said: str) -> RequestValidationError:
    return RequestValidationError([{"type": "as_of", "loc": ("query", "as_of"), "msg": message, "input": said}])
