"""The event log as the handlers see it; `infra/event_log.py` is the real one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from commands.context import Context
from domain.decider import Stream
from domain.event import Event

S = TypeVar("S")


class States(Protocol):
    """The states of the streams that a command named, all of one moment."""

    def __getitem__(self, stream: Stream[S]) -> S:
        """The folded state; the decider's `initial` when nothing has happened yet."""

    def version(self, stream: Stream[Any]) -> int:
        """How many events the stream has; 0 when nothing has happened yet."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision wants written, and what the caller is told beside `id`, `version` and `seq`."""

    events: Mapping[Stream[Any], Sequence[Event]]
    answer: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[Stream[Any], Any] = field(default_factory=dict)
    """States that the decision has folded to the end of its events already; the log folds the others."""


Decision = Callable[[States, datetime], Decided]
"""Pure. Runs again whenever its states turn out to be stale. Raises `DomainError` to refuse."""


class Outcome(NamedTuple):
    """What became of a command, the same for every repeat under the same key."""

    body: bytes
    """The JSON answer: `id`, `version`, `seq`, and what was decided."""
    version: int
    seq: int
    incarnation: str
    replayed: bool


class Log(Protocol):
    """The truth: one gapless sequence of events per tenant."""

    async def decide(
        self, context: Context, subject: Stream[Any], reads: Sequence[Stream[Any]], decision: Decision
    ) -> Outcome:
        """Decide on the states of `subject` and `reads`, write what is decided, all or nothing.

        `subject` is what the command is about: its id and version are answered, and its version is what
        `If-Match` speaks of. `decision` may write to any of the named streams and to no other.

        Returns once the events are committed. Safe to repeat: the same key answers the same bytes.

        Raises:
            DomainError: what `decision` raised, decided on states that were current.
            VersionConflict: `context.expected_version` is not the subject's, or other writers kept winning.
            KeyReused, CommandInFlight: the key belongs to another command, or its first use has not ended.
            LogUnavailable: nothing can be said about the outcome yet; the same key may be sent again.
        """

    async def state(self, tenant_id: str, stream: Stream[S]) -> S:
        """A recent state, for facts that never change once written, such as whose hold it is.

        A stream that looks empty is read again, so "not there" is always true at the time of asking.
        """


class KeyReused(Exception):
    """The idempotency key was used for another command (422)."""


class CommandInFlight(Exception):
    """The first command under this key has not ended (409)."""


class LogUnavailable(Exception):
    """The log cannot be reached; whether the command was accepted is not known yet (503)."""
