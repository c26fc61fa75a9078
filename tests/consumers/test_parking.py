"""What is left out, and that it can be made up for: pure, without a database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from consumers import folding
from consumers.parking import Parked, too_many
from consumers.store import Share
from domain.event import Event
from projections.projection import Projection
from projections.recorded import Recorded, Unreadable
from projections.table import Key, Row, Table
from tests.consumers.tally import MENDED, TALLIES, TALLY, Counted, Forgotten, Lent, Spoilt

_AT = datetime(2027, 3, 1, tzinfo=UTC)


def log(*entries: tuple[str, Event]) -> list[Recorded]:
    return [
        Recorded("t1", seq, stream, seq, "e", event.stored_as, event, _AT, "u1", "c1", None)
        for seq, (stream, event) in enumerate(entries, 1)
    ]


@dataclass
class Kept:
    """A store in memory."""

    rows: dict[Key, Row] = field(default_factory=dict)
    parked: list[Parked] = field(default_factory=list)

    def apply(self, projection: Projection, events: Sequence[Recorded]) -> None:
        work = [Share(projection, events)]
        touched = folding.touched(work)
        found = {
            table: {key: self.rows[key] for key in keys if key in self.rows} for table, keys in touched.rows.items()
        }
        folded = folding.fold(work, found, touched.poison, self.parked)
        for key in folded.rows.removed(TALLIES):
            self.rows.pop(key, None)
        self.rows |= {TALLIES.key_of(row): row for row in folded.rows.written(TALLIES)}
        self.parked += folded.parked

    def retry(self, projection: Projection, history: Sequence[Recorded]) -> None:
        waiting, self.parked = {one.seq for one in self.parked}, []
        self.apply(projection, [recorded for recorded in history if recorded.seq in waiting])

    def totals(self) -> dict[str, int]:
        return {stream: row["total"] for (_, stream), row in self.rows.items()}

    def waiting(self) -> dict[int, str]:
        return {one.seq: one.reason for one in self.parked}


def kept(*entries: tuple[str, Event]) -> Kept:
    store = Kept()
    store.apply(TALLY, log(*entries))
    return store


def test_what_cannot_be_applied_is_left_out_without_a_trace_and_the_others_go_on() -> None:
    store = kept(("a", Counted(by=1)), ("b", Spoilt()), ("a", Counted(by=2)), ("c", Counted(by=5)))
    assert store.totals() == {"a": 3, "c": 5}
    assert store.waiting() == {2: "ValueError: this is spoilt"}


def test_later_events_of_its_stream_wait_in_this_batch_and_in_later_ones() -> None:
    events = log(("a", Spoilt()), ("a", Counted(by=1)), ("b", Counted(by=1)), ("a", Counted(by=1)))
    store = Kept()
    store.apply(TALLY, events[:2])
    store.apply(TALLY, events[2:])
    assert store.totals() == {"b": 1}
    assert store.waiting() == {1: "ValueError: this is spoilt", 2: "builds upon 1", 4: "builds upon 1"}


def test_an_event_of_another_stream_that_touches_a_waiting_row_waits_with_all_that_it_touches() -> None:
    store = kept(
        ("b", Counted(by=8)), ("a", Spoilt()), ("b", Lent(to="a")), ("b", Counted(by=1)), ("c", Counted(by=1))
    )  # fmt: skip
    assert store.totals() == {"b": 8, "c": 1}
    assert store.waiting() == {2: "ValueError: this is spoilt", 3: "builds upon 2", 4: "builds upon 3"}


def test_what_this_version_cannot_read_waits_however_little_a_projection_cares() -> None:
    store = kept(("a", Unreadable(why="UnknownEvent: no event is stored as x")), ("a", Counted(by=1)))
    assert store.waiting() == {1: "UnknownEvent: no event is stored as x", 2: "builds upon 1"}


def test_an_event_of_which_not_even_the_rows_can_be_told_waits_and_so_does_its_stream() -> None:
    def touches(recorded: Recorded) -> list[tuple[Table, Key]]:
        if isinstance(recorded.event, Spoilt):
            raise KeyError("rows")
        return []

    broken = Projection(name="tally", tables=(TALLIES,), touches=touches, project=lambda *_: None)
    store = Kept()
    store.apply(broken, log(("a", Spoilt()), ("a", Counted(by=1)), ("b", Counted(by=1))))
    assert store.waiting() == {1: "KeyError: 'rows'", 2: "builds upon 1"}


def test_what_still_cannot_be_applied_stays_parked_with_what_builds_upon_it() -> None:
    events = log(("a", Spoilt()), ("a", Counted(by=1)), ("b", Spoilt()), ("b", Counted(by=1)))
    store = Kept()
    store.apply(TALLY, events)
    store.retry(TALLY, events)
    assert store.totals() == {}
    assert list(store.waiting()) == [1, 2, 3, 4]


def test_a_few_stop_nothing_and_more_than_a_hundredth_does() -> None:
    assert not too_many(19, 19)
    assert too_many(20, 1_999)
    assert not too_many(20, 2_000)


_STREAM = st.sampled_from("abc")
_EVENT = st.one_of(
    st.integers(1, 9).map(lambda by: Counted(by=by)),
    _STREAM.map(lambda to: Lent(to=to)),
    st.builds(Forgotten),
    st.builds(Spoilt),
)


@given(st.lists(st.tuples(_STREAM, _EVENT), max_size=30), st.lists(st.integers(1, 7), min_size=30, max_size=30))
def test_retried_with_a_mended_projection_the_rows_are_those_of_a_whole_replay(
    story: list[tuple[str, Event]], sizes: list[int]
) -> None:
    events, store, at = log(*[("abc"[n % 3], Counted(by=10)) for n in range(3)], *story), Kept(), 0
    for size in sizes:
        if batch := events[at : at + size]:
            store.apply(TALLY, batch)
        at += size
    store.apply(TALLY, events[at:])
    store.retry(MENDED, events)
    whole = Kept()
    whole.apply(MENDED, events)
    assert store.waiting().keys() == whole.waiting().keys()
    assert store.rows == whole.rows
