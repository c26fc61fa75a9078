"""Feeds and their entries, from the events of calendars."""

from domain.calendar import TimeBooked, TimeOffCleared, TimeOffMarked, TimeReleased
from domain.challenge import ChallengeEnded, ChallengeOpened
from domain.claims import held
from domain.event import Event
from domain.feed import FeedOpened, FeedRevoked
from projections.feeds import ENTRIES, FEEDS, PROJECTION
from tests.projections.story import ARTIST, BOOKING, HOLD, PROJECT, TENANT, clock, march, projected, time, time_held

CALENDAR = f"calendar/{ARTIST}"
FEED = "feed/f0000000-0000-4000-8000-000000000001"
OTHER = "e0000000-0000-4000-8000-000000000001"


def entries(*events: Event) -> dict[str, list[tuple[str, int]]]:
    rows = projected(PROJECTION, *[(CALENDAR, event) for event in events])[ENTRIES]
    return {key[1]: [(one["status"], one["sequence"]) for one in row["entries"]] for key, row in rows.items()}


def test_a_feed_is_a_row_that_says_when_it_was_revoked() -> None:
    opened = FeedOpened(artist_id=ARTIST, secret_hash="00")
    (row,) = projected(PROJECTION, (FEED, opened), (FEED, FeedRevoked()))[FEEDS].values()
    assert (row["artist_id"], row["version"], row["revoked_at"] is None) == (ARTIST, 2, False)


def test_a_hold_that_is_booked_hands_its_entries_over() -> None:
    booked = TimeBooked(booking_id=BOOKING, project_id=PROJECT, hold_id=HOLD, spans=(held(march(1, 5), 0),))
    assert entries(time_held(), booked) == {BOOKING: [("CONFIRMED", 1)]}


def test_a_booking_without_a_hold_has_entries_of_its_own() -> None:
    booked = TimeBooked(booking_id=BOOKING, project_id=PROJECT, spans=(march(1, 5),))
    assert entries(booked) == {BOOKING: [("CONFIRMED", 0)]}


def test_what_is_released_stays_to_be_told_as_cancelled() -> None:
    released = TimeReleased(hold_id=HOLD, released=time(1, 5), spans=(), because="released")
    assert entries(time_held(), released) == {HOLD: [("CANCELLED", 1)]}
    (row,) = projected(PROJECTION, (CALENDAR, time_held()), (CALENDAR, released))[ENTRIES].values()
    assert (row["tenant_id"], row["claim"], row["project_id"], row["kind"]) == (TENANT, None, PROJECT, "hold")


def test_time_off_is_told_again_when_it_is_approved_and_when_it_is_not_needed() -> None:
    asked, approved = [TimeOffMarked(time_off_id=OTHER, spans=time(1, 5), approved=one) for one in (False, True)]
    assert entries(asked, approved) == {OTHER: [("CONFIRMED", 1)]}
    assert entries(asked, approved, TimeOffCleared(time_off_id=OTHER)) == {OTHER: [("CANCELLED", 2)]}


def test_a_challenge_takes_no_time_and_leaves_nothing() -> None:
    opened = ChallengeOpened(
        challenge_id=OTHER, hold_id=HOLD, project_id=PROJECT, spans=time(1, 5), challenged=(), answer_by=clock(24)
    )
    ended = ChallengeEnded(challenge_id=OTHER, ended=time(1, 5), spans=(), outcome="withdrawn")
    assert entries(time_held(), opened) == {HOLD: [("TENTATIVE", 0)], OTHER: []}
    assert entries(time_held(), opened, ended) == {HOLD: [("TENTATIVE", 0)]}
