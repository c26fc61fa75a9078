"""Whatever can be commanded can be looked up."""

from typing import get_args

from infra.catalogue import DECIDERS
from read_api import activity, history

CATEGORIES = {decider.category for decider in DECIDERS}


def test_everything_that_is_in_the_log_has_a_history() -> None:
    assert set(get_args(history.Category)) == CATEGORIES
    assert history._DECIDERS.keys() == CATEGORIES - {"calendar"}


def test_everything_that_somebody_does_is_in_the_list_of_what_was_done() -> None:
    assert set(get_args(activity.Category)) == CATEGORIES - {"calendar"}
