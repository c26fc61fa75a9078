"""What a projection says it is about is all that changes it: the rest is not even decoded for it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.job import JobOpened
from infra.catalogue import EVENTS, KEYED, PROJECTIONS
from infra.decoding import Undecoded, decode_for
from infra.mapper import Mapper, UnknownEvent
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


def test_only_what_somebody_is_about_is_decoded_and_what_nobody_knows_is_found_out() -> None:
    decode = decode_for([jobs.PROJECTION])
    opened = (GOLDEN / "job.opened.v1.jsonl").read_bytes().splitlines()[0]
    assert isinstance(decode("job.opened.v1", opened), JobOpened)
    assert isinstance(decode("hold.placed.v1", b"{}"), Undecoded)
    with pytest.raises(UnknownEvent):
        decode("hold.teleported.v1", b"{}")
    with pytest.raises(ValidationError):
        decode_for([jobs.PROJECTION, activity.PROJECTION])("hold.placed.v1", b"{}")
