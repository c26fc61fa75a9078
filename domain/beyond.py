"""The streams besides a calendar that a turn reads and writes.

A decision may find that it needs streams nobody named: it says which, and is asked again with them named.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from domain.decider import Stream
from domain.errors import DomainError
from domain.event import Event

S = TypeVar("S")


class Unnamed(DomainError):
    """The decision needs `streams` too; whoever asked names them and asks again. Never seen by a client."""

    code = "unnamed"

    def __init__(self, streams: list[Stream[Any]]) -> None:
        """`streams` have not been named."""
        super().__init__("Other streams are needed.")
        self.streams = streams


class Beyond:
    """The named streams: their states, and what is recorded in them."""

    __slots__ = ("_folded", "_named", "_read", "events")

    def __init__(self, read: Callable[[Stream[Any]], Any], named: Sequence[Stream[Any]]) -> None:
        """`read` answers the state of a named stream."""
        self._read = read
        self._named = {stream.name: stream for stream in named}
        self._folded: dict[str, tuple[int, Any]] = {}
        """How many of the events recorded here a state has in it."""
        self.events: dict[Stream[Any], list[Event]] = {}

    def named(self, stream: Stream[Any]) -> bool:
        """Whether it has been."""
        return stream.name in self._named

    def need(self, *streams: Stream[Any]) -> None:
        """Go on only with all of these.

        Raises:
            Unnamed: some have not been named.
        """
        if missing := {stream.name: stream for stream in streams if stream.name not in self._named}:
            raise Unnamed(list(missing.values()))

    def state(self, stream: Stream[S]) -> S:
        """The state of a stream, with what has been recorded in it here.

        Raises:
            Unnamed: it has not been named.
        """
        self.need(stream)
        named = self._named[stream.name]
        recorded = self.events.get(named)
        if not recorded:
            return self._read(named)  # type: ignore[no-any-return]
        count, state = self._folded.get(stream.name) or (0, self._read(named))
        for event in recorded[count:]:
            state = stream.decider.evolve(state, event)
        self._folded[stream.name] = len(recorded), state
        return state  # type: ignore[no-any-return]

    def record(self, stream: Stream[Any], *events: Event) -> None:
        """Add facts to a stream.

        Raises:
            Unnamed: it has not been named.
        """
        self.need(stream)
        self.events.setdefault(self._named[stream.name], []).extend(events)
