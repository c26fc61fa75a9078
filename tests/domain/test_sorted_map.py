"""A sorted map says the same as a plain dictionary whose keys are sorted, and never changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sorted_map import SortedMap

keys = st.integers(0, 3_600)
steps = st.lists(st.tuples(keys, st.none() | st.integers()), max_size=60)


@given(begin=st.sampled_from([0, 1, 30, 1_200]), steps=steps, last=keys)
def test_it_has_what_was_put_and_not_what_was_taken_out_in_order_of_the_keys(
    begin: int, steps: list[tuple[int, int | None]], last: int
) -> None:
    plain = {3 * number: number for number in range(begin)}
    told = SortedMap(plain)
    for key, value in steps:
        if value is not None:
            plain[key], told = value, told.put(key, value)
        elif key in plain:
            del plain[key]
            told = told.without(key)
    assert told == plain
    assert list(told) == sorted(plain)
    assert len(told) == len(plain)
    assert told.until(last) == [plain[key] for key in sorted(plain) if key <= last]
    assert list(told.all()) == [plain[key] for key in sorted(plain)]
    assert told.first() == (plain[min(plain)] if plain else None)


@pytest.mark.parametrize("step", [1, -1, 7])
def test_it_takes_thousands_and_gives_them_back_one_by_one(step: int) -> None:
    numbers = [number * step % 3_000 for number in range(3_000)]
    told = SortedMap[int, int]()
    for number in numbers:
        told = told.put(number, -number)
    assert list(told) == list(range(3_000))
    assert told.until(1_999) == [-number for number in range(2_000)]
    assert all(told[number] == -number for number in numbers)
    assert -1 not in told
    for number in numbers[:-1]:
        told = told.without(number)
    assert dict(told) == {numbers[-1]: -numbers[-1]}


def test_what_it_was_made_from_stays_as_it_was() -> None:
    one = SortedMap({"a": 1, "c": 3})
    other = one.put("b", 2).put("a", 0).without("c")
    assert (dict(one), dict(other)) == ({"a": 1, "c": 3}, {"a": 0, "b": 2})


def test_what_is_not_there_can_be_neither_had_nor_taken_out() -> None:
    one = SortedMap({"a": 1})
    with pytest.raises(KeyError):
        one["b"]
    with pytest.raises(KeyError):
        one.without("b")
