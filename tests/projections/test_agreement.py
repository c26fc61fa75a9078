"""Whatever is commanded, the read models say what the calendars themselves say."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.booking import BOOKING, BookingCancelled
from domain.calendar import CALENDAR, Calendar
from domain.errors import DomainError
from domain.job import JOB
from domain.overdue import next_due
from domain.spans import plain
from domain.stored_claim import Claim, stored
from domain.time_off import TIME_OFF as OFF
from domain.worked import Run, fewest, runs
from domain.worked import days as days_of
from infra.catalogue import EVENTS, PROJECTIONS
from infra.mapper import Mapper
from projections.artist_calendar import CLAIMS
from projections.bookings import BOOKINGS
from projections.challenges import CHALLENGES
from projections.following import CONTENTS
from projections.holds import HOLDS
from projections.jobs import JOBS
from projections.overdue import OVERDUE
from projections.project_board import LINES
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Row
from projections.time_off import CONFLICTS, TIME_OFF
from projections.utilisation import UTILISATION
from read_api.standing import lapsed_by
from tests.given import OVERRIDES, Studio, accepting, days, uid

_FIRST = date(2027, 3, 1)
_MAPPER = Mapper(EVENTS)
_RATE = {"amount": "450.00", "currency": "EUR"}
_N = st.integers(0, 5)
_RUN = st.tuples(_N, _N).map(sorted)


def periods(run: list[int]) -> list[dict[str, str]]:
    first, last = (_FIRST + timedelta(days=number) for number in run)
    return days(first.isoformat(), last.isoformat())


@dataclass
class Driver:
    """A studio whose commands are picked at random; what is refused leaves no trace."""

    studio: Studio = field(default_factory=lambda: Studio(permissions=OVERRIDES))
    holds: list[str] = field(default_factory=list)
    bookings: list[str] = field(default_factory=lambda: [uid("none")])
    challenges: list[str] = field(default_factory=lambda: ["none"])
    time_off: list[str] = field(default_factory=lambda: ["none"])
    count: int = 0

    def fresh(self, names: list[str]) -> str:
        self.count += 1
        names.append(f"n{self.count}")
        return names[-1]

    def booked(self, told: dict[str, Any]) -> None:
        if "booking_id" in told:
            self.bookings.append(told["booking_id"])

    def do(self, what: str, n: int, m: int, run: list[int]) -> None:
        studio, when = self.studio, periods(run)
        hold, other = (self.holds[-1 - number % len(self.holds)] for number in (n, m))
        booking, off, challenge = self.bookings[-1], self.time_off[-1], self.challenges[-1]
        artist, project = ("ada", "bob")[m % 2], ("film", "spot")[n % 2]
        for_job = {"job_id": "comp"} if project == "film" and m % 3 else {}
        commands: dict[str, Callable[[], object]] = {
            "hold": lambda: studio.hold(self.fresh(self.holds), when, artist=artist, project=project, **for_job),
            "release": lambda: studio.release(hold),
            "release part": lambda: studio.release(hold, periods=when),
            "change": lambda: studio.change(hold, when),
            "extend": lambda: studio.extend(hold),
            "keep": lambda: studio.keep(hold),
            "accept": lambda: studio.accept(hold),
            "decline": lambda: studio.decline(hold),
            "counter": lambda: studio.counter(hold, when),
            "confirm": lambda: self.booked(studio.confirm(hold, periods=when, keep_rest=bool(m % 2))),
            "confirm all": lambda: self.booked(studio.confirm(hold)),
            "book": lambda: self.bookings.append(
                studio.book(self.fresh([]), when, artist=artist, rate=_RATE, job_id="comp")["id"]
            ),
            "cancel": lambda: studio.cancel(booking),
            "cancel part": lambda: studio.cancel(booking, periods=when),
            "reschedule": lambda: studio.reschedule(booking, when),
            "postpone": lambda: studio.postpone(booking),
            "unconfirm": lambda: studio.unconfirm(booking),
            "challenge": lambda: studio.challenge(self.fresh(self.challenges), self.holds[1 + n % 2]),
            "answer": lambda: self.booked(studio.answers(challenge, self.holds[m % 3], ("confirm", "release")[n % 2])),
            "withdraw": lambda: studio.withdraw(challenge),
            "time off": lambda: studio.time_off(self.fresh(self.time_off), when, artist=artist),
            "approve": lambda: studio.approve(off),
            "reject": lambda: studio.reject(off),
            "reorder": lambda: studio.reorder(
                (hold, other),
                when,
                overrides=accepting("jump_queue", hold, other),
            ),
            "wait": lambda: studio.pass_(hours=(1, 25, 49, 200, 340)[m % 5]),
        }
        with suppress(DomainError):
            commands[what]()


_WHAT = st.sampled_from(
    [
        *["hold", "wait", "confirm", "challenge", "answer", "answer"] * 2,
        "confirm all",
        *("release", "release part", "change", "extend", "keep", "accept", "decline", "counter", "book", "cancel"),
        *("cancel part", "reschedule", "postpone", "unconfirm", "withdraw", "time off", "approve", "reject", "reorder"),
    ]
)
Told = list[tuple[str, int, int, list[int]]]
STORY = st.lists(st.tuples(_WHAT, _N, _N, _RUN), min_size=5, max_size=30)


def opening() -> Driver:
    """Two artists, a job, and four holds."""
    driver = Driver()
    driver.studio.artist("bob", consent="freelancer")
    bands = {"bands": [{"below": 8784, "percent": 50}]}
    driver.studio.policy("motion-24h", max_depth=3, cancellation=bands)
    driver.studio.job("comp", periods=periods([1, 3]), quantity=2)
    for n, (artist, run) in enumerate([("ada", [0, 4]), ("ada", [2, 5]), ("bob", [1, 3]), ("bob", [2, 2])]):
        project = ("film", "spot")[n % 2]
        driver.studio.hold(driver.fresh(driver.holds), periods(run), artist=artist, project=project)
    return driver


def told(story: Told) -> Studio:
    driver = opening()
    for what, n, m, run in story:
        driver.do(what, n, m, run)
    return driver.studio


def projected(studio: Studio) -> Rows:
    rows = Rows({})
    for one in studio.log.recorded:
        type_, data = _MAPPER.encode(one.event)
        recorded = Recorded(
            one.tenant_id, one.seq, one.stream, one.version, f"e{one.seq}", type_, _MAPPER.decode(type_, data),
            one.recorded_at, one.actor, "c1", None,
        )  # fmt: skip
        for projection in PROJECTIONS:
            projection.project(recorded, rows)
    return rows


def calendar(studio: Studio, artist: str) -> Calendar:
    return studio.log.fold(studio.tenant, CALENDAR.stream(uid(artist)))


def by_id(rows: list[Row], key: str) -> dict[str, Row]:
    return {row[key]: row for row in rows}


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_the_rows_of_a_calendar_are_its_claims(story: Told) -> None:
    studio = told(story)
    rows = by_id(projected(studio).written(CLAIMS), "claim_id")
    claims: dict[str, Claim] = {}
    for artist in ("ada", "bob"):
        state = calendar(studio, artist)
        claims |= {**state.holds, **state.bookings, **state.time_off, **state.challenges}
    assert {id: row["claim"] for id, row in rows.items()} == {id: stored(claim) for id, claim in claims.items()}


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_a_hold_is_held_as_long_as_it_stands_on_its_calendar(story: Told) -> None:
    studio = told(story)
    rows = by_id(projected(studio).written(HOLDS), "hold_id")
    standing = {id for artist in ("ada", "bob") for id in calendar(studio, artist).holds}
    assert {id for id, row in rows.items() if row["status"] == "held"} == standing


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_a_booking_has_the_status_time_and_conflicts_that_decisions_see(
    story: Told,
) -> None:
    studio = told(story)
    rows = by_id(projected(studio).written(BOOKINGS), "booking_id")
    calendars = [calendar(studio, artist) for artist in ("ada", "bob")]
    standing = {id: claim for each in calendars for id, claim in each.bookings.items()}
    for id, row in rows.items():
        booking = studio.log.fold(studio.tenant, BOOKING.stream(id))
        assert (row["status"], row["details"].get("became_hold_id")) == (booking.status, booking.hold_id)
        if id in standing:
            assert row["details"]["spans"] == plain(standing[id].spans)
    conflicts = {(id, one["time_off_id"]) for id, row in rows.items() for one in row["details"].get("conflicts", ())}
    assert conflicts == {conflict for each in calendars for conflict in each.conflicts}
    assert standing.keys() <= rows.keys()


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_the_first_overdue_row_of_a_calendar_is_its_first_clock(story: Told) -> None:
    studio = told(story)
    rows = projected(studio).written(OVERDUE)
    for artist in ("ada", "bob"):
        shown = [row["due_at"] for row in rows if row["artist_id"] == uid(artist)]
        assert min(shown, default=None) == next_due(calendar(studio, artist))


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_in_a_project_is_what_has_not_ended(story: Told) -> None:
    studio = told(story)
    shown = {(row["kind"], row["id"]) for row in projected(studio).written(CONTENTS)}
    standing = [calendar(studio, artist) for artist in ("ada", "bob")]
    assert {id for kind, id in shown if kind == "hold"} == {id for one in standing for id in one.holds}
    streams = {stream.partition("/") for _, stream in studio.log.streams}
    bookings = {id: studio.log.fold(studio.tenant, BOOKING.stream(id)) for kind, _, id in streams if kind == "booking"}
    lasting = {id for id, booking in bookings.items() if booking.made and booking.status in {"confirmed", "postponed"}}
    assert {id for kind, id in shown if kind == "booking"} == lasting


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_a_job_is_filled_as_decisions_see_it_and_its_project_pays_for_what_stands(story: Told) -> None:
    studio = told(story)
    rows = projected(studio)
    (row,) = rows.written(JOBS)
    job = studio.log.fold(studio.tenant, JOB.stream(uid("comp")))
    assert row["details"]["filled"].keys() == job.filled.keys()
    assert job.opened is not None
    assert row["booked"] == fewest([runs(spans) for spans in job.filled.values()], runs(job.spans))
    lines = by_id(rows.written(LINES), "booking_id")
    standing = {id: claim for artist in ("ada", "bob") for id, claim in calendar(studio, artist).bookings.items()}
    assert {id: line["days"] for id, line in lines.items() if line["days"]} == {
        id: days_of(runs(claim.spans)) for id, claim in standing.items()
    }
    fees = sum(fee.amount.amount for said in studio.events(BookingCancelled) for fee in said.fees if fee.amount)
    assert sum(line["fees"] for line in lines.values()) == fees


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_an_end_by_the_clock_reads_the_same_before_and_after_it_is_recorded(
    story: Told,
) -> None:
    studio = told([step for step in story if step[0] != "challenge"])
    before = {
        id: lapsed_by(claim, studio.log.now)
        for artist in ("ada", "bob")
        for id, claim in calendar(studio, artist).holds.items()
    }
    studio.record_overdue("ada")
    studio.record_overdue("bob")
    rows = by_id(projected(studio).written(HOLDS), "hold_id")
    for id, lapsed in before.items():
        row = rows[id]
        assert (row["status"] == "lapsed") == (lapsed is not None)
        if lapsed is not None:
            details = row["details"]
            assert (details["ended_at"], details["ended_because"]) == (lapsed.at, lapsed.because)
            assert details["held"] == lapsed.lapsed


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_challenges_time_off_and_conflicts_are_as_decisions_see_them(story: Told) -> None:
    studio = told(story)
    rows = projected(studio)
    calendars = [calendar(studio, artist) for artist in ("ada", "bob")]
    open_ = {id: one for each in calendars for id, one in each.challenges.items()}
    challenges = by_id(rows.written(CHALLENGES), "challenge_id")
    assert {id for id, row in challenges.items() if row["status"] == "open"} == open_.keys()
    for id, one in open_.items():
        details = challenges[id]["details"]
        assert (details["spans"], details["challenged"]) == (one.spans, one.challenged)
        assert [(answer["hold_id"], answer["answer"]) for answer in details["answers"]] == [
            (hold, intent.answer) for hold, intent in one.intents
        ]
    for row in rows.written(TIME_OFF):
        assert row["status"] == studio.log.fold(studio.tenant, OFF.stream(row["time_off_id"])).status
    standing = {id: claim for each in calendars for id, claim in each.time_off.items()}
    shown = by_id(rows.written(TIME_OFF), "time_off_id")
    assert {id: shown[id]["details"]["spans"] for id in standing} == {id: off.spans for id, off in standing.items()}
    assert {(row["booking_id"], row["time_off_id"]) for row in rows.written(CONFLICTS)} == {
        conflict for each in calendars for conflict in each.conflicts
    }


@settings(max_examples=150, deadline=None)
@given(STORY)
def test_work_is_that_of_the_bookings_that_stand(story: Told) -> None:
    studio = told(story)
    rows = by_id(projected(studio).written(UTILISATION), "booking_id")
    standing = {
        id: (uid(artist), runs(claim.spans))
        for artist in ("ada", "bob")
        for id, claim in calendar(studio, artist).bookings.items()
    }
    assert {id: (row["artist_id"], tuple(Run(*run) for run in row["work"])) for id, row in rows.items()} == standing
