"""Several processes that live and die together: what `production-tool up` is made of."""

import asyncio
import os
import signal
import sys
import threading
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import uvloop

from infra.cannot_run import CannotRun

_PATIENCE: Final = 10.0
"""Seconds that a part has to end by itself."""


class PartEnded(CannotRun):
    """A part has ended though nobody asked it to; the others were ended too."""


@dataclass(frozen=True, slots=True)
class Part:
    """A process of ours."""

    name: str
    command: tuple[str, ...]


async def run_together(
    parts: tuple[Part, ...], *, environment: Mapping[str, str], started: Callable[[], Awaitable[None]]
) -> None:
    """Run all parts until this process is told to stop; returns when all of them have ended.

    `started` is awaited while they run: to say that they do.

    Raises:
        PartEnded: one of them ended first.
    """
    wish = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, wish.set)
    processes: dict[str, Process] = {}
    try:
        for part in parts:
            processes[part.name] = await _start(part, environment)
        told = asyncio.create_task(wish.wait())
        ended = asyncio.create_task(_first_to_end(processes))
        saying = asyncio.ensure_future(started())
        await asyncio.wait({told, ended, saying}, return_when=asyncio.FIRST_COMPLETED)
        if saying.done():
            saying.result()
            await asyncio.wait({told, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in (told, ended, saying):
            task.cancel()
        if not wish.is_set():
            raise PartEnded(f"{ended.result()}, so everything was stopped")
    finally:
        await _end(processes.values())


async def _first_to_end(processes: Mapping[str, Process]) -> str:
    waits = {asyncio.create_task(process.wait()): name for name, process in processes.items()}
    done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    first = done.pop()
    code = first.result()
    how = f"exit status {code}" if code >= 0 else signal.Signals(-code).name
    return f"the {waits[first]} has ended by itself ({how})"


async def _start(part: Part, environment: Mapping[str, str]) -> Process:
    # In a process group of its own: Ctrl-C reaches this process only, which then ends the parts in good order.
    return await asyncio.create_subprocess_exec(
        *part.command,
        stdin=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
        process_group=0,
    )


async def _end(processes: Collection[Process]) -> None:
    for process in processes:
        if process.returncode is None:
            process.terminate()
    try:
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(*(process.wait() for process in processes))
    except TimeoutError:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


def run_until_told(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` in an event loop of its own; Ctrl-C or SIGTERM cancels it, and this returns."""

    async def run() -> None:
        wish = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, wish.set)
        task, told = asyncio.ensure_future(work), asyncio.ensure_future(wish.wait())
        await asyncio.wait({task, told}, return_when=asyncio.FIRST_COMPLETED)
        if told.done():
            task.cancel()
        told.cancel()
        with suppress(asyncio.CancelledError):
            await task

    uvloop.run(run())


def end_with_parent() -> None:
    """For a part: stop when whoever started this process is gone, even when that one was killed."""

    def wait() -> None:
        os.read(sys.stdin.fileno(), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True, name="parent").start()
