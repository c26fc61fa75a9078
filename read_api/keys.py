"""Read models that are kept as keys: a question is a script, so that its answer is of one moment."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class KeysUnavailable(Exception):
    """There is no answer from the keys: they are away, or still being made; Postgres has one."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A script of Redis that only reads, and the read models that it reads."""

    projections: tuple[str, ...]
    script: str
    """Lua. `models` are what the names of these read models' keys begin with, in order; `ARGV` is what is asked."""


class Reply(NamedTuple):
    """What a question has come to."""

    seq: int
    """The last that was applied by the one of its read models that is furthest behind."""
    incarnation: str
    """The life of the log that they were read from."""
    answer: Any
    """What the script returned: lists, numbers, bytes and None."""


class Keys(Protocol):
    """The keys of every tenant."""

    async def ask(self, tenant_id: str, question: Question, arguments: tuple[str | int, ...]) -> Reply:
        """The answer for one tenant.

        Raises:
            KeysUnavailable: they are away, or not whole: never made, still catching up, or something is parked.
        """
