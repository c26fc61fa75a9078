"""A message's value read back: the envelope that `infra/outbox.py` writes, around the data as it is stored."""

from datetime import datetime
from typing import Final

from pydantic_core import from_json

from infra.log_feed import Decode, readable
from projections.recorded import Recorded

_DATA: Final = b',"data":'
"""Comes last. Before it there are only texts and numbers, and a text has no quotation mark without a backslash."""


def opened(value: bytes, decode: Decode) -> tuple[str, Recorded]:
    """The incarnation of the log that the event is from, and the event.

    Raises:
        ValueError, KeyError: nothing that the relay wrote.
    """
    at = value.index(_DATA)
    envelope = from_json(value[:at] + b"}")
    stored_as = envelope["type"]
    return envelope["incarnation"], Recorded(
        envelope["tenant"],
        envelope["seq"],
        envelope["subject"],
        envelope["version"],
        envelope["id"],
        stored_as,
        readable(decode, stored_as, value[at + len(_DATA) : -1]),
        datetime.fromisoformat(envelope["time"]),
        envelope["actor"],
        envelope["correlationid"],
        envelope["causationid"],
    )
