"""Both changes of the clocks, in every zone that has any: days stay days, and deadlines keep their local time."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

import pytest

from domain.clocks import Clock, WorkingDays, no_holidays
from domain.instants import day_ends_at, day_starts_at, local_day, local_instant, time_zones, wall_time, zone_named
from domain.limits import limits
from domain.periods import Days
from domain.policy import DaysBefore, Lapse, Policy
from domain.spans import NoSuchTime, Span, cut, first_day, spans_of, union, whole_days
from tests.given import Studio, days

YEAR = 2027
WEEKDAYS = WorkingDays((6, 7), None, None, no_holidays)
RULES = Policy(
    lapse=Lapse(
        days_after_placing=14,
        fixed=date(YEAR + 1, 12, 31),
        before_first_day=DaysBefore(days=3, at=time(18)),
        working_days_after_acceptance=2,
    )
)


@lru_cache(maxsize=1)
def changes() -> list[tuple[str, date]]:
    """Every zone with each local day of a year on which its clocks change."""
    found = []
    for zone in sorted(time_zones()):
        noons = [datetime(YEAR, 1, 1, 12, tzinfo=UTC) + timedelta(days=number) for number in range(366)]
        offsets = [(noon, noon.astimezone(zone_named(zone)).utcoffset()) for noon in noons]
        found += [
            (zone, day)
            for (before, one), (after, other) in pairwise(offsets)
            if one != other
            for day in sorted({local_day(before, zone), local_day(after, zone)})
        ]
    return found


def test_some_zones_change_their_clocks_and_twice() -> None:
    days = [day for zone, day in changes() if zone == "Europe/Berlin"]
    assert date(YEAR, 3, 28) in days
    assert date(YEAR, 10, 31) in days
    assert len({zone for zone, _ in changes()}) > len(time_zones()) / 4


def test_a_week_of_days_across_a_change_keeps_its_days() -> None:
    for zone, changed in changes():
        first, last = changed - timedelta(days=3), changed + timedelta(days=3)
        week = whole_days(first, last, zone)
        assert (first_day(week, zone), local_day(week.ends_at - timedelta.resolution, zone)) == (first, last)
        single = [whole_days(first + timedelta(days=n), first + timedelta(days=n), zone) for n in range(7)]
        assert all(one.ends_at == other.starts_at for one, other in pairwise(single))
        assert union(single) == (week,)
        for day in single:
            assert cut(week, day.starts_at, day.ends_at) == day


def test_deadlines_across_a_change_keep_their_local_time() -> None:
    for zone, changed in changes():
        placed_at = local_instant(datetime.combine(changed - timedelta(days=7), time(9, 30)), zone)
        held = whole_days(changed + timedelta(days=2), changed + timedelta(days=4), zone)
        found = {kind: said(clock) for kind, clock in clocks(zone, placed_at, held).items()}
        worked = WEEKDAYS.after(WEEKDAYS.next(changed - timedelta(days=8)), 2)
        assert found == {
            "after_placing": datetime.combine(changed + timedelta(days=7), time(9, 30)),
            "fixed": datetime(YEAR + 1, 12, 31) + timedelta(days=1),  # noqa: DTZ001 - a wall time has no zone
            "before_first_day": datetime.combine(changed - timedelta(days=1), time(18)),
            "after_acceptance": datetime.combine(worked, time(9, 30)),
        }, zone


def clocks(zone: str, placed_at: datetime, held: Span) -> dict[str, Clock]:
    found = limits(RULES, (held,), placed_at=placed_at, accepted_at=placed_at, zone=zone, working=WEEKDAYS)
    return {str(kind): clock for kind, clock in found.items()}


def said(clock: Clock) -> datetime:
    """What the clocks on the wall show at that instant."""
    return wall_time(clock.at, clock.zone)


@pytest.mark.parametrize("hour", [0, 1, 2, 3, 18])
def test_a_deadline_on_the_day_of_a_change_is_on_that_day_wherever_its_hour_exists(hour: int) -> None:
    """An hour that the zone skips is read with the offset before the gap: never on another day than the gap ends."""
    rules = Policy(lapse=Lapse(before_first_day=DaysBefore(days=3, at=time(hour, 30))))
    for zone, changed in changes():
        first = changed + timedelta(days=3)
        held = (whole_days(first, first, zone),)
        placed_at = day_starts_at(changed - timedelta(days=9), zone)
        found = limits(rules, held, placed_at=placed_at, accepted_at=None, zone=zone, working=WEEKDAYS)
        at = found["before_first_day"].at
        assert day_starts_at(changed, zone) <= at < day_ends_at(changed, zone) + timedelta(hours=1), zone
        wanted = datetime.combine(changed, time(hour, 30))
        if wall_time(local_instant(wanted, zone), zone) == wanted:
            assert wall_time(at, zone) == wanted, zone


def test_holds_across_a_change_keep_their_days_and_their_deadline_its_local_time_in_every_zone() -> None:
    """Through the commands: each is released on the day of the change, and holds the days around it still."""
    studio = Studio()
    for zone, changed in changes():
        name, local = f"{zone:50}{changed}", wall_time(studio.log.now, zone)
        before, after = changed - timedelta(days=1), changed + timedelta(days=1)
        studio.artist(name, time_zone=zone)
        told = studio.hold(name, days(before.isoformat(), after.isoformat()), artist=name)
        (rank,) = told["ranks"]
        assert (rank["first_day"], rank["last_day"]) == (before.isoformat(), after.isoformat()), zone
        lapses_at = datetime.fromisoformat(told["deadline"]["at"])
        assert wall_time(lapses_at, zone) == local + timedelta(days=14), zone
        left = studio.release(name, periods=days(changed.isoformat()))["ranks"]
        assert [(rank["first_day"], rank["last_day"]) for rank in left] == [
            (day.isoformat(), day.isoformat()) for day in (before, after)
        ], zone


def test_zones_that_change_at_midnight_are_among_them() -> None:
    starts = [(zone, wall_time(day_starts_at(day, zone), zone)) for zone, day in changes()]
    assert {"America/Santiago", "America/Havana", "Africa/Cairo", "Asia/Beirut"} & {
        zone for zone, start in starts if start.time() != time(0)
    }


@pytest.mark.parametrize(
    ("zone", "skipped"),
    [
        ("Pacific/Apia", date(2011, 12, 30)),
        ("Pacific/Fakaofo", date(2011, 12, 30)),
        ("Pacific/Kwajalein", date(1993, 8, 21)),
        ("Pacific/Kiritimati", date(1994, 12, 31)),
        ("Pacific/Kanton", date(1994, 12, 31)),
    ],
)
def test_a_day_that_a_zone_skipped_cannot_be_held_and_days_around_it_keep_their_dates(zone: str, skipped: date) -> None:
    before, after = skipped - timedelta(days=1), skipped + timedelta(days=1)
    with pytest.raises(NoSuchTime):
        spans_of([Days(first_day=skipped, last_day=skipped)], zone)
    (span,) = spans_of([Days(first_day=before, last_day=after)], zone)
    assert span.ends_at - span.starts_at == timedelta(days=2)
    assert (local_day(span.starts_at, zone), local_day(span.ends_at - timedelta.resolution, zone)) == (before, after)
    late = Policy(lapse=Lapse(before_first_day=DaysBefore(days=1, at=time(18))))
    (clock,) = limits(
        late, (whole_days(after, after, zone),), placed_at=span.starts_at, accepted_at=None, zone=zone, working=WEEKDAYS
    ).values()
    assert before <= local_day(clock.at, zone) <= after
