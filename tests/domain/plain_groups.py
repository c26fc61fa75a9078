"""The rules of groups told again, plainly: who is still open, who is booked, and what that means for the others."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Decided(NamedTuple):
    """What a group came to: `let_go` and `cancel` follow; `went` had gone by themselves in the same step."""

    outcome: str
    let_go: frozenset[str]
    cancel: frozenset[str] = frozenset()
    went: frozenset[str] = frozenset()


@dataclass
class PlainGroup:
    """One group: `k` of `any_of` are wanted, `all_of` make sense only whole, and `independent` ones mind nobody."""

    kind: str
    k: int = 1
    open: set[str] = field(default_factory=set)
    """The holds that are neither booked nor gone."""
    booked: dict[str, str] = field(default_factory=dict)
    """By booking, the hold that it was."""
    broken: bool = False
    decided: list[Decided] = field(default_factory=list)

    def refuses(self, hold: str) -> str | None:
        """Why that hold can be neither a member nor booked as one."""
        if self.broken:
            return "group_broken"
        if self.kind == "any_of" and len({*self.booked.values()} - {hold}) >= self.k:
            return "group_filled"
        return None

    def book(self, hold: str, booking: str) -> None:
        """A member is booked; when as many are as were wanted, whoever is open is let go."""
        self.open.discard(hold)
        self.booked[booking] = hold
        if self.kind == "any_of" and len({*self.booked.values()}) == self.k and self.open:
            self.decided.append(Decided("filled", frozenset(self.open)))

    def leave(self, holds: Iterable[str]) -> None:
        """Members go in one step, before they were booked: a run is broken if anything else of it was there."""
        gone = self.open & {*holds}
        others = self.open | {*self.booked}
        self.open -= gone
        if self.kind == "all_of" and gone and len(others) > 1 and not self.broken:
            self.broken = True
            self.decided.append(Decided("broken", frozenset(self.open), frozenset(self.booked), frozenset(gone)))
