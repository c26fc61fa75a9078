"""A log that remembers states and nothing else, for measuring what deciding alone costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from commands.context import Context
from commands.log import Decision, Outcome
from domain.decider import Stream

S = TypeVar("S")

_NOTHING: Final = Outcome(b"", 0, 0, "", replayed=False)


@dataclass(frozen=True, slots=True)
class _States:
    """Those of the one tenant that there is."""

    states: Mapping[str, Any]

    def __getitem__(self, stream: Stream[S]) -> S:
        return cast("S", self.states.get(stream.name, stream.decider.initial))

    def version(self, stream: Stream[Any]) -> int:  # noqa: ARG002 - nobody looks at it
        return 0


@dataclass(frozen=True, slots=True)
class Paper:
    """`Log` without a log: with `keeps` it folds what is decided into its states, else it throws that away."""

    now: datetime
    keeps: bool = True
    states: dict[str, Any] = field(default_factory=dict)

    def later(self, now: datetime, *, keeps: bool) -> "Paper":
        """The same states at another time."""
        return replace(self, now=now, keeps=keeps)

    def apart(self) -> "Paper":
        """The same states, to go another way from here."""
        return replace(self, states=dict(self.states))

    async def decide(
        self, context: Context, subject: Stream[Any], reads: Sequence[Stream[Any]], decision: Decision
    ) -> Outcome:
        """See `Log.decide`; answers nothing."""
        del context, subject, reads
        decided = decision(_States(self.states), self.now)
        if self.keeps:
            for stream, events in decided.events.items():
                state = self.states.get(stream.name, stream.decider.initial)
                for event in events:
                    state = stream.decider.evolve(state, event)
                self.states[stream.name] = state
        return _NOTHING

    async def state(self, tenant_id: str, stream: Stream[S]) -> S:
        """See `Log.state`."""
        del tenant_id
        return _States(self.states)[stream]
