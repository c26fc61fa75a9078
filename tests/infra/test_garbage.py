"""Garbage: what is swept up, and when."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from infra.garbage import Garbage


class Ring:
    """A cycle of one."""

    def __init__(self) -> None:
        self.itself = self


def ring() -> "weakref.ref[Ring]":
    """A ring that nobody holds any longer."""
    return weakref.ref(Ring())


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def an_hour_later(self) -> None:
        self.now += 3601


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def garbage(clock: Clock) -> Iterator[Garbage]:
    """In the collector's place for one test."""
    garbage = Garbage(clock)
    yield garbage
    garbage.leave()


def test_a_sweep_frees_the_cycles_that_were_made_since_the_last_one(garbage: Garbage) -> None:
    made = ring()
    garbage.sweep()
    assert made() is None


def test_nothing_is_looked_at_between_two_sweeps(garbage: Garbage) -> None:
    made = ring()
    kept: list[list[int]] = [[] for _ in range(100_000)]
    assert made() is not None
    assert kept


def test_a_cycle_that_spans_two_sweeps_is_freed_within_an_idle_moment_of_every_hour(
    garbage: Garbage, clock: Clock
) -> None:
    held = Ring()
    garbage.sweep()
    made = weakref.ref(held)
    del held
    garbage.sweep()
    assert made() is not None
    clock.an_hour_later()
    garbage.sweep()
    assert made() is None


def test_a_busy_process_does_not_look_at_everything_however_long_ago_it_did(garbage: Garbage, clock: Clock) -> None:
    held = Ring()
    garbage.sweep()
    made = weakref.ref(held)
    del held
    clock.an_hour_later()
    work: list[list[int]] = [[] for _ in range(1000)]
    garbage.sweep()
    assert made() is not None
    assert work


def test_the_collector_works_again_afterwards() -> None:
    Garbage().leave()
    assert gc.isenabled()


def _an_hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.garbage._DEEP_EVERY", 0.0)
    monkeypatch.setattr("infra.garbage.time.monotonic", lambda: float("inf"))
