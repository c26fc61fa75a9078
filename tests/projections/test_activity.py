import pytest

from domain.calendar import TimeLapsed
from domain.event import Event
from domain.hold import HoldReleased
from infra.catalogue import EVENTS
from projections import activity
from projections.activity import _ON_CALENDAR, _OWN, ACTIVITY
from tests.projections.story import ARTIST, HOLD, TENANT, clock, march, projected, time_held

_SHOWN_ELSEWHERE = {
    "calendar.booking_freed.v1",
    "calendar.booking_moved.v1",
    "calendar.challenge_answered.v1",
    "calendar.challenge_opened.v1",
    "calendar.consent_countered.v1",
    "calendar.clocks_stopped.v1",
    "calendar.consent_given.v1",
    "calendar.contest_rederived.v1",
    "calendar.limits_moved.v1",
    "calendar.promotion_kept.v1",
    "calendar.time_booked.v1",
    "calendar.time_changed.v1",
    "calendar.time_held.v1",
    "calendar.time_off_cleared.v1",
    "calendar.time_off_marked.v1",
    "calendar.time_off_rederived.v1",
    "calendar.time_rederived.v1",
    "calendar.time_released.v1",
    "hold.challenged.v1",
    "hold.confirmed.v1",
    "job.filled.v1",
    "job.group_joined.v1",
    "job.group_left.v1",
    "job.rederived.v1",
    "job.vacated.v1",
}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.stored_as)
def test_every_event_is_listed_or_known_to_show_elsewhere(event: type[Event]) -> None:
    assert (event in _OWN | _ON_CALENDAR) != (event.stored_as in _SHOWN_ELSEWHERE)


def test_what_somebody_did_is_a_line_about_its_subject() -> None:
    rows = projected(
        activity.PROJECTION, (f"calendar/{ARTIST}", time_held()), (f"hold/{HOLD}", HoldReleased(reason="rain"))
    )[ACTIVITY]
    (row,) = rows.values()
    assert (row["tenant_id"], row["seq"], row["actor"], row["what"]) == (TENANT, 2, "ada", "hold.released.v1")
    assert (row["category"], row["subject_id"]) == ("hold", HOLD)


def test_a_lapse_is_about_its_hold() -> None:
    lapse = TimeLapsed(
        hold_id=HOLD, lapsed=(march(1, 5),), spans=(), because="deadline", at=clock(336).at, rule="14 days"
    )
    (row,) = projected(activity.PROJECTION, (f"calendar/{ARTIST}", lapse))[ACTIVITY].values()
    assert (row["what"], row["category"], row["subject_id"]) == ("calendar.time_lapsed.v1", "hold", HOLD)
