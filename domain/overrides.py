"""Overrides: doing what the rules refuse, with a permission, a reason, and the conflicts that are accepted."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.errors import NotAllowed

Overriding = Literal["double_book", "jump_queue", "over_time_off", "over_fill"]


class Override(BaseModel):
    """One rule set aside, as recorded on the event that it allowed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    permission: Overriding
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    accepts: Annotated[tuple[Annotated[str, Field(max_length=36)], ...], Field(max_length=1000)] = ()
    """The ids of the bookings, holds or time off that the override accepts; one that is not here is refused."""


class Overrides:
    """The overrides that a command brings, and which of them it needed.

    `permissions` are those of the caller's token.
    """

    __slots__ = ("_given", "_permissions", "used")

    def __init__(self, given: Sequence[Override] = (), permissions: frozenset[str] = frozenset()) -> None:
        """Nothing is set aside yet."""
        self._given = given
        self._permissions = permissions
        self.used: tuple[Override, ...] = ()

    def refused(self, conflicts: Iterable[str], overriding: Overriding) -> list[str]:
        """Those of `conflicts` that no override accepts.

        Raises:
            NotAllowed: an override is needed and given, but its permission is missing.
        """
        found = list(dict.fromkeys(conflicts))
        if not found:
            return found
        given = tuple(override for override in self._given if override.permission == overriding)
        if given and overriding not in self._permissions:
            raise NotAllowed(f"This needs the permission {overriding}.", permission=overriding)
        self.used = (*self.used, *(override for override in given if override not in self.used))
        accepted = {id for override in given for id in override.accepts}
        return [id for id in found if id not in accepted]
