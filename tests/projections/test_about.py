"""What a projection says it is about is all that changes it: the rest is not even decoded for it."""

from pathlib import Path

import pytest

from infra.catalogue import EVENTS, KEYED, PROJECTIONS
from infra.decoding import passed_over
from infra.mapper import Mapper
from projections import activity, jobs
from projections.projection import Projection
from projections.rows import Rows
from tests.projections.story import ARTIST, recorded

GOLDEN = Path(__file__).parents[1] / "golden"


SAYING = [projection for projection in (*PROJECTIONS, *KEYED) if projection.about is not None]


@pytest.mark.parametrize("projection", SAYING, ids=lambda projection: projection.name)
def test_no_other_event_touches_or_changes_a_row(projection: Projection) -> None:
    known = {event.stored_as for event in EVENTS}
    about = projection.about or frozenset[str]()
    assert about < known
    for stored_as in known - about:
        for line in (GOLDEN / f"{stored_as}.jsonl").read_bytes().splitlines():
            event = Mapper(EVENTS).decode(stored_as, line)
            (one,) = recorded((f"{stored_as.partition('.')[0]}/{ARTIST}", event))
            rows = Rows({})
            projection.project(one, rows)
            assert list(projection.touches(one)) == []
            assert all(not rows.written(table) and not rows.removed(table) for table in projection.tables)


def test_only_what_nobody_is_about_is_passed_over_and_never_what_nobody_knows() -> None:
    passed = passed_over([jobs.PROJECTION])
    assert "job.opened.v1" not in passed
    assert "hold.placed.v1" in passed
    assert "hold.teleported.v1" not in passed
    assert passed_over([jobs.PROJECTION, activity.PROJECTION]) == frozenset()
