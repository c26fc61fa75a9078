"""An event as the log recorded it: what a projection is fed with."""

from datetime import datetime
from typing import ClassVar, NamedTuple

from domain.event import Event


class Unreadable(Event):
    """Stands for an event that this version cannot read: no read model may go on as if it were nothing."""

    stored_as: ClassVar[str] = ""

    why: str


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
