"""What a cancellation costs, by every way of counting notice."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from commands.working_days import public_holidays
from domain.bands import Band, Cancellation, fees
from domain.clocks import WorkingDays
from domain.money import Money
from domain.spans import Span, hours, whole_days

ZONE = "Europe/London"
ENGLAND = WorkingDays((6, 7), "GB", "ENG", public_holidays)
RATE = Money(amount=Decimal("333.33"), currency="GBP")
MONDAY = whole_days(date(2027, 3, 8), date(2027, 3, 8), ZONE)


def percents(terms: Cancellation, now: datetime, *spans: Span) -> list[tuple[int, str]]:
    found = fees(terms, spans or (MONDAY,), day_rate=RATE, now=now, zone=ZONE, working=ENGLAND, policy="ours")
    return [(int(fee.percent), fee.notice) for fee in found]


def terms(notice: str, *bands: tuple[int, int], **more: object) -> Cancellation:
    said = {"notice": notice, "bands": [{"below": below, "percent": percent} for below, percent in bands], **more}
    return Cancellation.model_validate(said)


@pytest.mark.parametrize(
    ("now", "cost"),
    [
        (datetime(2027, 3, 6, tzinfo=UTC), (0, "48 hours")),
        (datetime(2027, 3, 6, 0, 30, tzinfo=UTC), (50, "47.5 hours")),
        (datetime(2027, 3, 7, 12, tzinfo=UTC), (100, "12 hours")),
        (datetime(2027, 3, 8, 12, tzinfo=UTC), (100, "0 hours")),
    ],
)
def test_notice_in_hours(now: datetime, cost: tuple[int, str]) -> None:
    assert percents(terms("hours", (24, 100), (48, 50)), now) == [cost]


@pytest.mark.parametrize(("day", "percent"), [(1, 0), (2, 50), (4, 50), (5, 75), (6, 75), (7, 100), (8, 100)])
def test_notice_in_calendar_days_counts_the_day_of_notice(day: int, percent: int) -> None:
    bands = terms("calendar_days", (2, 100), (4, 75), (7, 50))
    now = datetime(2027, 3, day, 7, tzinfo=UTC)
    assert percents(bands, now) == [(percent, f"{max(8 - day, 0)} calendar days")]


def test_notice_in_working_days_leaves_out_weekends_and_holidays() -> None:
    tuesday_after_easter = whole_days(date(2027, 3, 30), date(2027, 3, 30), ZONE)
    thursday = datetime(2027, 3, 25, 12, tzinfo=UTC)
    assert percents(terms("working_days", (2, 100)), thursday, tuesday_after_easter) == [(100, "1 working days")]


def test_notice_in_working_hours_leaves_out_whole_days_that_nobody_works() -> None:
    friday = datetime(2027, 3, 5, 18, tzinfo=UTC)
    morning = hours(datetime(2027, 3, 8, 9, tzinfo=UTC), datetime(2027, 3, 8, 18, tzinfo=UTC), ZONE)
    assert percents(terms("working_hours", (15, 100), (16, 50)), friday, morning) == [(50, "15 working hours")]


def test_notice_until_the_day_before_at_a_local_time() -> None:
    by_five = terms("day_before_at", (1, 100), at="17:00")
    assert percents(by_five, datetime(2027, 3, 7, 17, tzinfo=UTC)) == [(0, "1 day before at")]
    assert percents(by_five, datetime(2027, 3, 7, 17, 1, tzinfo=UTC)) == [(100, "0 day before at")]


def test_each_day_can_be_a_unit_of_its_own() -> None:
    week = whole_days(date(2027, 3, 8), date(2027, 3, 10), ZONE)
    each = terms("hours", (24, 100), (48, 50), unit="each_day")
    now = datetime(2027, 3, 7, 12, tzinfo=UTC)
    assert [percent for percent, _ in percents(each, now, week)] == [100, 50, 0]


def test_short_engagements_can_be_one_unit_and_long_ones_many() -> None:
    now = datetime(2027, 3, 7, 12, tzinfo=UTC)
    short = terms("hours", (24, 100), unit="whole_up_to", whole_up_to_days=2)
    assert len(percents(short, now, whole_days(date(2027, 3, 8), date(2027, 3, 9), ZONE))) == 1
    assert len(percents(short, now, whole_days(date(2027, 3, 8), date(2027, 3, 10), ZONE))) == 3


def test_the_amount_is_exact_and_rounded_once() -> None:
    (fee,) = fees(
        terms("hours", (24, 50)),
        (whole_days(date(2027, 3, 8), date(2027, 3, 10), ZONE),),
        day_rate=RATE,
        now=datetime(2027, 3, 8, tzinfo=UTC),
        zone=ZONE,
        working=ENGLAND,
        policy="ours",
    )
    assert fee.amount == Money(amount=Decimal("500.00"), currency="GBP")
    assert (fee.days, fee.band, fee.calendar) == (3, "under 24 hours", None)


def test_without_bands_or_without_a_rate_nothing_is_owed() -> None:
    now = datetime(2027, 3, 8, tzinfo=UTC)
    assert percents(Cancellation(), now) == []
    bands = Cancellation(notice="working_days", bands=(Band(below=1, percent=Decimal(100)),))
    (fee,) = fees(bands, (MONDAY,), day_rate=None, now=now, zone=ZONE, working=ENGLAND, policy="ours")
    assert fee.amount is None
    assert fee.calendar == "GB-ENG"


def test_bands_are_in_order_of_notice() -> None:
    with pytest.raises(ValidationError):
        terms("hours", (48, 50), (24, 100))


def test_an_amount_of_money_is_written_as_text() -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": 450.0, "currency": "EUR"})


def night(day: int) -> Span:
    return hours(datetime(2027, 3, day, 20, tzinfo=UTC), datetime(2027, 3, day + 1, 4, tzinfo=UTC), ZONE)


def test_a_night_is_one_day_of_work() -> None:
    bands = terms("hours", (24, 100))
    now = datetime(2027, 3, 8, 12, tzinfo=UTC)
    (fee,) = fees(bands, (night(8), night(9)), day_rate=RATE, now=now, zone=ZONE, working=ENGLAND, policy="ours")
    assert (fee.days, fee.amount) == (2, Money(amount=Decimal("666.66"), currency="GBP"))


def test_a_night_is_not_cut_at_midnight_when_each_day_is_a_unit() -> None:
    each = terms("hours", (8, 100), (24, 75), (48, 50), unit="each_day")
    now = datetime(2027, 3, 8, 12, tzinfo=UTC)
    assert percents(each, now, night(8), night(9)) == [(75, "8 hours"), (50, "32 hours")]


def test_hours_of_one_day_are_one_day_of_work() -> None:
    each = terms("hours", (24, 100), unit="each_day")
    morning = hours(datetime(2027, 3, 8, 8, tzinfo=UTC), datetime(2027, 3, 8, 12, tzinfo=UTC), ZONE)
    assert len(percents(each, datetime(2027, 3, 8, tzinfo=UTC), morning, night(8))) == 1


def test_work_that_goes_on_for_days_has_as_many_as_begin() -> None:
    each = terms("hours", (24, 100), unit="each_day")
    long = hours(datetime(2027, 3, 8, 9, tzinfo=UTC), datetime(2027, 3, 10, 18, tzinfo=UTC), ZONE)
    assert len(percents(each, datetime(2027, 3, 8, tzinfo=UTC), long)) == 3


def test_a_day_that_the_zone_skipped_is_no_day_of_work() -> None:
    apia = whole_days(date(2011, 12, 29), date(2011, 12, 31), "Pacific/Apia")
    each = terms("hours", (24, 100), unit="each_day")
    assert len(percents(each, datetime(2011, 12, 1, tzinfo=UTC), apia)) == 2
