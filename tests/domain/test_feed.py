"""Feeds: who opens and revokes them, their secrets, and the entries that they tell."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.artist import IdTaken
from domain.errors import NotFound
from domain.feed import FEED, Feed, FeedOpened, Named, hash_of, named_in, open_feed, revoke, secret_of
from domain.feed_entry import Entry, advance, entries_from, handed_over, stored_entries
from domain.spans import Span, whole_days

TENANT = "0f0e7a52-0000-5000-8000-00000000000a"
ID = "a0000000-0000-4000-8000-000000000001"
OPENED = FeedOpened(artist_id=ID, secret_hash="00")
NOW = datetime(2027, 2, 1, 9, tzinfo=UTC)
CLAIM = "c0000000-0000-4000-8000-000000000001"


def march(first: int, last: int) -> Span:
    return whole_days(date(2027, 3, first), date(2027, 3, last), "Europe/Berlin")


def told(entries: tuple[Entry, ...], *spans: Span, minutes: int = 1) -> tuple[Entry, ...]:
    return advance(entries, spans, claim_id=CLAIM, status="TENTATIVE", at=NOW + timedelta(minutes=minutes))


def test_a_feed_is_opened_and_revoked_once() -> None:
    (opened,) = open_feed(Feed(), OPENED)
    feed = FEED.evolve(Feed(), opened)
    assert open_feed(feed, OPENED) == []
    (revoked,) = revoke(feed, "left the company")
    assert revoke(FEED.evolve(feed, revoked), None) == []


def test_an_id_is_one_feeds_and_what_is_not_there_is_not_revoked() -> None:
    with pytest.raises(IdTaken):
        open_feed(FEED.evolve(Feed(), OPENED), FeedOpened(project_id=ID, secret_hash="00"))
    with pytest.raises(NotFound):
        revoke(Feed(), None)


def test_a_secret_names_its_feed_and_is_another_with_another_key() -> None:
    named = Named(TENANT, ID)
    secret = secret_of(b"key", named)
    assert named_in(secret) == named
    assert secret != secret_of(b"other", named)
    assert hash_of(secret) != hash_of(secret_of(b"other", named))


@pytest.mark.parametrize("text", ["", "x", "ä" * 86, "*" * 86, "x" * 87])
def test_what_cannot_be_a_secret_names_nothing(text: str) -> None:
    assert named_in(text) is None


def test_a_stretch_keeps_its_name_while_it_changes_and_ends() -> None:
    (placed,) = told((), march(1, 5))
    (shorter,) = told((placed,), march(2, 5), minutes=2)
    assert (shorter.uid, shorter.sequence, shorter.changed_at) == (placed.uid, 1, NOW + timedelta(minutes=2))
    (ended,) = told((shorter,), minutes=3)
    assert (ended.uid, ended.sequence, ended.status, ended.span) == (placed.uid, 2, "CANCELLED", march(2, 5))


def test_a_claim_that_moves_takes_its_entry_along() -> None:
    (placed,) = told((), march(1, 5))
    (moved,) = told((placed,), march(10, 12))
    assert (moved.uid, moved.sequence, moved.span) == (placed.uid, 1, march(10, 12))


def test_time_that_is_claimed_again_gets_a_name_of_its_own() -> None:
    entries = told(told((), march(1, 5)), minutes=2)
    again = told(entries, march(1, 5), minutes=3)
    assert [entry.status for entry in again] == ["CANCELLED", "TENTATIVE"]
    assert len({entry.uid for entry in again}) == 2


def test_entries_are_handed_over_by_the_time_that_they_share() -> None:
    entries = told((), march(1, 5), march(10, 12))
    theirs, rest = handed_over(entries, (march(4, 6),))
    assert [entry.span for entry in theirs] == [march(1, 5)]
    assert [entry.span for entry in rest] == [march(10, 12)]
    assert handed_over(told(entries), (march(4, 6),))[0] == ()


def test_entries_are_stored_as_they_are() -> None:
    entries = told((), march(1, 5))
    assert entries_from(stored_entries(entries)) == entries


_runs = st.lists(st.integers(1, 31), unique=True, max_size=6).map(sorted)


@given(st.lists(_runs, max_size=6))
def test_whatever_a_claim_becomes_its_standing_entries_are_its_time_and_no_sequence_falls(
    runs: list[list[int]],
) -> None:
    entries: tuple[Entry, ...] = ()
    for minutes, days in enumerate(runs, 1):
        spans = tuple(march(first, last) for first, last in zip(days[::2], days[1::2], strict=False))
        before, entries = {e.uid: e.sequence for e in entries}, told(entries, *spans, minutes=minutes)
        standing = sorted((e.span for e in entries if e.status != "CANCELLED"), key=lambda span: span.starts_at)
        assert tuple(standing) == spans
        assert len({entry.uid for entry in entries}) == len(entries)
        assert all(entry.sequence >= before.get(entry.uid, 0) for entry in entries)
