"""`production-tool rebuild` on all processors: each process makes some tenants' part of the read model anew.

The process that was started leads: it holds the lock, begins and ends the run, and does a part of the work itself. The
others are forked before it has opened anything, and wait for what is theirs. Whoever of them dies, or loses the one
that leads, leaves the run interrupted, as a single process would: the next one goes on from there.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any, Final

import psycopg
import uvloop

from consumers.projector import TooManyParked
from consumers.rebuild import Compared, renew, shares
from infra.cannot_run import CannotRun
from infra.garbage import collect_seldom
from infra.postgres import check_database
from infra.rebuilding import RebuildRefused, alone, copying
from projections.projection import Projection

_MOST: Final = 8
"""Processes; Postgres works as much as they do."""
_WORTH: Final = 4_000
"""Events for which another process is worth its connections."""

Progress = Callable[[int, int], None]


class HelperEnded(CannotRun):
    """A process of the rebuild ended before its part was done."""


@dataclass(frozen=True, slots=True)
class _Helper:
    """Another process, and our end of the pipe between us. Sending to it and hearing from it raise `HelperEnded`."""

    process: BaseProcess
    pipe: Pipe

    def send(self, message: "_Task | None") -> None:
        """None: connect, there will be something to do. Then what."""
        with _alive():
            self.pipe.send(message)

    async def hear(self) -> int | Compared | Exception:
        """How many events are done, or the end: what came of it or why nothing did."""
        with _alive():
            return await asyncio.to_thread(self.pipe.recv)


@contextmanager
def _alive() -> Iterator[None]:
    try:
        yield
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise HelperEnded("a process of the rebuild has ended before its part was done; run it again") from error


@dataclass(frozen=True, slots=True)
class _Task:
    """What one process is to do."""

    remaining: Mapping[str, int]
    """Tenant to seq."""
    only: str | None


def rebuild_together(
    url: str,
    projection: Projection,
    tenant_id: str | None,
    progress: Progress,
    *,
    processes: int | None = None,
    worth: int = _WORTH,
) -> Compared:
    """What `infra.rebuilding.rebuild` does, in up to so many processes; by default as many as there are processors.

    Another process is used for each `worth` events. Helpers are forked, so whatever other threads hold at that moment
    is never let go of in them: they use nothing that this process has opened.

    Raises:
        RebuildRefused, RoleRefused, SchemaMismatch, psycopg.OperationalError: as there.
        HelperEnded: run it again to go on.
    """
    # A helper that looked at what is there now would copy it.
    collect_seldom()
    with _helpers(url, projection, (processes or _processors()) - 1) as helpers:
        return uvloop.run(_lead(url, projection, tenant_id, progress, helpers=helpers, worth=worth))


def _processors() -> int:
    return min(_MOST, os.cpu_count() or 1) if hasattr(os, "fork") else 1


@contextmanager
def _helpers(url: str, projection: Projection, number: int) -> Iterator[Sequence[_Helper]]:
    """So many processes that wait for a `_Task`, until the block ends."""
    started = list[_Helper]()
    try:
        for _ in range(number):
            fork = multiprocessing.get_context("fork")
            ours, theirs = fork.Pipe()
            # It inherits our ends of all pipes so far, and would keep them open when we are gone.
            inherited = [ours, *(helper.pipe for helper in started)]
            process = fork.Process(target=_help, args=(url, projection, theirs, inherited))
            process.start()
            theirs.close()
            started.append(_Helper(process, ours))
        yield started
    finally:
        for helper in started:
            helper.process.terminate()
            helper.process.join()
            helper.pipe.close()


def _help(url: str, projection: Projection, leader: Pipe, inherited: Sequence[Pipe]) -> None:
    """The life of a helper: one task, or none, and what has become of it."""
    # Whoever presses Ctrl-C ends the leader, and with it us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for pipe in inherited:
        pipe.close()
    try:
        leader.recv()
        leader.send(uvloop.run(_renew(url, projection, leader)))
    except EOFError:
        return
    except TooManyParked as error:
        leader.send(_refused(error))
    except psycopg.OperationalError as error:
        leader.send(psycopg.OperationalError(str(error)))


async def _renew(url: str, projection: Projection, leader: Pipe) -> Compared:
    # It connects while the leader looks at what there is to do.
    async with copying(url, projection) as (copy, history):
        task: _Task = await asyncio.to_thread(leader.recv)
        return await renew(copy, history, task.remaining, only=task.only, progress=lambda done, _: leader.send(done))


async def _lead(
    url: str,
    projection: Projection,
    only: str | None,
    progress: Progress,
    *,
    helpers: Sequence[_Helper],
    worth: int,
) -> Compared:
    await check_database(url)
    for helper in helpers:
        helper.send(None)
    # What the copy needs is connected while we see whether we are alone.
    async with copying(url, projection) as (copy, history), alone(url, projection):
        await copy.begin(only)
        remaining = await copy.remaining(only)
        total = sum(remaining.values())
        mine, *theirs = shares(remaining, 1 + min(len(helpers), total // worth))
        done = [0] * (1 + len(theirs))

        def told(who: int, events: int) -> None:
            done[who] = events
            progress(sum(done), total)

        works = [
            renew(copy, history, mine, only=only, progress=lambda events, _: told(0, events)),
            *(
                _answer(helper, _Task(share, only), partial(told, who))
                for who, (helper, share) in enumerate(zip(helpers, theirs, strict=False), start=1)
            ),
        ]
        try:
            parts = await _all_or_none(works, helpers)
        except TooManyParked as error:
            raise _refused(error) from error
        await copy.end(only)
    compared = Compared()
    for part in parts:
        compared += part
    return compared


async def _all_or_none(works: Sequence[Coroutine[Any, Any, Compared]], helpers: Sequence[_Helper]) -> list[Compared]:
    """Do these beside one another; what one of them raises ends the others."""
    running = [asyncio.create_task(work) for work in works]
    try:
        return await asyncio.gather(*running)
    finally:
        for helper in helpers:
            # Those that have answered are at their end. Of the others, nobody would hear any more.
            helper.process.terminate()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _answer(helper: _Helper, task: _Task, told: Callable[[int], None]) -> Compared:
    """Give a helper its task, and wait for what becomes of it."""
    helper.send(task)
    while isinstance(said := await helper.hear(), int):
        told(said)
    if isinstance(said, Compared):
        return said
    raise said


def _refused(error: TooManyParked) -> RebuildRefused:
    return RebuildRefused(f"not everything was switched: {error}")
