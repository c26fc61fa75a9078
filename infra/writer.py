"""The writer: gathers the commands of this process, picks the way each batch goes, and tries again what failed."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

import psycopg
import structlog

from commands.log import LogUnavailable, Outcome
from infra import append
from infra.batch import Command, Verdict
from infra.clock import Clock
from infra.decide_ahead import DecideAhead, Flight
from infra.lock_first import LockFirst
from infra.mapper import Mapper
from infra.outcomes import Key, Outcomes
from infra.pipeline import Line, Pipeline, StatementFailed
from infra.state_cache import StateCache

_log = structlog.get_logger()

_BATCH: Final = 512
"""Commands in one transaction at most."""
_PATIENCE: Final = 5.0
"""Seconds for which a command is tried again while the database does not answer."""
_BREATH: Final = 0.1
"""Seconds before the next try."""
_KEPT_OUTCOMES: Final = 50_000
_SOFTWARE_ERROR: Final = 70
"""`EX_SOFTWARE` of sysexits.h."""
_FAULTY: Final = ("21", "22", "23", "42", "54")
"""Classes of SQLSTATE that blame the statement; all others are worth another try."""
SETTINGS: Final = {
    "application_name": "production-tool log",
    # Every statement looks a few rows up by index, on an empty log as on a full one.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    # A process that is stopped in mid-transaction must not hold the heads for ever.
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "4s",
}


@dataclass(slots=True, eq=False)
class Waiting:
    """A command between its arrival and its answer."""

    command: Command
    key: Key
    """What must not be in flight twice."""
    answer: "asyncio.Future[Outcome]"
    since: float = field(default_factory=time.monotonic)
    unclear: bool = False
    """An earlier try may have been committed without this process having heard."""


class Writer:
    """Takes commands in order of arrival and answers each exactly once."""

    def __init__(
        self,
        url: str,
        mapper: Mapper,
        cache: StateCache,
        *,
        committed: Callable[[], None],
        failpoint: Callable[[str], None],
        ahead: bool = True,
    ) -> None:
        """`committed` is called after each commit that wrote something; without `ahead` everything locks first."""
        self._line = Line(url, role="production_tool_log_writer", settings=SETTINGS, prepared=append.PREPARED)
        self._mapper = mapper
        self._cache = cache
        self._committed = committed
        self._failpoint = failpoint
        self._may_go_ahead = ahead
        self._outcomes = Outcomes(limit=_KEPT_OUTCOMES)
        self._clock = Clock()
        self._queue: deque[Waiting] = deque()
        self._unanswered: dict[Command, Waiting] = {}
        self._keys: set[Key] = set()
        self._stir = asyncio.Event()
        self._pipeline: Pipeline | None = None
        self._ahead: DecideAhead | None = None
        self._task = asyncio.create_task(self._run(), name="log writer")

    def busy_with(self, key: Key) -> bool:
        """Whether a command under `key` has not been answered yet."""
        return key in self._keys

    def put(self, waiting: Waiting) -> "asyncio.Future[Outcome]":
        """Take a command; the answer that it brought is set when its verdict stands."""
        self._keys.add(waiting.key)
        self._unanswered[waiting.command] = waiting
        self._queue.append(waiting)
        self._stir.set()
        return waiting.answer

    def cut(self) -> None:
        """Close the connection under whatever is in flight, as a failing network does."""
        self._line.close()

    async def close(self) -> None:
        """Stop; what has not been answered ends with `LogUnavailable`."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for waiting in list(self._unanswered.values()):
            self._answer(waiting, LogUnavailable())
        self._line.close()

    async def _run(self) -> None:
        try:
            while True:
                self._stir.clear()
                await self._write_what_can_be()
                await self._stir.wait()
        except Exception as error:
            # Nobody can say what this process still knows. Its successor starts from what is committed.
            _log.critical("log_writer_failed", exc_info=error)
            raise SystemExit(_SOFTWARE_ERROR) from error

    async def _write_what_can_be(self) -> None:
        while self._queue or (self._ahead and self._ahead.failing):
            ahead = self._ahead
            if ahead and ahead.in_flight and (ahead.failing or ahead.full):
                return
            if ahead and ahead.failing:
                self._take_back(ahead)
                continue
            size, now = self._size(ahead), self._clock.now()
            batch = [waiting.command for waiting in islice(self._queue, size)]
            if ahead and now is not None and all(map(ahead.takes, batch)):
                self._drop_from_queue(size)
                unproven = ahead.send(batch, now)
                self._queue.extendleft(self._unanswered[command] for command in reversed(unproven))
                if not unproven:
                    continue
            if ahead and ahead.in_flight:
                return
            await self._lock_first(self._drop_from_queue(min(len(self._queue), _BATCH)))

    def _size(self, ahead: DecideAhead | None) -> int:
        """Half of what there is, so that one half is decided while the other is in flight."""
        return min((len(self._unanswered) + 1) // 2 if ahead else _BATCH, len(self._queue), _BATCH)

    def _drop_from_queue(self, count: int) -> list[Waiting]:
        return [self._queue.popleft() for _ in range(count)]

    async def _lock_first(self, batch: Sequence[Waiting]) -> None:
        pipeline: Pipeline | None = None
        try:
            pipeline = await self._connected()
            way = LockFirst(pipeline, self._cache, self._mapper, self._outcomes, self._clock, self._failpoint)
            verdicts = await way.append([waiting.command for waiting in batch])
        except (psycopg.OperationalError, ConnectionError) as error:
            await self._rolled_back(pipeline)
            await self._later(batch, error)
        except StatementFailed as error:
            await self._rolled_back(pipeline)
            if error.sqlstate.startswith(_FAULTY):
                await self._one_by_one(batch, error)
            else:
                await self._later(batch, error)
        except Exception as error:  # noqa: BLE001 - one unreadable stream must not fail the commands of others
            await self._rolled_back(pipeline)
            await self._one_by_one(batch, error)
        else:
            for waiting, verdict in zip(batch, verdicts, strict=True):
                self._answer(waiting, verdict)
            self._committed()

    async def _connected(self) -> Pipeline:
        pipeline = await self._line.pipeline()
        if pipeline is not self._pipeline:
            self._pipeline = pipeline
            if self._may_go_ahead:
                self._ahead = DecideAhead(
                    pipeline, self._cache, self._mapper, self._outcomes, self._clock, self._failpoint, self._landed
                )
        return pipeline

    async def _rolled_back(self, pipeline: Pipeline | None) -> None:
        if pipeline and not pipeline.lost:
            await asyncio.gather(pipeline.send(append.ROLLBACK), return_exceptions=True)

    async def _one_by_one(self, batch: Sequence[Waiting], error: Exception) -> None:
        """Find the command that the database refuses, so that its neighbours do not suffer for it."""
        if len(batch) == 1:
            self._answer(batch[0], error)
        else:
            for waiting in batch:
                await self._lock_first([waiting])

    async def _later(self, batch: Sequence[Waiting], error: Exception) -> None:
        """Put the commands back in front, except those that have waited long enough."""
        _log.warning("append_failed", error=str(error), commands=len(batch))
        self._put_back(batch)
        await asyncio.sleep(_BREATH)

    def _put_back(self, batch: Sequence[Waiting]) -> None:
        patient_since = time.monotonic() - _PATIENCE
        for waiting in reversed(batch):
            waiting.unclear = True
            if waiting.since < patient_since:
                self._answer(waiting, LogUnavailable())
            else:
                self._queue.appendleft(waiting)

    def _landed(self, flight: Flight) -> None:
        if flight.error is None:
            for command, verdict in flight.verdicts:
                self._answer(self._unanswered[command], verdict)
            if flight.batch:
                self._committed()
        self._stir.set()

    def _take_back(self, ahead: DecideAhead) -> None:
        for flight in reversed(ahead.take_back()):
            self._put_back([self._unanswered[command] for command, _ in flight.verdicts])

    def _answer(self, waiting: Waiting, verdict: Verdict) -> None:
        self._keys.discard(waiting.key)
        self._unanswered.pop(waiting.command, None)
        if waiting.answer.done():  # its caller has gone
            return
        if isinstance(verdict, Outcome):
            # Found after an unclear commit, it is still the first answer to this command.
            waiting.answer.set_result(replace(verdict, replayed=False) if waiting.unclear else verdict)
        else:
            waiting.answer.set_exception(verdict)
