"""After the rules of time zones have changed: days stay days, wall times wall times, and new clashes are told."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from domain.calendar import ConflictFound, HoldPromoted, TimeBooked, TimeHeld, TimeOffMarked
from domain.claims import Held, held
from domain.clocks import Clock
from domain.job import JOB, JobFilled
from domain.rederived import BookingRederived, ContestRederived, TimeRederived
from domain.spans import hours as span_of_hours
from domain.spans import plain, whole_days
from tests.given import Studio, days, uid
from tests.zones import read_as

HOUR = timedelta(hours=1)
WEEK = days("2027-03-01", "2027-03-05")
CLOCK = Clock(datetime.fromisoformat("2027-01-31T17:00:00Z"), "the end of January", "Europe/Berlin", "motion-24h")


@pytest.fixture
def studio() -> Studio:
    return Studio()


def as_it_was(first: int, last: int, *, place: int = 0) -> Held:
    """Days of March 2027 in Berlin, as the zone was read when it was to be an hour further east."""
    span = held(whole_days(date(2027, 3, first), date(2027, 3, last), "Europe/Berlin"), place)
    return replace(span, starts_at=span.starts_at - HOUR, ends_at=span.ends_at - HOUR)


def time_held(name: str, *spans: Held, project: str = "film") -> TimeHeld:
    return TimeHeld(hold_id=uid(name), project_id=uid(project), spans=spans, limits={"fixed": CLOCK})


def time_booked(name: str, *spans: Held, job: str | None = None) -> TimeBooked:
    return TimeBooked(
        booking_id=uid(name), project_id=uid("film"), spans=spans, job_id=None if job is None else uid(job)
    )


def test_until_then_everything_goes_by_the_instants_that_are_stored(studio: Studio) -> None:
    studio.stored("ada", time_held("a", as_it_was(2, 2)))
    told = studio.hold("b", days("2027-03-01"), project="spot")
    assert [(rank["rank"], rank["starts_at"]) for rank in told["ranks"]] == [
        (1, "2027-02-28T23:00:00Z"),
        (2, "2027-03-01T22:00:00Z"),
    ]
    assert studio.calendar().holds[uid("a")].spans == (as_it_was(2, 2),)


def test_days_ahead_stay_days_and_keep_place_and_deadline(studio: Studio) -> None:
    studio.stored("ada", time_held("a", as_it_was(1, 5)), time_held("b", as_it_was(5, 8, place=1), project="spot"))
    studio.time_off("away", days("2027-04-01"))
    assert studio.rederive()["claims"] == 2
    week, later = studio.calendar().holds[uid("a")], studio.calendar().holds[uid("b")]
    assert plain(week.spans) == (whole_days(date(2027, 3, 1), date(2027, 3, 5), "Europe/Berlin"),)
    assert week.deadline == CLOCK
    assert [studio.rank_on("2027-03-05", name) for name in "ab"] == [1, 2]
    assert later.spans[0].place == 1
    before = studio.recorded()
    assert studio.rederive()["claims"] == 0
    assert studio.recorded() == before


def test_hours_keep_their_wall_time(studio: Studio) -> None:
    said = span_of_hours(
        datetime.fromisoformat("2027-03-01T09:00Z"), datetime.fromisoformat("2027-03-01T17:00Z"), "UTC"
    )
    night = replace(said, time_zone="Europe/Berlin")  # the zone was to be UTC then
    studio.stored("ada", time_held("a", held(night, 0)))
    studio.rederive()
    (span,) = studio.calendar().holds[uid("a")].spans
    assert (span.starts_local, span.starts_at) == (said.starts_local, said.starts_at - HOUR)
    assert (span.ends_local, span.ends_at) == (said.ends_local, said.ends_at - HOUR)


def test_the_second_reading_of_an_hour_that_the_zone_repeats_is_left_alone(studio: Studio) -> None:
    second = datetime.fromisoformat("2027-10-31T01:30Z")  # 02:30 in Berlin, for the second time
    studio.stored("ada", time_held("a", held(span_of_hours(second, second + HOUR, "Europe/Berlin"), 0)))
    assert studio.rederive()["claims"] == 0


def test_what_has_ended_stays_as_it_was(studio: Studio) -> None:
    studio.stored("ada", time_booked("done", as_it_was(1, 1)))
    studio.at("2027-03-02T09:00")
    assert studio.rederive()["claims"] == 0


def test_a_day_that_the_zone_leaves_out_now_stays_where_it_was(studio: Studio) -> None:
    day = whole_days(date(2011, 12, 29), date(2011, 12, 29), "Pacific/Apia")
    gone = replace(day, first_day=date(2011, 12, 30), last_day=date(2011, 12, 30), ends_at=day.ends_at + HOUR)
    studio.at("2011-12-01T09:00")
    studio.stored("ada", time_booked("a", held(gone, 0)))
    assert studio.rederive()["claims"] == 0


def test_bookings_that_share_time_now_are_reported_and_nothing_is_decided(studio: Studio) -> None:
    studio.book("b", days("2027-03-03"))
    studio.stored("ada", time_booked("a", replace(as_it_was(2, 2), ends_at=as_it_was(2, 2).ends_at)))
    until_then = span_of_hours(
        datetime.fromisoformat("2027-03-04T12:00Z"), datetime.fromisoformat("2027-03-04T14:00Z"), "UTC"
    )
    studio.stored("ada", time_booked("c", held(replace(until_then, time_zone="Europe/Berlin"), 2)))
    studio.book("d", [{"starts_at": "2027-03-04T11:00Z", "ends_at": "2027-03-04T12:00Z"}])
    told = studio.rederive()
    assert told["claims"] == 2
    assert told["double_booked"] == [sorted([uid("c"), uid("d")])]
    (first, second) = studio.events(BookingRederived)
    assert (first.double_booked, second.double_booked) == ((), (uid("d"),))
    assert {uid("a"), uid("b"), uid("c"), uid("d")} == set(studio.calendar().bookings)
    assert studio.rederive()["double_booked"] == []


def test_a_booking_that_lies_on_time_off_now_is_a_conflict(studio: Studio) -> None:
    studio.book("a", days("2027-03-01"))
    off = replace(plain((as_it_was(2, 2),))[0], starts_at=as_it_was(2, 2).starts_at + HOUR)
    wide = replace(off, first_day=date(2027, 3, 1))
    studio.stored("ada", TimeOffMarked(time_off_id=uid("away"), spans=(wide,), approved=True))
    told = studio.rederive()
    assert told["conflicts"] == [[uid("a"), uid("away")]]
    (found,) = studio.events(ConflictFound)
    assert found.booking_id == uid("a")
    studio.resolve(uid("a"), "move", periods=days("2027-03-08"))
    assert not studio.calendar().conflicts


def test_time_off_that_was_only_asked_for_moves_and_is_no_conflict(studio: Studio) -> None:
    studio.book("a", days("2027-03-01"))
    wide = replace(plain((as_it_was(2, 2),))[0], first_day=date(2027, 3, 1))
    studio.stored("ada", TimeOffMarked(time_off_id=uid("away"), spans=(wide,), approved=False))
    assert studio.rederive()["conflicts"] == []


def test_a_booking_that_moved_fills_its_job_where_it_lies_now(studio: Studio) -> None:
    studio.job("comp", periods=WEEK)
    studio.hold("h", days("2027-03-02"), job_id="comp")
    booking_id = studio.confirm("h")["booking_id"]
    studio.stored("ada", BookingRederived(booking_id=booking_id, spans=(as_it_was(2, 2),)))
    studio.rederive()
    filled = studio.events(JobFilled)[-1]
    assert (filled.booking_id, filled.hold_id, filled.over_filled) == (booking_id, uid("h"), False)
    assert filled.spans == (whole_days(date(2027, 3, 2), date(2027, 3, 2), "Europe/Berlin"),)


def test_what_is_contested_moves_with_its_days_and_is_never_contested_twice(studio: Studio) -> None:
    studio.hold("a", days("2027-03-01", "2027-03-02"))
    studio.hold("b", days("2027-03-01", "2027-03-02"), project="spot")
    studio.challenge("x", by="b", periods=days("2027-03-01"))
    studio.challenge("y", by="b", periods=days("2027-03-02"))
    first, second = plain((as_it_was(1, 1), as_it_was(2, 2)))
    held_then = {name: (replace(as_it_was(1, 2), place=place),) for place, name in enumerate("ab")}
    studio.stored("ada", *[TimeRederived(hold_id=uid(name), spans=spans) for name, spans in held_then.items()])
    studio.stored("ada", ContestRederived(spans={uid("x"): (first,), uid("y"): (replace(second, time_zone="UTC"),)}))
    assert studio.rederive()["claims"] == 4
    contested = studio.calendar().challenges
    monday = whole_days(date(2027, 3, 1), date(2027, 3, 1), "Europe/Berlin")
    assert contested[uid("x")].spans == (monday,)
    assert contested[uid("y")].spans[0].starts_at == datetime.fromisoformat("2027-03-02T00:00Z")
    studio.answers("x", by="a", answer="release")
    assert studio.rank_on("2027-03-01", "b") == 1


def test_a_challenge_whose_time_is_all_contested_by_another_now_stays_where_it_was(studio: Studio) -> None:
    studio.hold("a", days("2027-03-01", "2027-03-02"))
    studio.hold("b", days("2027-03-01", "2027-03-02"), project="spot")
    studio.challenge("x", by="b", periods=days("2027-03-01"))
    studio.challenge("y", by="b", periods=days("2027-03-02"))
    (monday,) = studio.calendar().challenges[uid("x")].spans
    elsewhere = replace(monday, starts_at=monday.ends_at, ends_at=monday.ends_at + HOUR)
    studio.stored("ada", ContestRederived(spans={uid("y"): (elsewhere,)}))
    studio.rederive()
    assert studio.calendar().challenges[uid("y")].spans == (elsewhere,)


def test_who_is_1st_on_an_hour_that_a_hold_leaves_is_promoted_there(studio: Studio) -> None:
    studio.stored("ada", time_held("a", as_it_was(2, 2)))
    studio.hold("b", days("2027-03-01"), project="spot")
    studio.rederive()
    (moved,) = studio.events(TimeRederived)
    (promotion,) = studio.events(HoldPromoted)
    assert (moved.hold_id, promotion.hold_id) == (uid("a"), uid("b"))
    assert promotion.promoted[0].starts_at == as_it_was(2, 2).starts_at


def test_the_days_that_a_job_has_to_fill_stay_days_too(studio: Studio) -> None:
    with read_as("Europe/Berlin", "Europe/Moscow"):
        studio.job("comp", periods=WEEK)
    stream = JOB.stream(uid("comp"))
    before = studio.log.fold(studio.tenant, stream)
    assert studio.rederive_job("comp")["moved"]
    job = studio.log.fold(studio.tenant, stream)
    assert job.spans == (whole_days(date(2027, 3, 1), date(2027, 3, 5), "Europe/Berlin"),)
    assert job.spans[0].starts_at == before.spans[0].starts_at + 2 * HOUR
    assert not studio.rederive_job("comp")["moved"]


def test_a_job_whose_days_have_gone_by_stays_as_it_was(studio: Studio) -> None:
    with read_as("Europe/Berlin", "Europe/Moscow"):
        studio.job("comp", periods=WEEK)
    studio.at("2027-03-08T09:00")
    assert not studio.rederive_job("comp")["moved"]
