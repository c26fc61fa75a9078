"""`production-tool bench redis reads`: what Redis takes and what it answers, on a small scale."""

from infra.bench.into_redis import into_redis_rows
from infra.bench.kept_reads import kept_rows
from infra.catalogue import KEYED


def test_each_read_model_is_brought_into_redis_alone_and_with_the_others() -> None:
    said = list[str]()
    rows = into_redis_rows(0.1, said.append, events=5_000, artists=12, bookings=3)
    assert len(rows) == 2 * (len(KEYED) + 1)
    assert all(row.lost == 0 and row.value > 0 for row in rows)
    assert said[-1] == "redis: all 3 in one process, bookings alone"


def test_who_is_free_and_the_dashboard_are_read_from_there() -> None:
    said = list[str]()
    rows = kept_rows(0.1, said.append, artists=12, bookings=3)
    assert all(row.lost == 0 and row.value > 0 for row in rows)
    assert [row.unit for row in rows] == ["ms", "answers/s"]
    assert said[-1] == "reads: dashboard"
