"""The folded states that a process keeps: a baseline that every use proves again.

For each tenant whose head is in here, every stream in here is folded up to that head. The log writes ahead into the
cache while a batch is in flight, and takes that back when the batch fails.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from domain.decider import Decider, Stream

Folded = tuple[int, Any, Decider[Any]]
"""A stream's version, its state there, and what folds it further."""


class Head(NamedTuple):
    """Where a tenant's log ends."""

    seq: int
    hash: bytes
    recorded_at: int
    """When the last event was recorded, in microseconds since 1970."""
    incarnation: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Some streams of a tenant, all folded up to one head."""

    head: Head
    streams: dict[str, Folded]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch has overwritten, so that it can be taken back."""

    heads: dict[str, Head | None] = field(default_factory=dict)
    streams: dict[tuple[str, str], Folded | None] = field(default_factory=dict)


class StateCache:
    """Heads by tenant, which stay, and folded streams by (tenant, name), of which those unused for longest go."""

    def __init__(self, *, streams: int) -> None:
        """Keep between `streams` and twice as many states."""
        self._limit = streams
        self._heads: dict[str, Head] = {}
        self._young: dict[tuple[str, str], Folded] = {}
        self._old: dict[tuple[str, str], Folded] = {}
        self._strange: dict[str, int] = {}
        self._generation = 0

    def head(self, tenant_id: str) -> Head | None:
        """The tenant's head, or None when the tenant is not in here."""
        return self._heads.get(tenant_id)

    def stream(self, tenant_id: str, name: str) -> Folded | None:
        """A stream as folded, or None when it is not in here."""
        key = (tenant_id, name)
        folded = self._young.get(key)
        if folded is None and (folded := self._old.pop(key, None)) is not None:
            self._keep(key, folded)
        return folded

    def missing(self, tenant_id: str, streams: Iterable[Stream[Any]]) -> list[Stream[Any]]:
        """Those of a tenant's `streams` that are not in here."""
        young = self._young
        return [
            stream
            for stream in streams
            if (tenant_id, stream.name) not in young and self.stream(tenant_id, stream.name) is None
        ]

    def move_head(self, tenant_id: str, head: Head, changes: Changes) -> None:
        """Put the head, noting in `changes` what stood there."""
        changes.heads.setdefault(tenant_id, self._heads.get(tenant_id))
        self._heads[tenant_id] = head

    def fold(self, tenant_id: str, name: str, folded: Folded, changes: Changes) -> None:
        """Put the state of a stream, noting in `changes` what stood there."""
        key = (tenant_id, name)
        if key not in changes.streams:
            changes.streams[key] = self.stream(tenant_id, name)
        self._keep(key, folded)

    def meet(self, tenant_id: str, head: Head) -> None:
        """Put the head that the log has now, up to which the tenant's streams in here were folded.

        If it is not the one in here, others have written, perhaps to streams that are not in here.
        """
        if self._heads.get(tenant_id) != head:
            self._strange[tenant_id] = head.seq
        self._heads[tenant_id] = head

    def mark(self) -> int:
        """To be taken before streams are read outside of an append, and given to `warm`."""
        return self._generation

    def warm(self, tenant_id: str, read: Snapshot, *, mark: int) -> None:
        """Take streams that were read outside of any append, if nothing can have touched them since.

        What this process wrote is in here, unless a generation has gone since `mark`; what others wrote moved the head
        without it, and `meet` has seen that.
        """
        if mark != self._generation:
            return
        head = self._heads.setdefault(tenant_id, read.head)
        if self._strange.get(tenant_id, 0) <= read.head.seq <= head.seq:
            for name, folded in read.streams.items():
                if self.stream(tenant_id, name) is None:
                    self._keep((tenant_id, name), folded)

    def undo(self, changes: Changes) -> None:
        """Put everything back as it stood before `changes`; the latest batch is undone first."""
        for tenant_id, head in changes.heads.items():
            if head is None:
                self._heads.pop(tenant_id, None)
            else:
                self._heads[tenant_id] = head
        for key, folded in changes.streams.items():
            self._old.pop(key, None)
            if folded is None:
                self._young.pop(key, None)
            else:
                self._young[key] = folded

    def forget(self, tenant_id: str) -> None:
        """Drop a tenant whose log has moved too far to be followed; `meet` comes next."""
        self._heads.pop(tenant_id, None)
        for generation in (self._young, self._old):
            for key in [key for key in generation if key[0] == tenant_id]:
                del generation[key]

    def _keep(self, key: tuple[str, str], folded: Folded) -> None:
        self._young[key] = folded
        if len(self._young) > self._limit:
            self._old, self._young = self._young, {}
            self._generation += 1
