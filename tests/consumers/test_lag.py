from consumers.lag import STUCK_AFTER, Lag, Lags


def test_what_is_up_with_the_log_lags_by_nothing() -> None:
    assert Lags().look({"holds": {"a": 3}}, {"a": 3}, 10.0) == {"holds": Lag(0, 0.0, ())}


def test_events_are_those_of_all_tenants_also_of_those_that_were_never_begun() -> None:
    lag = Lags().look({"holds": {"a": 3}}, {"a": 5, "b": 7}, 10.0)["holds"]
    assert (lag.events, lag.seconds) == (9, 0.0)


def test_it_is_late_by_as_long_as_a_head_that_was_seen_has_not_been_reached() -> None:
    lags = Lags()
    lags.look({"holds": {"a": 0}}, {"a": 10}, 0.0)
    assert lags.look({"holds": {"a": 9}}, {"a": 20}, 4.0)["holds"].seconds == 4.0
    assert lags.look({"holds": {"a": 10}}, {"a": 30}, 6.0)["holds"].seconds == 0.0
    assert lags.look({"holds": {"a": 29}}, {"a": 40}, 8.0)["holds"].seconds == 2.0


def test_a_position_that_is_behind_and_does_not_move_is_stuck_while_the_others_move() -> None:
    lags = Lags()
    for second in range(0, int(STUCK_AFTER), 5):
        reached = {"a": 1, "b": second, "c": 9}
        assert lags.look({"holds": reached}, {"a": 5 + second, "b": 99, "c": 9}, second)["holds"].stuck == ()
    assert lags.look({"holds": {"a": 1, "b": 50, "c": 9}}, {"a": 50, "b": 99, "c": 9}, STUCK_AFTER)["holds"].stuck == (
        "a",
    )
    assert lags.look({"holds": {"a": 2, "b": 51}}, {"a": 50, "b": 99}, STUCK_AFTER + 5)["holds"].stuck == ()


def test_a_position_that_has_nothing_to_move_for_is_not_stuck() -> None:
    lags = Lags()
    lags.look({"holds": {"a": 5}}, {"a": 5}, 0.0)
    assert lags.look({"holds": {"a": 5}}, {"a": 6}, 100.0)["holds"].stuck == ()
