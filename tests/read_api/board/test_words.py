"""Events in a coordinator's words."""

from typing import get_args

import pytest

from domain.calendar import Lapse, Release
from domain.hold import HOLD
from read_api.board.words import said


@pytest.mark.parametrize("because", get_args(Lapse))
def test_every_lapse_says_which_clock_ran_out(because: str) -> None:
    assert said("calendar.time_lapsed.v1", {"because": because}).startswith(("Lapsed", "Lost"))


@pytest.mark.parametrize("because", get_args(Release))
def test_every_release_says_why(because: str) -> None:
    assert said("calendar.time_released.v1", {"because": because}).startswith(("Let go", "Released", "Declined"))


@pytest.mark.parametrize("event", HOLD.events)
def test_whatever_a_holder_does_has_words(event: type) -> None:
    name: str = event.stored_as  # type: ignore[attr-defined]
    assert said(name, {}) != name.rpartition(".v")[0].replace(".", " ").replace("_", " ").capitalize()


def test_an_answer_says_which_and_an_event_without_words_its_name() -> None:
    assert said("calendar.challenge_answered.v1", {"answer": "confirm"}) == "Answered the challenge: would book"
    assert said("calendar.challenge_answered.v1", {"answer": "release"}) == "Answered the challenge: lets go"
    assert said("calendar.some_thing.v2", {}) == "Calendar some thing"
