"""Events to stored bytes and back: explicit names, exact JSON, and upcasts from what was published before."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder, StoredEvent
from eventsourcing.persistence import Mapper as LibraryMapper
from pydantic_core import from_json

from domain.event import Event

Upcast = tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]
"""The stored name that follows, and what turns the old members into the new."""

UPCASTS: Final[Mapping[str, Upcast]] = {}
"""By stored name of an event class that is no more. Each step is pure; steps are chained up to a class that is."""


class UnknownEvent(Exception):
    """A stored name that no event class has, and no upcast leads on from."""


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """An event with its place in a stream, as the `eventsourcing` library wants it."""

    originator_id: UUID | str
    originator_version: int
    event: Event


class Mapper(LibraryMapper[Any]):
    """Knows the event classes that it was given, and no others."""

    def __init__(self, events: Iterable[type[Event]], upcasts: Mapping[str, Upcast] = UPCASTS) -> None:
        """Raises ValueError when two classes have one stored name."""
        super().__init__(JSONTranscoder())
        self._upcasts = upcasts
        self._classes: dict[str, type[Event]] = {}
        for event in events:
            if self._classes.setdefault(event.stored_as, event) is not event:
                raise ValueError(f"two event classes are stored as {event.stored_as}")

    def encode(self, event: Event) -> tuple[str, bytes]:
        """The stored name and the exact JSON text of `event`, UTF-8; members that are None are left out."""
        return event.stored_as, event.__pydantic_serializer__.to_json(event, exclude_none=True)

    def decode(self, stored_as: str, data: bytes | str) -> Event:
        """The event that was stored.

        Raises:
            UnknownEvent: nothing here is stored under that name.
            pydantic.ValidationError: the bytes are not such an event.
        """
        event_class = self._classes.get(stored_as)
        if event_class is not None:
            # Straight to the validator, as the encoder does: `model_validate_json` is another half a microsecond.
            event: Event = event_class.__pydantic_validator__.validate_json(data)
            return event
        return self._upcast(stored_as, from_json(data))

    def _upcast(self, stored_as: str, members: dict[str, Any]) -> Event:
        while stored_as not in self._classes:
            if stored_as not in self._upcasts:
                raise UnknownEvent(f"no event is stored as {stored_as}")
            stored_as, change = self._upcasts[stored_as]
            members = change(members)
        return self._classes[stored_as].model_validate(members)

    def to_stored_event(self, domain_event: DomainEvent) -> StoredEvent:  # type: ignore[override]
        """The library's form of an event with its place."""
        stored_as, data = self.encode(domain_event.event)
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, stored_as, data)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEvent:
        """The event with its place, from the library's form."""
        return DomainEvent(
            stored_event.originator_id,
            stored_event.originator_version,
            self.decode(stored_event.topic, stored_event.state),
        )
