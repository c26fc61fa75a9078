from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.positions import Gap, due, gaps
from projections.recorded import Recorded
from tests.consumers.tally import Counted

_AT = datetime(2027, 3, 1, tzinfo=UTC)


def _recorded(seq: int, tenant_id: str = "t1") -> Recorded:
    return Recorded(tenant_id, seq, "tally/1", seq, "e", "tally.counted.v1", Counted(by=1), _AT, "u1", "c1", None)


def test_the_next_event_is_applied() -> None:
    batch = [_recorded(4), _recorded(5)]
    assert due(batch, {"t1": 3}) == (batch, {"t1": 5})


def test_an_event_that_was_applied_is_dropped() -> None:
    assert due([_recorded(2), _recorded(3)], {"t1": 3}) == ([], {})


def test_a_batch_that_repeats_itself_is_applied_once() -> None:
    events, reached = due([_recorded(1), _recorded(2), _recorded(1), _recorded(2), _recorded(3)], {})
    assert [event.seq for event in events] == [1, 2, 3]
    assert reached == {"t1": 3}


def test_each_tenant_has_a_position_of_its_own() -> None:
    events, reached = due([_recorded(1, "t2"), _recorded(8)], {"t1": 7})
    assert [(event.tenant_id, event.seq) for event in events] == [("t2", 1), ("t1", 8)]
    assert reached == {"t1": 8, "t2": 1}


def test_what_a_feed_left_out_is_a_gap() -> None:
    assert gaps([_recorded(5), _recorded(6), _recorded(9)], {"t1": 2}) == [Gap("t1", 2, 4), Gap("t1", 6, 8)]


def test_a_batch_that_begins_before_the_position_has_no_gap() -> None:
    assert gaps([_recorded(2), _recorded(3), _recorded(4)], {"t1": 3}) == []


def test_an_event_that_is_not_the_next_one_is_never_applied() -> None:
    with pytest.raises(LookupError, match="gapless"):
        due([_recorded(5)], {"t1": 3})


@given(st.lists(st.integers(1, 12)), st.integers(0, 12))
def test_with_its_gaps_filled_any_delivery_is_applied_in_order_and_once(seqs: list[int], last: int) -> None:
    batch = [_recorded(seq) for seq in seqs]
    filled = [_recorded(seq) for gap in gaps(batch, {"t1": last}) for seq in range(gap.after + 1, gap.until + 1)]
    events, _ = due(sorted([*filled, *batch], key=lambda recorded: recorded.seq), {"t1": last})
    assert [event.seq for event in events] == list(range(last + 1, max([last, *seqs]) + 1))
