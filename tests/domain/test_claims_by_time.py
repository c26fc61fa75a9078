"""Claims by time say the same as a plain dictionary that is searched from end to end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.claims import HoldClaim, held, hold_claim
from domain.claims_by_time import HoldClaims
from domain.clocks import Clock
from domain.spans import Span, overlap

START = datetime(2031, 1, 6, tzinfo=UTC)


def span(first_hour: int, hours: int) -> Span:
    starts_at = START + timedelta(hours=first_hour)
    return Span(starts_at, starts_at + timedelta(hours=hours), "UTC")


def claim(id: str, time: Span, due_in: int) -> HoldClaim:
    clock = Clock(START + timedelta(hours=due_in), "in a while", "UTC", "test")
    return hold_claim(hold_id=id, project_id="p", spans=(held(time, 0),), limits={"after_placing": clock})


times = st.builds(span, st.integers(0, 24 * 120), st.one_of(st.integers(1, 48), st.integers(1, 24 * 90)))
steps = st.lists(st.tuples(st.sampled_from("abcdef"), st.none() | times, st.integers(0, 9)), max_size=25)


@given(steps=steps, asked=times, due_in=st.integers(0, 9))
def test_what_is_near_what_shares_time_and_what_is_due_are_found(
    steps: list[tuple[str, Span | None, int]], asked: Span, due_in: int
) -> None:
    claims, plain = HoldClaims(), dict[str, HoldClaim]()
    for id, time, due in steps:
        if time is not None:
            plain[id] = claim(id, time, due)
            claims = claims.put(id, plain[id])
        elif id in plain:
            del plain[id]
            claims = claims.without(id)

    assert claims == plain
    assert list(claims) == list(claims.keys())
    assert len(claims) == len(plain)
    everything = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    shared = {id for id, one in plain.items() if overlap((asked,), one.spans)}
    now = START + timedelta(hours=due_in)
    assert {one.hold_id for one in claims.near(asked.starts_at, asked.ends_at)} == shared
    assert {one.hold_id for one in claims.on((asked,))} == shared
    assert {one.hold_id for one in claims.near(*everything)} == set(plain)
    assert {one.hold_id for one in claims.due(now)} == {id for id, one in plain.items() if one.due_at <= now}
    assert claims.next_due == min((one.due_at for one in plain.values()), default=None)
    assert HoldClaims(plain) == claims


def test_nothing_is_found_on_no_time_at_all() -> None:
    assert HoldClaims({"a": claim("a", span(0, 8), 1)}).on(()) == []


def test_a_copy_leaves_what_it_was_made_from() -> None:
    one = HoldClaims({"a": claim("a", span(0, 8), 1)})
    other = one.put("b", claim("b", span(2, 8), 2)).without("a")
    assert (list(one), list(other)) == (["a"], ["b"])
    assert [found.hold_id for found in one.on((span(0, 8),))] == ["a"]
    assert [found.hold_id for found in other.on((span(0, 8),))] == ["b"]
    with pytest.raises(KeyError):
        other.without("a")
