"""Bytes of any kind in the log's `json` column, as the `eventsourcing` library wants to store them.

JSON text is stored as it is. What is not JSON text, compressed or encrypted states above all, is stored as
`{"$bytes": "<base64>"}`.
"""

from base64 import b64decode, b64encode
from typing import Final

from pydantic_core import from_json

from domain.event import Event
from infra.mapper import Mapper

_WRAPPED: Final = b'{"$bytes": "'


class Given(Event):
    """An event of which only its bytes are known; its stored name is a member, so it has no `stored_as`."""

    topic: str
    data: bytes


class AsGiven(Mapper):
    """Reads and writes nothing into the bytes of events."""

    def __init__(self) -> None:
        """Every name is known."""
        super().__init__(events=())

    def encode(self, event: Given) -> tuple[str, bytes]:  # type: ignore[override]
        """The topic and the bytes that were given."""
        return event.topic, event.data

    def decode(self, stored_as: str, data: bytes | str) -> Given:
        """The topic and the bytes that are stored."""
        return Given(topic=stored_as, data=data.encode() if isinstance(data, str) else data)


def as_json(state: bytes) -> bytes:
    """The JSON text under which `state` is stored."""
    return state if _is_json(state) else _WRAPPED + b64encode(state) + b'"}'


def as_state(data: str) -> bytes:
    """What was stored as `data`."""
    text = data.encode()
    return b64decode(text[len(_WRAPPED) : -2]) if text.startswith(_WRAPPED) else text


def _is_json(state: bytes) -> bool:
    if state.startswith(_WRAPPED):  # or it could not be told from what is wrapped
        return False
    try:
        from_json(state, allow_inf_nan=False, cache_strings="none")
    except ValueError:
        return False
    return True
