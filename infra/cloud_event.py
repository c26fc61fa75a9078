"""A message read back: the envelope that `infra/outbox.py` writes, around the data as it is stored."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from pydantic_core import from_json

from infra.log_feed import Decode, readable
from projections.recorded import Recorded, passed_over

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


def named_only(headers: Iterable[tuple[str, bytes]], passing_over: Collection[bytes]) -> tuple[str, Recorded] | None:
    """The incarnation and the place of an event whose stored name is among these; None of any other.

    Its headers say it all, so that nobody has to read its value: a quarter of the work.

    Raises:
        ValueError, KeyError: nothing that the relay wrote.
    """
    said = dict(headers)
    if said.get("type") not in passing_over:
        return None
    seq = int(said["seq"])
    (event,) = passed_over(said["tenant"].decode(), seq - 1, seq)
    return said["incarnation"].decode(), event
