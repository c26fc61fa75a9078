"""A decider ties one aggregate's events, state and evolve to a category of streams."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from domain.event import Event

S = TypeVar("S")


@dataclass(frozen=True)  # with slots too, `Decider[Hold](…)` fails on Python 3.11
class Decider(Generic[S]):
    """One kind of aggregate.

    `evolve` never refuses: it runs on every replay, where a rule made today must not reject what was
    decided years ago. Refusing is what the decision functions beside it are for.
    """

    category: str
    events: tuple[type[Event], ...]
    initial: S
    evolve: Callable[[S, Event], S]

    def stream(self, id: str) -> "Stream[S]":
        """The stream `category/id` of this aggregate; its state before any event is `initial`."""
        return Stream(name=f"{self.category}/{id}", id=id, decider=self)


@dataclass(slots=True, eq=False)
class Stream(Generic[S]):
    """One aggregate's name within a tenant, and how to fold its events.

    Made several times a command, and making a frozen one takes three times as long; nobody changes it all the same.
    """

    name: str
    id: str
    decider: Decider[S] = field(repr=False)
