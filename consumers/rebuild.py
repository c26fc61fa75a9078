"""Making a read model anew from the log while the old one is read and kept up.

    fill ──▶ lock the live positions ──▶ fill what came since ──▶ compare ──▶ switch
             └───────────────────────── one transaction ────────────────────────┘

Some tenants at a time, each of them switched at once. Killed anywhere, the next run goes on where this one was: the
copy has positions of its own, and who has been switched is remembered until all have.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

from consumers.feed import History
from consumers.projector import Projector

_BATCH: Final = 10_000
"""Events that are folded before their rows are written: the more, the seldomer a row is written twice."""
_EVENTS: Final = 100_000
_TENANTS: Final = 200
"""Tenants that are switched together at most, and the events that they have: nobody's projector waits for long."""
_LAPS: Final = 3
"""Times that the copy is brought to where the live read model is by then: each lap is a fraction of the one before, so
that little is left to do under the lock."""
_SHOWN: Final = 5
"""Differences that are spelled out."""


@dataclass(slots=True)
class Compared:
    """How the new read model differs from the one that it takes the place of."""

    rows: int = 0
    """Of the new one."""
    differences: int = 0
    examples: list[str] = field(default_factory=list)

    def differs(self, what: str) -> None:
        """Note a row that is not the same in both."""
        self.differences += 1
        if len(self.examples) < _SHOWN:
            self.examples.append(what)

    def __iadd__(self, other: "Compared") -> Self:
        self.rows += other.rows
        self.differences += other.differences
        self.examples += other.examples[: _SHOWN - len(self.examples)]
        return self


class Switch(Protocol):
    """The moment between two versions, in which nothing moves the live one."""

    @property
    def live(self) -> Mapping[str, int]:
        """Tenant to seq: where the live read model is, and the copy has to be."""

    async def compare(self) -> Compared:
        """The copy against the live read model, key by key."""

    async def switch(self) -> None:
        """From the end of the block on the copy's rows are the live ones, and for every reader at once.

        Comes after `compare`: what does not differ is not written.
        """


class Copy(Protocol):
    """A second version of one projection beside the live one."""

    @property
    def projector(self) -> Projector:
        """What writes the copy."""

    async def begin(self, only: str | None) -> None:
        """Go on with the run that was interrupted, if the code is still the same, else begin anew.

        A tenant that was switched in it is begun anew if the run is about `only` that one.
        """

    async def remaining(self, only: str | None) -> dict[str, int]:
        """Tenant to seq where the live read model is: of `only`, or of all who have not been switched in this run."""

    async def filled(self) -> dict[str, int]:
        """Tenant to seq: how far the copy is."""

    def switching(self, tenants: Sequence[str]) -> AbstractAsyncContextManager[Switch]:
        """Keep the live read models of these tenants where they are until the block ends."""

    async def end(self, only: str | None) -> None:
        """The run is over, and nothing is left of the copy; the next one begins anew."""


async def rebuild(copy: Copy, history: History, *, only: str | None, progress: Callable[[int, int], None]) -> Compared:
    """Make the read model anew, of every tenant or `only` of one; returns how the old one differed.

    `progress` is told how many events are in the copy, and out of how many.

    Raises:
        TooManyParked: this version cannot build it; the live one is as it was.
    """
    await copy.begin(only)
    compared = await renew(copy, history, await copy.remaining(only), only=only, progress=progress)
    await copy.end(only)
    return compared


async def renew(
    copy: Copy,
    history: History,
    remaining: Mapping[str, int],
    *,
    only: str | None,
    progress: Callable[[int, int], None],
) -> Compared:
    """The part of a run, which has begun, that is about these of its `remaining` tenants; see `rebuild`."""
    await copy.projector.begin()
    filled, compared = await copy.filled(), Compared()
    done, total = sum(filled.get(tenant, 0) for tenant in remaining), sum(remaining.values())
    progress(done, total)
    for group in groups(remaining):
        after, until = filled, {tenant: remaining[tenant] for tenant in group}
        for _ in range(_LAPS):
            async for events in _fill(copy, history, after, until):
                done += events
                progress(min(done, total), total)
            after, live = until, await copy.remaining(only)
            until = {tenant: live[tenant] for tenant in group}
        async with copy.switching(group) as switch:
            async for _ in _fill(copy, history, after, switch.live):
                pass
            compared += await switch.compare()
            await switch.switch()
    return compared


def shares(seqs: Mapping[str, int], number: int) -> list[dict[str, int]]:
    """Tenants with so many events, in that many parts with about as many events each; some may be empty."""
    made: list[dict[str, int]] = [{} for _ in range(number)]
    events = [0] * number
    for tenant, seq in sorted(seqs.items(), key=lambda item: (-item[1], item[0])):
        least = events.index(min(events))
        made[least][tenant] = seq
        events[least] += seq
    return made


def groups(seqs: Mapping[str, int]) -> list[list[str]]:
    """Tenants with so many events, in groups that are small enough to be switched at once."""
    made, room = list[list[str]](), 0
    for tenant, seq in sorted(seqs.items(), key=lambda item: (item[1], item[0])):
        if not made or len(made[-1]) == _TENANTS or seq > room:
            made.append([])
            room = _EVENTS
        made[-1].append(tenant)
        room -= seq
    return made


async def _fill(copy: Copy, history: History, after: Mapping[str, int], until: Mapping[str, int]) -> AsyncIterator[int]:
    """Bring the copy to `until`, and say each time how many events that were."""
    async with aclosing(history.of_all(after=after, until=until, size=_BATCH)) as batches:
        async for batch in batches:
            await copy.projector.apply(batch)
            yield len(batch)
