"""`production-tool bench reads`: what Redis answers, on a small scale."""

from infra.bench.kept_reads import kept_rows
from infra.catalogue import KEYED


def test_each_read_model_is_brought_into_redis_and_read_from_there() -> None:
    said = list[str]()
    rows = kept_rows(0.1, said.append, artists=12, bookings=3)
    assert len(rows) == len(KEYED) + 3
    assert all(row.lost == 0 and row.value > 0 for row in rows)
    assert [row.unit for row in rows[-2:]] == ["ms", "answers/s"]
    assert said[-1] == "reads: dashboard"
