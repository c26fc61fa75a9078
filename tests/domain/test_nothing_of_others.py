"""What decisions tell: a tenant nothing of another, an artist nothing of who else wants them."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DomainError
from tests.given import Studio, accepting, days, uid
from tests.memory_log import MemoryLog

MADE_UP = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
"""A UUIDv7: those that a story names are of another kind."""
NAMES = st.sampled_from("abc")
DAYS = st.integers(1, 4)
STEPS = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(["hold", "release", "confirm", "challenge", "answer", "book", "off", "wait"]),
        NAMES,
        DAYS,
    ),
    max_size=30,
)


def told(studio: Studio, what: str, name: str, day: int) -> str:
    """What somebody is told who does that, as JSON; ids that were made up on the way are left out."""
    when = days(f"2027-03-0{day}", f"2027-03-0{day + 1}")
    commands: dict[str, Callable[[], dict[str, Any]]] = {
        "hold": lambda: studio.hold(name, when, project="film" if name == "a" else "spot"),
        "release": lambda: studio.release(name, periods=when),
        "confirm": lambda: studio.confirm(name, overrides=accepting("jump_queue", *"abc")),
        "challenge": lambda: studio.challenge(f"of {name}", by=name),
        "answer": lambda: studio.answers("of b", by=name, answer="release"),
        "book": lambda: studio.book(f"booking {name}", when, project="spot"),
        "off": lambda: studio.time_off(f"off {name}", when),
        "wait": studio.record_overdue,
    }
    try:
        answer: object = commands[what]()
    except DomainError as refused:
        answer = [refused.code, refused.detail, refused.helps]
    return MADE_UP.sub("…", json.dumps(answer, default=str))


@settings(deadline=None)
@given(steps=STEPS)
def test_a_tenant_is_told_the_same_whatever_another_does(steps: list[tuple[bool, str, str, int]]) -> None:
    """The two call everything alike: artists, projects, holds, and keys."""
    shared = MemoryLog()
    ours, theirs, alone = Studio(shared), Studio(shared, "other"), Studio()
    for our_turn, what, name, day in steps:
        if what == "wait":
            shared.now = alone.log.now = shared.now.replace(day=min(shared.now.day + 1, 28))
        if our_turn:
            assert told(ours, what, name, day) == told(alone, what, name, day)
        else:
            told(theirs, what, name, day)


@settings(deadline=None)
@given(steps=STEPS)
def test_an_artist_is_told_of_ranks_and_never_who_else_stands_there(steps: list[tuple[bool, str, str, int]]) -> None:
    studio = Studio()
    studio.artist("eve", consent="freelancer")
    studio.hold("own", days("2027-03-01", "2027-03-05"), artist="eve")
    rivals = [uid(name) for name in ("spot", *"abc")]
    for number, (_, what, name, day) in enumerate(steps):
        when = days(f"2027-03-0{day}")
        if what == "hold":
            try:
                studio.hold(name, when, artist="eve", project="spot")
            except DomainError:
                continue
        said: list[Callable[[], dict[str, Any]]] = [
            partial(studio.accept, "own"),
            partial(studio.counter, "own", when),
            partial(studio.time_off, f"off {number}", when, artist="eve"),
            partial(studio.withdraw_time_off, f"off {number}"),
        ]
        for command in said:
            try:
                answer: object = command()
            except DomainError as refused:
                answer = [refused.detail, refused.helps]
            assert not any(id in json.dumps(answer, default=str) for id in rivals)


def test_another_tenants_things_are_not_there() -> None:
    shared = MemoryLog()
    ours, theirs = Studio(shared), Studio(shared, "other")
    theirs.hold("secret", days("2027-03-01"))
    with pytest.raises(DomainError) as refused:
        ours.release("secret")
    with pytest.raises(DomainError) as unknown:
        ours.release("nothing")
    assert (refused.value.code, refused.value.detail) == (unknown.value.code, unknown.value.detail)
