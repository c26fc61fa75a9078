"""Whatever is commanded, what the keyed projections derive in brief is what the calendars themselves say."""

from collections import Counter
from datetime import datetime

from hypothesis import given, settings

from domain.calendar import Calendar
from domain.claims import HoldClaim
from domain.queue import ranks, worst_rank
from domain.worst_ranks import worst_ranks
from infra.catalogue import EVENTS, KEYED
from infra.mapper import Mapper
from projections import availability, dashboard, deadlines
from projections.brief import micros
from projections.recorded import Recorded
from projections.rows import Rows
from tests.given import Studio, uid
from tests.projections.test_agreement import STORY, calendar, told

_MAPPER = Mapper(EVENTS)
Story = list[tuple[str, int, int, list[int]]]


def projected(studio: Studio) -> Rows:
    rows = Rows({})
    for one in studio.log.recorded:
        type_, data = _MAPPER.encode(one.event)
        recorded = Recorded(
            one.tenant_id, one.seq, one.stream, one.version, f"e{one.seq}", type_, _MAPPER.decode(type_, data),
            one.recorded_at, one.actor, "c1", None,
        )  # fmt: skip
        for projection in KEYED:
            projection.project(recorded, rows)
    return rows


def calendars(studio: Studio) -> dict[str, Calendar]:
    return {uid(artist): calendar(studio, artist) for artist in ("ada", "bob")}


def every_hold(studio: Studio) -> dict[str, HoldClaim]:
    return {id: claim for one in calendars(studio).values() for id, claim in one.holds.items()}


@settings(max_examples=100, deadline=None)
@given(STORY)
def test_holds_are_counted_by_the_rank_that_the_queue_gives_them(story: Story) -> None:
    studio = told(story)
    queues = {row["artist_id"]: row["holds"] for row in projected(studio).written(dashboard.QUEUES)}
    for artist, one in calendars(studio).items():
        expected = {id: worst for id in one.holds if (worst := worst_rank(ranks(one, id, studio.log.now))) is not None}
        assert worst_ranks(queues.get(artist, {}), micros(studio.log.now)) == expected


@settings(max_examples=100, deadline=None)
@given(STORY)
def test_the_clocks_of_a_hold_are_those_of_its_claim(story: Story) -> None:
    studio = told(story)
    rows = projected(studio)
    clocks = {row["hold_id"]: row["clocks"] for row in rows.written(deadlines.HOLDS)}
    expected = {}
    for id, claim in every_hold(studio).items():
        parts = [clock for span in claim.spans for clock in (span.first_refusal, span.commitment) if clock is not None]
        whole = [clock for clock in (claim.deadline, claim.respond_by) if clock is not None]
        expected[id] = {(micros(clock.at), clock.rule, clock.zone) for clock in (*whole, *parts)}
    assert {id: {tuple(c) for some in every.values() for c in some} for id, every in clocks.items()} == expected
    opened = {row["challenge_id"]: row["clocks"]["challenge"][0][0] for row in rows.written(deadlines.CHALLENGES)}
    assert opened == {
        id: micros(one.answer_by.at) for at in calendars(studio).values() for id, one in at.challenges.items()
    }


@settings(max_examples=100, deadline=None)
@given(STORY)
def test_what_takes_time_is_what_stands_on_the_calendars(story: Story) -> None:
    studio = told(story)
    rows = projected(studio).written(availability.CLAIMS)
    expected = dict[str, tuple[str, list[tuple[int, int]]]]()
    for one in calendars(studio).values():
        off = {id: claim for id, claim in one.time_off.items() if claim.approved}
        for plane, claims in (("soft", one.holds), ("hard", one.bookings), ("hard", off)):
            expected |= {id: (plane, [_times(s.starts_at, s.ends_at) for s in c.spans]) for id, c in claims.items()}
    assert {row["claim_id"]: (row["plane"], [(s[0], s[1]) for s in row["spans"]]) for row in rows} == expected
    first_clocks = {row["claim_id"]: availability.first_clock(row) for row in rows if row["plane"] == "soft"}
    assert first_clocks == {id: micros(claim.due_at) for id, claim in every_hold(studio).items()}


@settings(max_examples=100, deadline=None)
@given(STORY)
def test_bookings_are_counted_in_the_weeks_of_their_days(story: Story) -> None:
    studio = told(story)
    rows = projected(studio).written(dashboard.BOOKINGS)
    counts = sum((dashboard.counted(dashboard.BOOKINGS, row) for row in rows), Counter[str]())
    expected = Counter[str]()
    for one in calendars(studio).values():
        for booking in one.bookings.values():
            days = set()
            for span in booking.spans:
                assert span.first_day is not None
                assert span.last_day is not None
                days |= set(range(span.first_day.toordinal(), span.last_day.toordinal() + 1))
            mondays = [day - (day - 1) % 7 for day in days]
            expected.update(f"bookings:{monday}" for monday in set(mondays))
            expected.update(f"days:{monday}" for day, monday in zip(days, mondays, strict=True) if day - monday < 5)
    assert +counts == +expected


def _times(starts_at: datetime, ends_at: datetime) -> tuple[int, int]:
    return micros(starts_at), micros(ends_at)
