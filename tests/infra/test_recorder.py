import json
import unittest
from collections.abc import Iterator
from typing import ClassVar
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import (
    DataError,
    IntegrityError,
    OperationalError,
    StoredEvent,
)
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
    RecorderTestCase,
)

from commands.artist import AddArtist, add_artist
from infra.catalogue import EVENTS
from infra.event_log import EventLog
from infra.mapper import DomainEvent, Mapper
from infra.recorder import AggregateLogRecorder, LogRecorder
from infra.verify import verify
from tests.flow.office import Office
from tests.infra.counter import OTHER_TENANT, TENANT


class _OnThisLog(RecorderTestCase):
    """What the library's cases need to know."""

    __test__ = False  # run below, once on each server
    database: ClassVar[str]


class AggregateRecorders(_OnThisLog, AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateLogRecorder:
        recorder = AggregateLogRecorder(self.database, TENANT)
        self.addCleanup(recorder.close)
        return recorder


class ApplicationRecorders(_OnThisLog, ApplicationRecorderTestCase[LogRecorder]):
    def create_recorder(self) -> LogRecorder:
        recorder = LogRecorder(self.database, TENANT)
        self.addCleanup(recorder.close)
        return recorder

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class ApplicationRecordersWithTextIds(ApplicationRecorders):
    def new_originator_id(self) -> str:
        return f"dog/{uuid4()}"


class NonInterleavingNotificationIds(_OnThisLog, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LogRecorder:
        recorder = LogRecorder(self.database, TENANT)
        self.addCleanup(recorder.close)
        return recorder


_CASES = [
    pytest.param(case, name, id=f"{case.__name__}.{name}")
    for case in (
        AggregateRecorders,
        ApplicationRecorders,
        ApplicationRecordersWithTextIds,
        NonInterleavingNotificationIds,
    )
    for name in unittest.TestLoader().getTestCaseNames(case)
]


@pytest.mark.parametrize(("case", "name"), _CASES)
def test_the_librarys_own_cases_pass(case: type[_OnThisLog], name: str, database: str) -> None:
    case.database = database

    case(name).debug()


ONE = UUID(int=1)


class Dog(Aggregate):
    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        self.tricks.append(trick)


class DogSchool(Application[UUID]):
    def __init__(self, recorder: LogRecorder) -> None:
        self._recorder = recorder
        super().__init__()

    def construct_recorder(self) -> LogRecorder:
        return self._recorder

    def register(self, name: str) -> UUID:
        dog = Dog(name)
        self.save(dog)
        return dog.id

    def teach(self, dog_id: UUID, *tricks: str) -> None:
        dog: Dog = self.repository.get(dog_id)
        for trick in tricks:
            dog.add_trick(trick)
        self.save(dog)

    def tricks(self, dog_id: UUID) -> list[str]:
        dog: Dog = self.repository.get(dog_id)
        return dog.tricks


@pytest.fixture
def recorder(database: str) -> Iterator[LogRecorder]:
    with LogRecorder(database, TENANT) as recorder:
        yield recorder


def stored(version: int, state: bytes = b"{}", *, of: UUID | str = ONE, topic: str = "t") -> StoredEvent:
    return StoredEvent(of, version, topic, state)


def test_an_application_of_the_library_runs_on_the_log(recorder: LogRecorder) -> None:
    school = DogSchool(recorder)
    fido = school.register("Fido")

    school.teach(fido, "roll over", "play dead")

    assert school.tricks(fido) == ["roll over", "play dead"]
    section = school.notification_log["1,10"]
    assert [item.id for item in section.items] == [1, 2, 3]
    assert school.notification_log.select(2, 1)[0].topic.endswith("Dog.TrickAdded")


def test_an_application_does_not_find_what_another_tenant_has(database: str, recorder: LogRecorder) -> None:
    fido = DogSchool(recorder).register("Fido")

    with LogRecorder(database, OTHER_TENANT) as other, pytest.raises(AggregateNotFoundError):
        DogSchool(other).tricks(fido)


@pytest.mark.anyio
async def test_what_the_library_wrote_keeps_the_promises_of_the_log(database: str) -> None:
    with LogRecorder(database, TENANT) as recorder:
        DogSchool(recorder).register("Fido")
        recorder.insert_events([stored(0, of="a"), stored(0, of="b"), stored(1, of="a")])

    found = [verdict async for verdict in verify(database, lambda *_: None)]

    assert all(verdict.ok for verdict in found)


@pytest.mark.anyio
async def test_the_library_reads_the_streams_of_the_product(database: str) -> None:
    log = EventLog(database, Mapper(EVENTS))
    office = Office(log)
    outcome = await add_artist(log, office.context(), AddArtist(name="Mo", time_zone="Europe/Berlin"))
    await log.close()
    artist = f"artist/{json.loads(outcome.body)['id']}"

    with LogRecorder(database, office.tenant_id) as recorder:
        (notification,) = recorder.select_notifications(start=None, limit=10)
        (of_the_stream,) = recorder.select_events(artist)

    read = Mapper(EVENTS).to_domain_event(notification)
    assert isinstance(read, DomainEvent)
    assert (read.originator_id, read.originator_version, read.event.stored_as) == (artist, 1, "artist.added.v1")
    assert of_the_stream.state == notification.state


def test_events_of_several_streams_keep_the_order_in_which_they_were_given(recorder: LogRecorder) -> None:
    given = [stored(1, of="a"), stored(1, of="b"), stored(2, of="a"), stored(2, of="b")]

    assert list(recorder.insert_events(given) or []) == [1, 2, 3, 4]

    notifications = recorder.select_notifications(start=None, limit=10)
    assert [(n.id, n.originator_id, n.originator_version) for n in notifications] == [
        (1, "a", 1),
        (2, "b", 1),
        (3, "a", 2),
        (4, "b", 2),
    ]


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b'{"a": [1, 2.50, "\\u00e9"]}',
        b' { "kept" :  "as it is" } ',
        b"NaN",
        b"[Infinity]",
        bytes(range(256)),
        '{"a": "\N{BELL}\N{SNOWMAN}"}'.encode(),
        b'"\\ud800"',
        b'"nul \x00"',
        b'"nul \\u0000"',
        b'{"$bytes": "c3RhdGU="}',
        b"[" * 10_000 + b"]" * 10_000,
    ],
    ids=lambda state: repr(state[:20]),
)
def test_any_bytes_come_back_as_they_were(recorder: LogRecorder, state: bytes) -> None:
    recorder.insert_events([stored(1, state)])

    assert [event.state for event in recorder.select_events(ONE)] == [state]


def test_json_is_stored_as_json(database: str, recorder: LogRecorder) -> None:
    recorder.insert_events([stored(1, b'{"name": "Fido"}'), stored(2, b"\xff")])

    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT data::text FROM events ORDER BY seq").fetchall()
    assert rows == [('{"name": "Fido"}',), ('{"$bytes": "/w=="}',)]


def test_a_version_that_is_not_next_is_an_integrity_error(recorder: LogRecorder) -> None:
    recorder.insert_events([stored(1)])

    for late_or_early in (1, 3, 0):
        with pytest.raises(IntegrityError):
            recorder.insert_events([stored(late_or_early)])
    assert recorder.max_notification_id() == 1


def test_what_postgres_does_not_take_is_a_data_error(recorder: LogRecorder) -> None:
    with pytest.raises(DataError):
        recorder.insert_events([stored(1, topic="nul \x00")])


def test_a_database_that_cannot_be_reached_is_an_operational_error(database: str) -> None:
    nowhere = database.rpartition("/")[0] + "/no_such_database"

    with LogRecorder(nowhere, TENANT) as recorder, pytest.raises(OperationalError):
        recorder.insert_events([stored(1)])


def test_a_subscription_gives_only_the_topics_it_was_asked_for(recorder: LogRecorder) -> None:
    with recorder.subscribe(topics=["wanted"]) as subscription:
        recorder.insert_events([stored(1, topic="not this"), stored(2, topic="wanted")])

        assert next(subscription).id == 2
