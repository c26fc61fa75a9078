"""What clients are told as it happens: the tail of each tenant's log as a stream, an entry for an event.

An entry's id is `<seq>-0`, its one field `e` what `/v1/events` shows of the event but for the hashes and ids that chain
it. About the last 10,000 are there; whoever needs older ones reads the log.
"""

from collections.abc import Iterable
from typing import Final

from pydantic_core import to_json

from projections.keyed import KeyedProjection, Op
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Table

KEPT: Final = 10_000
"""Entries, or a few more: Redis cuts whole nodes off."""


def touches(_: Recorded) -> Iterable[tuple[Table, Key]]:
    """No row: there are none."""
    return ()


def project(_: Recorded, __: Rows) -> None:
    """Nothing is folded."""


def told(recorded: Recorded) -> Iterable[Op]:
    """The entry."""
    return [("XADD", "", "MAXLEN", "~", KEPT, f"{recorded.seq}-0", "e", entry(recorded))]


def entry(recorded: Recorded) -> str:
    """An event as clients are told of it, as JSON."""
    shown = {
        "seq": recorded.seq,
        "type": recorded.type,
        "stream": recorded.stream,
        "recorded_at": recorded.recorded_at,
        "actor": recorded.actor,
        "data": recorded.event,
    }
    return to_json(shown, exclude_none=True).decode()


PROJECTION: Final = KeyedProjection(name="live", tables=(), touches=touches, project=project, told=told)
