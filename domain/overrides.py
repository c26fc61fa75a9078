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


class OverrideNotAllowed(NotAllowed):
    """The caller may not set this rule aside."""


def not_accepted(
    conflicts: Iterable[str],
    overriding: Overriding,
    *,
    overrides: Sequence[Override],
    permissions: frozenset[str],
) -> list[str]:
    """Those of `conflicts` that no override accepts.

    Raises:
        OverrideNotAllowed: an override that would be needed lacks its permission.
    """
    given = [override for override in overrides if override.permission == overriding]
    accepted = {id for override in given for id in override.accepts}
    found = list(conflicts)
    if found and given and overriding not in permissions:
        raise OverrideNotAllowed(f"This needs the permission {overriding}.", permission=overriding)
    return [id for id in found if id not in accepted]
