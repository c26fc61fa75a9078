"""What a batch has made of a read model in Redis: its rows as they are stored, and what follows from them."""

from typing import NamedTuple

from pydantic_core import to_json

from consumers.folding import Folded
from consumers.store import Share
from infra.redis_keys import PARKED, field_of
from projections.keyed import KeyedProjection, Op


class Made(NamedTuple):
    """By tenant."""

    rows: dict[str, dict[str, dict[str, bytes | None]]]
    """By the name of their table and their field, as JSON; None where there is no row any more."""
    ops: dict[str, list[Op]]
    """What follows from the rows, what is told of events alone, and what waits."""


def made(share: Share, folded: Folded) -> Made:
    """What one projection's part of a batch has come to."""
    projection = share.projection
    assert isinstance(projection, KeyedProjection)  # noqa: S101 - the store was given no other
    rows: dict[str, dict[str, dict[str, bytes | None]]] = {}
    ops: dict[str, list[Op]] = {}
    for table in projection.tables:
        for key, before, after in folded.rows.changes(table):
            if before is None and after is None:
                continue
            fields = rows.setdefault(key[0], {}).setdefault(table.name, {})
            fields[field_of(key)] = None if after is None else to_json(after)
            ops.setdefault(key[0], []).extend(projection.derived(table, before, after))
    parked = [one for one in folded.parked if one.projection == projection.name]
    for one in parked:
        ops.setdefault(one.tenant_id, []).append(("HSET", PARKED, one.seq, to_json(one).decode()))
    waiting = {(one.tenant_id, one.seq) for one in parked}
    for recorded in share.events:
        if (told := projection.told(recorded)) and (recorded.tenant_id, recorded.seq) not in waiting:
            ops.setdefault(recorded.tenant_id, []).extend(told)
    return Made(rows, ops)
