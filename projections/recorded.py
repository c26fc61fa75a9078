"""An event as the log recorded it: what a projection is fed with."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, Final, NamedTuple

from domain.event import Event


class Unreadable(Event):
    """Stands for an event that this version cannot read: no read model may go on as if it were nothing."""

    stored_as: ClassVar[str] = ""

    why: str


class Undecoded(Event):
    """Stands for an event that none of the projections that it is handed to is about."""

    stored_as: ClassVar[str] = ""


class Recorded(NamedTuple):
    """One event in its envelope. A tuple, since the projector makes tens of thousands of them a second."""

    tenant_id: str
    seq: int
    """Place in the tenant's log: 1, 2, 3, … without gaps."""
    stream: str
    """`category/id`."""
    version: int
    """Place in the stream: 1, 2, 3, …"""
    event_id: str
    type: str
    """The stored name, such as `hold.placed.v1`."""
    event: Event
    recorded_at: datetime
    """By the database's clock; never decreases within a tenant."""
    actor: str
    correlation_id: str
    causation_id: str | None


UNDECODED: Final = Undecoded()
_UNKNOWN: Final = ("", 0, "", "", UNDECODED, datetime(1970, 1, 1, tzinfo=UTC), "", "", None)


def passed_over(tenant_id: str, after: int, until: int) -> Iterator[Recorded]:
    """Events with `after < seq <= until`, of which nothing is known but their places: nobody here is about them."""
    for seq in range(after + 1, until + 1):
        yield Recorded(tenant_id, seq, *_UNKNOWN)
