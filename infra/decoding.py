"""Which events are worth decoding: half the work of a projector is to make objects of what it then passes over."""

from collections.abc import Iterable
from typing import ClassVar, Final

from domain.event import Event
from infra.catalogue import EVENTS
from infra.log_feed import Decode
from infra.mapper import Mapper
from projections.projection import Projection


class Undecoded(Event):
    """Stands for an event that none of the projections that it is handed to is about."""

    stored_as: ClassVar[str] = ""


_UNDECODED: Final = Undecoded()


def decode_for(projections: Iterable[Projection]) -> Decode:
    """Decodes what one of these projections is about, and what nobody knows: that is found out, and parked."""
    decode, known = Mapper(EVENTS).decode, frozenset(event.stored_as for event in EVENTS)
    wanted = set[str]()
    for projection in projections:
        if projection.about is None:
            return decode
        wanted |= projection.about
    passed_over = known - wanted

    def decode_if_wanted(stored_as: str, data: bytes) -> Event:
        return _UNDECODED if stored_as in passed_over else decode(stored_as, data)

    return decode_if_wanted
