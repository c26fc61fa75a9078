"""`production-tool bench domain`: what is measured is decided, on calendars that stay as they are."""

from itertools import islice

import pytest

from infra.bench.domain import HOLDS_OF_ONE, domain_rows, full_calendar, n_log_n

pytestmark = pytest.mark.anyio


async def test_each_step_is_decided_again_and_again_since_nothing_comes_of_it() -> None:
    steps = await full_calendar(10)
    assert list(steps) == ["place", "confirm", "release", "challenge", "lapse", *HOLDS_OF_ONE]
    for decisions in steps.values():
        for decide in islice(decisions, 12):
            await decide()


def test_growth_is_held_against_n_log_n_and_every_figure_is_a_row() -> None:
    rows = domain_rows(0.02, lambda _: None, sizes=(10, 20, 100))
    assert len(rows) == 7 * (3 + 2)
    growing = [row for row in rows if row.unit == "times"]
    assert {row.must for row in growing} == {2.6, 7.7}
    assert all(row.at_most and row.value > 0 for row in growing)
    assert n_log_n(2_000) / n_log_n(200) == pytest.approx(14.3, abs=0.1)
