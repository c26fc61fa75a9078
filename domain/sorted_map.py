"""A sorted map that is a value: `put` and `without` answer another one, which shares with it all but one path.

A tree whose leaves hold up to `_WIDTH` keys and whose branches as many children: a step costs a logarithm of the keys,
and a map of a few keys is one leaf, as quick to copy as a dictionary.
"""
# ruff: noqa: SLF001 - another map is one of us

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, Self, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_WIDTH: Final = 512
"""Copying that many keys costs as much as the rest of a step."""

_Node = tuple[bool, list[Any], list[Any]]
"""Whether it is a leaf; keys in order; what is under each: its value, or the child whose first key it is.

Nobody changes one that has been made. A class of its own would take three times as long to make.
"""


class SortedMap(Mapping[K, V]):
    """Values by key, in order of their keys; no value is None."""

    __slots__ = ("_count", "_root")

    def __init__(self, values: Mapping[K, V] | None = None) -> None:
        """With these `values`."""
        items: list[Any] = sorted(values.items(), key=itemgetter(0)) if values else []
        self._count = len(items)
        self._root = _tree([key for key, _ in items], [value for _, value in items], leaf=True)

    def put(self, key: K, value: V) -> Self:
        """The same with `value` under `key`."""
        root, beside, new = _put(self._root, key, value)
        if beside is not None:
            root = False, [root[1][0], beside[1][0]], [root, beside]
        return self._other(root, self._count + new)

    def without(self, key: K) -> Self:
        """The same without that key.

        Raises:
            KeyError: it is not there.
        """
        root = _without(self._root, key)
        while not root[0] and len(root[1]) == 1:
            root = root[2][0]
        return self._other(root, self._count - 1)

    def until(self, last: K) -> list[V]:
        """The values of the keys up to `last`, which is one of them or not."""
        found = list[V]()
        _collect(self._root, last, found)
        return found

    def all(self) -> Sequence[V]:
        """Every value, in order of the keys."""
        leaf, _, under = self._root
        return under if leaf else [value for leaf in _leaves(self._root) for value in leaf[2]]

    def first(self) -> V | None:
        """The value of the lowest key, if there is any."""
        leaf, keys, under = self._root
        while not leaf:
            leaf, keys, under = under[0]
        return under[0] if keys else None

    def get(self, key: K) -> V | None:  # type: ignore[override]  # nobody here wants another default
        """The value of that key, if it is there."""
        leaf, keys, under = self._root
        while not leaf:
            leaf, keys, under = under[_child(keys, key)]
        at = bisect_left(keys, key)
        return under[at] if at < len(keys) and keys[at] == key else None

    def __getitem__(self, key: K) -> V:
        """The value of that key."""
        if (value := self.get(key)) is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        """Whether it is there."""
        return self.get(key) is not None  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[K]:
        """The keys, in order."""
        return (key for leaf in _leaves(self._root) for key in leaf[1])

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def _other(self, root: _Node, count: int) -> Self:
        other = self.__class__.__new__(self.__class__)
        other._root, other._count = root, count
        return other


def _tree(keys: list[Any], under: list[Any], *, leaf: bool) -> _Node:
    """The node that has all of that under it."""
    if len(keys) <= _WIDTH:
        return leaf, keys, under
    starts = range(0, len(keys), _WIDTH)
    nodes = [(leaf, keys[at : at + _WIDTH], under[at : at + _WIDTH]) for at in starts]
    return _tree(keys[::_WIDTH], nodes, leaf=False)


def _child(keys: list[Any], key: Any) -> int:  # noqa: ANN401 - whatever the keys are
    """Under which number of a branch `key` is, or would be."""
    return max(bisect_right(keys, key) - 1, 0)


def _put(node: _Node, key: Any, value: Any) -> tuple[_Node, _Node | None, bool]:  # noqa: ANN401 - whatever the map is of
    """What the node becomes, and a second one where it would be too wide; and whether the key is new."""
    leaf, keys, under = node
    under = under.copy()
    if leaf:
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            under[at] = value
            return (leaf, keys, under), None, False
        keys, new = keys.copy(), True
        keys.insert(at, key)
        under.insert(at, value)
    else:
        at = _child(keys, key)
        under[at], beside, new = _put(under[at], key, value)
        keys = keys.copy()
        keys[at] = under[at][1][0]
        if beside is not None:
            keys.insert(at + 1, beside[1][0])
            under.insert(at + 1, beside)
    if len(keys) <= _WIDTH:
        return (leaf, keys, under), None, new
    half = len(keys) // 2
    return (leaf, keys[:half], under[:half]), (leaf, keys[half:], under[half:]), new


def _without(node: _Node, key: Any) -> _Node:  # noqa: ANN401 - whatever the keys are
    """What the node becomes; it may have nothing left."""
    leaf, keys, under = node
    keys, under = keys.copy(), under.copy()
    if leaf:
        at = bisect_left(keys, key)
        if at == len(keys) or keys[at] != key:
            raise KeyError(key)
        del keys[at], under[at]
        return leaf, keys, under
    at = first = _child(keys, key)
    child = _without(under[at], key)
    # What has become narrow joins the one before it, so that the tree is no higher than its keys need.
    before = under[at - 1]
    if at and len(before[1]) + len(child[1]) <= _WIDTH // 2:
        child, first = (child[0], before[1] + child[1], before[2] + child[2]), at - 1
    keys[first : at + 1], under[first : at + 1] = child[1][:1], [child] if child[1] else []
    return leaf, keys, under


def _collect(node: _Node, last: Any, found: list[Any]) -> None:  # noqa: ANN401 - whatever the keys are
    leaf, keys, under = node
    until = bisect_right(keys, last)
    if leaf:
        found += under[:until]
        return
    for child in under[:until]:
        _collect(child, last, found)


def _leaves(node: _Node) -> Iterator[_Node]:
    if node[0]:
        yield node
        return
    for child in node[2]:
        yield from _leaves(child)
