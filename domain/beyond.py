"""Streams beside a calendar that a decision turns out to need: it says which, and is asked again with them named."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

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
    """The streams that were named, with their states and what is recorded in them."""

    def __init__(self, named: Mapping[str, tuple[Stream[Any], Any]]) -> None:
        """`named` has the stream and its state by the stream's name."""
        self._named = named
        self._states: dict[str, Any] = {}
        self.events: dict[Stream[Any], list[Event]] = {}

    def need(self, *streams: Stream[Any]) -> None:
        """Go on only with all of these.

        Raises:
            Unnamed: some have not been named.
        """
        if missing := [stream for stream in streams if stream.name not in self._named]:
            raise Unnamed(missing)

    def state(self, stream: Stream[S]) -> S:
        """The state of a stream, with what has been recorded in it here.

        Raises:
            Unnamed: it has not been named.
        """
        self.need(stream)
        return cast("S", self._states.get(stream.name, self._named[stream.name][1]))

    def record(self, stream: Stream[Any], *events: Event) -> None:
        """Add facts to a stream.

        Raises:
            Unnamed: it has not been named.
        """
        state = self.state(stream)
        for event in events:
            state = stream.decider.evolve(state, event)
        self._states[stream.name] = state
        self.events.setdefault(self._named[stream.name][0], []).extend(events)
