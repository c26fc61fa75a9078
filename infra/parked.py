"""What `production-tool parked` does: see which events read models have left out, and try them once more."""

from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

from pydantic_core import to_json

from consumers.parking import Parked
from consumers.positions import Fenced
from consumers.store import RowsRefused, Share, Store
from infra.cannot_run import CannotRun
from infra.log_feed import LogHistory, Wanted
from infra.stores import Stores
from projections.projection import Projection


class NotParked(CannotRun):
    """There is no such event among the parked ones."""


class Retried(NamedTuple):
    """What has become of the parked events of one projection and tenant."""

    projection: str
    tenant_id: str
    applied: int
    parked: int


def line(parked: Parked) -> str:
    """An event on a line, for a list."""
    one = parked
    return f"{one.projection}  {one.tenant_id}  seq {one.seq:,}  {one.stream}  {one.event_type}  {one.reason}"


async def all_parked(stores: Stores, tenant_id: str | None) -> list[Parked]:
    """Everything that is parked, of every tenant or of one."""
    return [
        one
        for store, projection in stores.each()
        for one in await store.parked(projection.name)
        if tenant_id in {None, one.tenant_id}
    ]


async def shown(stores: Stores, tenant_id: str, seq: int) -> str:
    """An event as the log has it, as JSON, and why it is parked where.

    Raises:
        NotParked: it is not.
    """
    parked = [one for one in await all_parked(stores, tenant_id) if one.seq == seq]
    if not parked:
        raise NotParked(f"seq {seq} of {tenant_id} is not parked")
    (recorded,) = await stores.history.read([Wanted(tenant_id, seq - 1, seq)])
    because = [{"projection": one.projection, "reason": one.reason} for one in parked]
    return to_json({**recorded._asdict(), "parked": because}, indent=2).decode()


async def retry(stores: Stores, tenant_id: str | None, progress: Callable[[int, int], None]) -> list[Retried]:
    """Apply what is parked, in order, projection by projection and tenant by tenant; safe to repeat.

    What still cannot be applied is parked again, with what builds upon it.
    """
    tried, done, total = list[Retried](), 0, len(await all_parked(stores, tenant_id))
    for store, projection in stores.each():
        parked = [one for one in await store.parked(projection.name) if tenant_id in {None, one.tenant_id}]
        for tenant, ones in groupby(parked, lambda one: one.tenant_id):
            seqs = [one.seq for one in ones]
            tried.append(await _retry(store, stores.history, projection, tenant, seqs))
            done += len(seqs)
            progress(done, total)
    return tried


async def _retry(store: Store, history: LogHistory, projection: Projection, tenant_id: str, seqs: list[int]) -> Retried:
    events = await history.read([Wanted(tenant_id, seq - 1, seq) for seq in seqs])
    try:
        again = await store.retry(Share(projection, events))
    except Fenced as fenced:
        raise CannotRun(f"{fenced}; run it again") from fenced
    except RowsRefused as refused:
        raise CannotRun(f"{projection.name} of {tenant_id}: {refused}") from refused
    return Retried(projection.name, tenant_id, len(seqs) - len(again), len(again))
