"""Which events are worth decoding: half the work of a projector is to make objects of what it then passes over."""

from collections.abc import Iterable

from infra.catalogue import EVENTS
from infra.log_feed import LogHistory
from infra.mapper import Mapper
from infra.postgres import Pool
from projections.projection import Projection


def passed_over(projections: Iterable[Projection]) -> frozenset[str]:
    """The stored names of the events that none of these projections is about."""
    wanted = set[str]()
    for projection in projections:
        if projection.about is None:
            return frozenset()
        wanted |= projection.about
    return frozenset(event.stored_as for event in EVENTS) - wanted


def history_for(pool: Pool, projections: Iterable[Projection]) -> LogHistory:
    """The log as these projections want it; `pool` gives connections in the role `production_tool_projector`."""
    return LogHistory(pool, Mapper(EVENTS).decode, passing_over=passed_over(projections))
