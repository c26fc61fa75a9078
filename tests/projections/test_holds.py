from datetime import date

import pytest

from domain.calendar import LimitsMoved, Release, TimeBooked, TimeLapsed, TimeReleased
from domain.event import Event
from domain.hold import HoldConfirmed, HoldExtended, HoldPlaced
from domain.periods import Days
from projections import holds
from projections.holds import HOLDS
from projections.table import Row
from tests.projections.story import ARTIST, BOOKING, HOLD, PROJECT, TENANT, clock, limits, march, projected, time_held

CALENDAR = f"calendar/{ARTIST}"
STREAM = f"hold/{HOLD}"
PLACED = HoldPlaced(
    artist_id=ARTIST,
    project_id=PROJECT,
    periods=(Days(first_day=date(2027, 3, 1), last_day=date(2027, 3, 5)),),
    note="the spot with the whale",
)


def hold(*entries: tuple[str, Event]) -> Row:
    return projected(holds.PROJECTION, (STREAM, PLACED), (CALENDAR, time_held()), *entries)[HOLDS][TENANT, HOLD]


def released(because: Release) -> TimeReleased:
    return TimeReleased(hold_id=HOLD, released=(march(1, 5),), spans=(), because=because)


def test_a_placed_hold_says_who_wants_whom_for_what() -> None:
    row = hold()
    assert (row["artist_id"], row["project_id"], row["status"]) == (ARTIST, PROJECT, "held")
    assert (row["starts_at"], row["ends_at"]) == (None, None)
    assert row["details"]["note"] == "the spot with the whale"
    assert row["details"]["placed_by"] == "ada"


def test_its_version_counts_its_own_stream_only() -> None:
    row = hold((CALENDAR, LimitsMoved(hold_id=HOLD, limits=limits(500))), (STREAM, HoldExtended(extensions=1)))
    assert row["version"] == 2
    assert row["details"]["extensions"] == 1


def test_a_recorded_lapse_ends_it_at_its_deadline() -> None:
    lapse = TimeLapsed(
        hold_id=HOLD, lapsed=(march(1, 5),), spans=(), because="deadline", at=clock(336).at, rule="14 days"
    )
    row = hold((CALENDAR, lapse))
    assert row["status"] == "lapsed"
    assert row["details"]["ended_at"] == clock(336).at
    assert (row["starts_at"], row["ends_at"]) == (march(1, 1).starts_at, march(5, 5).ends_at)


@pytest.mark.parametrize(
    ("because", "status"),
    [("released", "released"), ("declined", "declined"), ("not_kept", "confirmed"), ("booked", "released")],
)
def test_how_its_time_was_let_go_tells_how_it_ended(because: Release, status: str) -> None:
    assert hold((CALENDAR, released(because)))["status"] == status


def test_releasing_a_part_leaves_it_held() -> None:
    part = TimeReleased(hold_id=HOLD, released=(march(1, 2),), spans=(march(3, 5),), because="released")
    assert hold((CALENDAR, part))["status"] == "held"


def test_confirmed_it_has_a_booking_and_keeps_the_time_that_it_held() -> None:
    booked = TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 5),), hold_id=HOLD)
    row = hold((STREAM, HoldConfirmed(booking_id=BOOKING)), (CALENDAR, booked))
    assert (row["status"], row["details"]["booking_ids"]) == ("confirmed", [BOOKING])
    assert row["details"]["held"] == (march(1, 5),)


def test_a_direct_booking_is_no_concern_of_a_hold() -> None:
    booked = TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 5),))
    assert projected(holds.PROJECTION, (CALENDAR, booked))[HOLDS] == {}


def test_an_end_without_a_beginning_is_a_broken_log() -> None:
    with pytest.raises(LookupError, match=HOLD):
        projected(holds.PROJECTION, (CALENDAR, released("released")))
