"""The writer: gathers the commands of this process, picks the way each batch goes, and tries again what failed."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

import psycopg
import structlog

from commands.log import LogUnavailable, Outcome
from infra import append
from infra.batch import Verdict
from infra.clock import Clock
from infra.command import Command
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
    **append.SETTINGS,
    "application_name": "production-tool log",
    # A process that is stopped in mid-transaction must not hold the heads for ever.
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "4s",
}


class Writer:
    """Takes commands in order of arrival and answers each exactly once."""

    def __init__(
        self,
        url: str,
        mapper: Mapper,
        cache: StateCache,
        *,
        committed: Callable[[Mapping[str, int]], None],
        failpoint: Callable[[str], None],
        ahead: bool = True,
    ) -> None:
        """`committed` is called after each commit with the seq that each tenant's log has reached at least.

        Without `ahead` everything locks first.
        """
        self._line = Line(url, role="production_tool_log_writer", settings=SETTINGS, prepared=append.PREPARED)
        self._mapper = mapper
        self._cache = cache
        self._committed = committed
        self._failpoint = failpoint
        self._may_go_ahead = ahead
        self._outcomes = Outcomes(limit=_KEPT_OUTCOMES)
        self._clock = Clock()
        self._queue: deque[Command] = deque()
        self._unanswered: dict[Key, Command] = {}
        self._stir = asyncio.Event()
        self._pipeline: Pipeline | None = None
        self._ahead: DecideAhead | None = None
        self._task = asyncio.create_task(self._run(), name="log writer")

    def busy_with(self, key: Key) -> bool:
        """Whether a command under `key` has not been answered yet."""
        return key in self._unanswered

    def put(self, command: Command) -> None:
        """Take a command under a key that is not busy; its answer is set when its verdict stands."""
        self._unanswered[command.key] = command
        self._queue.append(command)
        self._stir.set()

    def cut(self) -> None:
        """Close the connection under whatever is in flight, as a failing network does."""
        self._line.close()

    async def close(self) -> None:
        """Stop; what has not been answered ends with `LogUnavailable`."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for command in list(self._unanswered.values()):
            self._answer(command, LogUnavailable())
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
            batch = list(islice(self._queue, size))
            if ahead and now is not None and all(map(ahead.takes, batch)):
                self._drop_from_queue(size)
                unproven = ahead.send(batch, now)
                self._queue.extendleft(reversed(unproven))
                if not unproven:
                    continue
            if ahead and ahead.in_flight:
                return
            await self._lock_first(self._drop_from_queue(min(len(self._queue), _BATCH)))

    def _size(self, ahead: DecideAhead | None) -> int:
        """Half of what there is, so that one half is decided while the other is in flight."""
        return min((len(self._unanswered) + 1) // 2 if ahead else _BATCH, len(self._queue), _BATCH)

    def _drop_from_queue(self, count: int) -> list[Command]:
        return [self._queue.popleft() for _ in range(count)]

    async def _lock_first(self, batch: Sequence[Command]) -> None:
        pipeline: Pipeline | None = None
        try:
            pipeline = await self._connected()
            way = LockFirst(pipeline, self._cache, self._mapper, self._outcomes, self._clock, self._failpoint)
            verdicts = await way.append(batch)
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
            self._answer_all(zip(batch, verdicts, strict=True))

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

    async def _one_by_one(self, batch: Sequence[Command], error: Exception) -> None:
        """Find the command that the database refuses, so that its neighbours do not suffer for it."""
        if len(batch) == 1:
            self._answer(batch[0], error)
        else:
            for command in batch:
                await self._lock_first([command])

    async def _later(self, batch: Sequence[Command], error: Exception) -> None:
        """Put the commands back in front, except those that have waited long enough."""
        _log.warning("append_failed", error=str(error), commands=len(batch))
        self._put_back(batch, error)
        await asyncio.sleep(_BREATH)

    def _put_back(self, batch: Sequence[Command], error: Exception | None) -> None:
        patient_since = time.monotonic() - _PATIENCE
        # A statement that was refused has taken its whole transaction back; of anything else nobody knows how it ended.
        unclear = not isinstance(error, StatementFailed)
        for command in reversed(batch):
            command.unclear |= unclear
            if command.since < patient_since:
                self._answer(command, LogUnavailable())
            else:
                self._queue.appendleft(command)

    def _landed(self, flight: Flight) -> None:
        if flight.error is None:
            self._answer_all(flight.verdicts)
        self._stir.set()

    def _take_back(self, ahead: DecideAhead) -> None:
        for flight in reversed(ahead.take_back()):
            self._put_back([command for command, _ in flight.verdicts], flight.error)

    def _answer_all(self, verdicts: Iterable[tuple[Command, Verdict]]) -> None:
        heads = dict[str, int]()
        for command, verdict in verdicts:
            self._answer(command, verdict)
            if isinstance(verdict, Outcome):
                tenant_id = command.context.tenant_id
                heads[tenant_id] = max(verdict.seq, heads.get(tenant_id, 0))
        if heads:
            self._committed(heads)

    def _answer(self, command: Command, verdict: Verdict) -> None:
        del self._unanswered[command.key]
        if command.answer.done():  # its caller has gone
            return
        if isinstance(verdict, Outcome):
            # Found after an unclear commit, it is still the first answer to this command.
            command.answer.set_result(verdict._replace(replayed=False) if command.unclear else verdict)
        else:
            command.answer.set_exception(verdict)
