"""The log as recorders of the `eventsourcing` library, one tenant at a time: its applications and tools run on it.

    recorder ─▶ event_log      what is inserted, with everything that the log does: gapless ids, group commit, chain
        └─────▶ Postgres       what is selected, as a reader of that tenant

An aggregate of the library with the id `u`, a UUID, is the stream `aggregate/u`; an id that is a text names a stream
itself, such as `hold/0192…`, so that the streams of the product are read by their names. Notification ids are `seq`.
The log counts versions from 1; a stream that the library counts from 0 has `from-0/` before its name.

The library is synchronous, the log is not: it runs in an event loop of its own, in a thread of its own.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, aclosing, contextmanager
from datetime import datetime
from typing import Any, Final, Self, TypeVar
from uuid import UUID, uuid4

import psycopg
from anyio.from_thread import start_blocking_portal
from eventsourcing import persistence
from eventsourcing.persistence import ListenNotifySubscription, Notification, StoredEvent
from psycopg import sql

from commands.context import Context
from commands.log import Decided, LogUnavailable, States
from domain.decider import Decider, Stream
from domain.errors import Refused
from infra.event_log import EventLog
from infra.listen import heard
from infra.nudge import CHANNEL
from infra.pipeline import StatementFailed
from infra.postgres import reader_pool
from infra.recorded_state import AsGiven, Given, as_json, as_state

T = TypeVar("T")

_AGGREGATE: Final = "aggregate/"
_FROM_0: Final = "from-0/"
_ALL: Final = 2**62
_ANY: Final[Decider[None]] = Decider(category="", events=(Given,), initial=None, evolve=lambda state, _: state)
_DATA_EXCEPTION: Final = "22"
"""Class of SQLSTATE."""


class NotNext(Refused):
    """The version is not the one that follows in its stream."""

    code = "not_next"


class AggregateLogRecorder(persistence.AggregateRecorder):
    """Inserts and selects the events of aggregates; close it, or use it as a context manager."""

    def __init__(self, url: str, tenant_id: str, *, actor: str = "eventsourcing") -> None:
        """Starts the thread; `actor` is recorded on every event."""
        self._tenant_id = tenant_id
        self._actor = actor
        self._url = url
        self._open = ExitStack()
        self._portal = self._open.enter_context(start_blocking_portal("asyncio"))
        self._pool = reader_pool(url)
        self._log = self._run(self._start)
        self._open.callback(self._run, self._stop)

    async def _start(self) -> EventLog:
        await self._pool.open()
        return EventLog(self._url, AsGiven())

    async def _stop(self) -> None:
        await self._log.close()
        await self._pool.close()

    def close(self) -> None:
        """Disconnect and end the thread."""
        self._open.close()

    def __enter__(self) -> Self:
        """It is open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int] | None:
        """Write all of these, or none.

        Raises:
            IntegrityError: one of them is not the next of its stream.
            DataError: Postgres does not take one of them, for example a NUL in a topic.
            OperationalError: the database does not answer; whether they were written is not known.
        """
        self._insert(stored_events)
        return None

    def _insert(self, stored_events: Sequence[StoredEvent]) -> list[int]:
        if not stored_events:
            return []
        last = self._run(self._append, stored_events)
        return list(range(last - len(stored_events) + 1, last + 1))

    async def _append(self, stored_events: Sequence[StoredEvent]) -> int:
        names = dict.fromkeys(_name(event.originator_id) for event in stored_events)
        streams = {name: _stream(name) for known in names for name in (known, _FROM_0 + known)}

        def decision(states: States, _: datetime) -> Decided:
            versions = {name: states.version(stream) for name, stream in streams.items()}
            # A stream of its own for each event, since their order across streams is to be kept.
            return Decided({_stream(_next(versions, event)): [_given(event)] for event in stored_events})

        context = Context(
            tenant_id=self._tenant_id,
            actor=self._actor,
            permissions=frozenset(),
            key=str(uuid4()),
            fingerprint=bytes(32),
            correlation_id=str(uuid4()),
        )
        subject, *others = streams.values()
        return (await self._log.decide(context, subject, (subject, *others), decision)).seq

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of one stream, in order of version."""
        name = _name(originator_id)
        rows = self._select(
            sql.SQL("""
                SELECT e.stream, e.version, e.event_type, e.data
                FROM unnest(%s::text[], %s::bigint[]) AS asked (stream, first)
                CROSS JOIN LATERAL (
                    SELECT stream, version, event_type, data::text
                    FROM events
                    WHERE tenant_id = %s
                    AND stream = asked.stream
                    AND version > %s + 1 - asked.first
                    AND version <= %s + 1 - asked.first
                    ORDER BY version {order}
                    LIMIT %s
                ) AS e
            """).format(order=sql.SQL("DESC" if desc else "ASC")),
            [name, _FROM_0 + name],
            [1, 0],
            self._tenant_id,
            -_ALL if gt is None else gt,
            _ALL if lte is None else lte,
            limit,
        )
        return [_stored_event(*row) for row in rows]

    def _select(self, query: sql.SQL | sql.Composed, *parameters: object) -> list[tuple[Any, ...]]:
        async def select() -> list[tuple[Any, ...]]:
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute("SELECT set_config('app.tenant', %s, true)", [self._tenant_id])
                return await (await connection.execute(query, parameters)).fetchall()

        return self._run(select)

    def _run(self, work: Callable[..., Awaitable[T]], *arguments: object) -> T:
        with _in_the_librarys_words():
            return self._portal.call(work, *arguments)


class LogRecorder(AggregateLogRecorder, persistence.ApplicationRecorder):
    """The same, with the tenant's whole log as one sequence of notifications.

    For an `Application`, return one from its `construct_recorder`.
    """

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: object) -> Sequence[int] | None:
        """Write all of these, or none; answers their notification ids. Raises as in the class above."""
        return self._insert(stored_events)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events in the order in which they were committed; those of the product's own streams are among them."""
        rows = self._select(
            sql.SQL("""
                SELECT stream, version, event_type, data::text, seq
                FROM events
                WHERE tenant_id = %s
                AND seq >= %s
                AND seq <= %s
                AND (cardinality(%s::text[]) = 0 OR event_type = ANY (%s))
                ORDER BY seq
                LIMIT %s
            """),
            self._tenant_id,
            0 if start is None else start + (not inclusive_of_start),
            _ALL if stop is None else stop,
            list(topics),
            list(topics),
            limit,
        )
        return [Notification(**vars(_stored_event(*row)), id=seq) for *row, seq in rows]

    def max_notification_id(self) -> int | None:
        """The `seq` of the last event."""
        rows = self._select(sql.SQL("SELECT seq FROM heads WHERE tenant_id = %s AND seq > 0"), self._tenant_id)
        return rows[0][0] if rows else None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "LogSubscription":
        """Events as they come, woken by what the log notifies after its commits."""
        return LogSubscription(self, gt=gt, topics=topics)

    def listen(self, woken: Callable[[], object]) -> Callable[[], object]:
        """Call `woken` whenever there may be something new, until what is returned is called."""

        async def listening() -> None:
            async with aclosing(heard(self._url, CHANNEL)) as calls:
                async for _ in calls:
                    woken()

        return self._portal.start_task_soon(listening).cancel


class LogSubscription(ListenNotifySubscription[LogRecorder]):
    """Waits for what comes after the last event that it gave."""

    def __init__(self, recorder: LogRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        """Begins at once."""
        self._hang_up: Callable[[], object] = lambda: None
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._hang_up = recorder.listen(self._has_been_notified.set)
        if self._has_been_stopped:
            self._hang_up()

    def stop(self) -> None:
        """Give nothing more."""
        super().stop()
        self._hang_up()


@contextmanager
def _in_the_librarys_words() -> Iterator[None]:
    """Errors as the library names them."""
    try:
        yield
    except NotNext as error:
        raise persistence.IntegrityError(error.detail) from error
    except StatementFailed as error:
        faulty = error.sqlstate.startswith(_DATA_EXCEPTION)
        raise (persistence.DataError if faulty else persistence.DatabaseError)(str(error)) from error
    except (LogUnavailable, psycopg.OperationalError) as error:
        raise persistence.OperationalError(str(error) or "the database does not answer") from error
    except psycopg.Error as error:
        raise persistence.DatabaseError(str(error)) from error


def _stream(name: str) -> Stream[None]:
    return Stream(name=name, id=name, decider=_ANY)


def _name(originator_id: UUID | str) -> str:
    return f"{_AGGREGATE}{originator_id}" if isinstance(originator_id, UUID) else originator_id


def _next(versions: dict[str, int], event: StoredEvent) -> str:
    """The stream that takes `event`, whose version is counted up."""
    name, version = _name(event.originator_id), event.originator_version
    if versions[_FROM_0 + name] or (version == 0 and not versions[name]):
        name, version = _FROM_0 + name, version + 1
    if version != versions[name] + 1:
        raise NotNext(
            f"{event.originator_id} has {versions[name]} events; version {event.originator_version} is not next."
        )
    versions[name] = version
    return name


def _given(event: StoredEvent) -> Given:
    return Given(topic=event.topic, data=as_json(event.state))


def _stored_event(stream: str, version: int, topic: str, data: str) -> StoredEvent:
    name = stream.removeprefix(_FROM_0)
    originator_id = UUID(name.removeprefix(_AGGREGATE)) if name.startswith(_AGGREGATE) else name
    return StoredEvent(originator_id, version - (name != stream), topic, as_state(data))
