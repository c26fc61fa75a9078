"""The check that explains histories: it accepts what can have happened, and nothing else."""

import pytest

from tests.proof.linear import NEVER, Call, Day, explained

QUEUE = Day(("a", "b"))


def one_after_another(*said: tuple[str, str, str]) -> list[Call]:
    return [Call(what, hold, float(n), n + 0.5, answer) for n, (what, hold, answer) in enumerate(said)]


@pytest.mark.parametrize(
    "said",
    [
        [("confirm", "a", "ok"), ("confirm", "a", "ok"), ("confirm", "b", "double_booking"), ("lapse", "a", "ok")],
        [("lapse", "a", "ok"), ("confirm", "a", "hold_lapsed"), ("confirm", "b", "ok")],
        [("confirm", "b", "not_first"), ("hold", "c", "rank 3"), ("lapse", "a", "ok"), ("hold", "d", "rank 3")],
    ],
)
def test_what_a_queue_says_is_explained(said: list[tuple[str, str, str]]) -> None:
    assert explained(one_after_another(*said), QUEUE)


@pytest.mark.parametrize(
    "said",
    [
        [("confirm", "a", "ok"), ("confirm", "b", "ok")],
        [("lapse", "a", "ok"), ("confirm", "a", "ok")],
        [("confirm", "a", "hold_lapsed"), ("lapse", "a", "ok")],
        [("lapse", "a", "ok"), ("confirm", "b", "not_first")],
        [("hold", "c", "rank 4")],
        [("hold", "c", "rank 3"), ("hold", "d", "rank 3")],
    ],
)
def test_what_a_queue_would_not_say_is_not(said: list[tuple[str, str, str]]) -> None:
    assert not explained(one_after_another(*said), QUEUE)


def test_calls_that_overlap_may_have_come_in_any_order() -> None:
    both = [
        Call("lapse", "a", 1, 3, "ok"),
        Call("confirm", "a", 0, 2, "ok"),
        Call("confirm", "b", 2, 4, "double_booking"),
    ]
    assert explained(both, QUEUE)
    assert not explained([both[0], both[1]._replace(asked=3.5, answered=4)], QUEUE)


def test_a_challenge_ends_once() -> None:
    contested = QUEUE._replace(challenged="a")
    assert explained(
        one_after_another(("book", "a", "ok"), ("silence", "a", "ok"), ("confirm", "b", "double_booking")), contested
    )
    assert explained(
        one_after_another(("silence", "a", "ok"), ("book", "a", "challenge_over"), ("confirm", "b", "ok")), contested
    )
    assert explained(one_after_another(("release", "a", "ok"), ("confirm", "b", "ok")), contested)
    assert not explained(one_after_another(("silence", "a", "ok"), ("book", "a", "ok")), contested)


def test_a_call_that_was_never_answered_may_have_been_done_or_not() -> None:
    lost = Call("confirm", "a", 0, NEVER, None)
    for said in ("double_booking", "not_first"):
        assert explained([lost, Call("confirm", "b", 1, 2, said)], QUEUE)
    assert not explained([lost, Call("confirm", "b", 1, 2, "ok")], QUEUE)


def test_four_hundred_calls_at_once_are_explained_in_time() -> None:
    holds = [Call("hold", f"h{n}", 0, 1000, f"rank {n + 1}") for n in range(200)]
    confirms = [Call("confirm", f"h{n}", 1, 1000, "not_first" if n else "ok") for n in range(200)]
    assert explained([*holds, *confirms], Day())
