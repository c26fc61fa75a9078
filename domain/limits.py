"""When a hold ends by itself: the limits that its policy gives, of which the earliest is its deadline."""

from datetime import datetime, timedelta

from domain.claims import LimitKind, Limits
from domain.clocks import Clock, WorkingDays, at_local_time, counted, working_days_later
from domain.instants import day_ends_at, days_later
from domain.policy import Policy
from domain.spans import Span, first_day


def limits(
    policy: Policy,
    spans: tuple[Span, ...],
    *,
    placed_at: datetime,
    accepted_at: datetime | None,
    zone: str,
    working: WorkingDays,
) -> Limits:
    """Every limit that `policy` gives a hold on `spans`, those already past included. `zone` is the artist's."""
    found: Limits = {}
    lapse, name = policy.lapse, policy.name
    if (days := lapse.days_after_placing) is not None:
        found["after_placing"] = Clock(
            days_later(placed_at, days, zone), f"{counted(days, 'day')} after placing", zone, name
        )
    if (day := lapse.fixed) is not None:
        found["fixed"] = Clock(day_ends_at(day, zone), f"the end of {day.isoformat()}", zone, name)
    if (before := lapse.before_first_day) is not None:
        found["before_first_day"] = _before_first_day(policy, spans, before.time_zone or zone)
    if (count := lapse.working_days_after_acceptance) is not None and accepted_at is not None:
        at = working_days_later(accepted_at, count, zone, cut_off=None, days=working)
        found["after_acceptance"] = Clock(
            at, f"{counted(count, 'working day')} after acceptance", zone, name, working.name
        )
    return found


def _before_first_day(policy: Policy, spans: tuple[Span, ...], zone: str) -> Clock:
    before = policy.lapse.before_first_day
    assert before is not None  # noqa: S101 - the only caller has looked
    at = before.at.isoformat("seconds" if before.at.second else "minutes")
    rule = f"{counted(before.days, 'day')} before the first day at {at}"
    return Clock(
        at_local_time(first_day(spans[0], zone) - timedelta(days=before.days), before.at, zone), rule, zone, policy.name
    )


def ahead(found: Limits, spans: tuple[Span, ...], *, now: datetime, zone: str, policy: Policy) -> Limits:
    """Those limits that lie ahead; when none does, the hold ends with its time."""
    left: Limits = {kind: clock for kind, clock in found.items() if clock.at > now}
    if left:
        return left
    return {"end_of_time": Clock(spans[-1].ends_at, "the end of the time held", zone, policy.name)}


def first_refusal(policy: Policy, *, now: datetime, zone: str) -> Clock:
    """The clock of a promotion, from the moment it is recorded."""
    count = policy.first_refusal_hours
    return Clock(now + timedelta(hours=count), f"{counted(count, 'hour')} of first refusal", zone, policy.name)


def response(policy: Policy, *, now: datetime, zone: str) -> Clock:
    """The clock of an artist, or an agent, who has been asked."""
    count = policy.response_hours
    return Clock(now + timedelta(hours=count), f"{counted(count, 'hour')} to respond", zone, policy.name)


def commitment(policy: Policy, *, now: datetime, zone: str) -> Clock:
    """The clock of a challenger who has won."""
    count = policy.commitment_hours
    return Clock(now + timedelta(hours=count), f"{counted(count, 'hour')} to book what was won", zone, policy.name)


DATED: frozenset[LimitKind] = frozenset({"before_first_day", "end_of_time"})
"""The limits that depend on the dates held, and are worked out again when those change."""
