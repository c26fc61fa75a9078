from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from eventsourcing.persistence import Notification, StoredEvent
from pydantic import ValidationError

from domain.event import Event
from domain.policy import PRESETS
from domain.tenant import PolicyAdopted
from infra.catalogue import EVENTS
from infra.mapper import UPCASTS, DomainEvent, Mapper, UnknownEvent
from tests.golden.write import HERE, example

GOLDEN = sorted(HERE.glob("*.jsonl"))
MAPPER = Mapper(EVENTS)


class Renamed(Event):
    stored_as: ClassVar[str] = "thing.renamed.v3"

    title: str
    at: datetime | None = None


class RenamedToo(Event):
    stored_as: ClassVar[str] = "thing.renamed.v3"


def _title(members: dict[str, Any]) -> dict[str, Any]:
    return {"title": members["name"]}


def _shout(members: dict[str, Any]) -> dict[str, Any]:
    return {"title": members["title"].upper()}


THINGS = Mapper(
    [Renamed], {"thing.renamed.v1": ("thing.renamed.v2", _title), "thing.renamed.v2": (Renamed.stored_as, _shout)}
)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.stem)
def test_what_was_published_can_be_read(golden: Path) -> None:
    lines = golden.read_bytes().splitlines()

    events = [MAPPER.decode(golden.stem, line) for line in lines]

    assert lines
    if golden.stem not in UPCASTS:
        assert [MAPPER.encode(event) for event in events] == [(golden.stem, line) for line in lines]


def test_every_event_class_has_its_stored_bytes_on_record() -> None:
    assert {event.stored_as for event in EVENTS} | set(UPCASTS) == {golden.stem for golden in GOLDEN}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.stored_as)
@pytest.mark.parametrize("shape", ["everything", "no optional value", "least"])
def test_an_event_comes_back_equal(event: type[Event], shape: Any) -> None:  # noqa: ANN401
    original = example(event, shape)

    assert MAPPER.decode(*MAPPER.encode(original)) == original


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_every_preset_comes_back_as_it_was_adopted(policy: Any) -> None:  # noqa: ANN401
    adopted = PolicyAdopted(policy=policy)

    assert MAPPER.decode(*MAPPER.encode(adopted)) == adopted


def test_the_stored_text_is_exact_and_leaves_out_what_is_none() -> None:
    assert THINGS.encode(Renamed(title="né")) == ("thing.renamed.v3", '{"title":"né"}'.encode())
    assert THINGS.encode(Renamed(title="", at=datetime(2027, 3, 1, 9, tzinfo=UTC))) == (
        "thing.renamed.v3",
        b'{"title":"","at":"2027-03-01T09:00:00Z"}',
    )


def test_what_classes_stored_that_are_no_more_is_read_step_by_step() -> None:
    assert THINGS.decode("thing.renamed.v1", b'{"name": "a"}') == Renamed(title="A")
    assert THINGS.decode("thing.renamed.v2", '{"title": "a"}') == Renamed(title="A")


def test_a_name_that_nobody_knows_is_said() -> None:
    with pytest.raises(UnknownEvent, match=r"thing\.lost\.v1"):
        THINGS.decode("thing.lost.v1", b"{}")


@pytest.mark.parametrize("data", [b"{}", b'{"title": "a", "colour": "red"}', b'{"title": 1}', b"not JSON"])
def test_bytes_that_are_not_such_an_event_are_refused(data: bytes) -> None:
    with pytest.raises(ValidationError):
        THINGS.decode("thing.renamed.v3", data)


def test_two_classes_of_one_stored_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"thing\.renamed\.v3"):
        Mapper([Renamed, RenamedToo])


def test_a_class_may_be_listed_twice() -> None:
    assert Mapper([Renamed, Renamed]).decode(*THINGS.encode(Renamed(title="a"))) == Renamed(title="a")


@pytest.mark.parametrize("originator_id", [UUID(int=1), "hold/1"])
def test_the_librarys_form_keeps_the_place_of_an_event(originator_id: UUID | str) -> None:
    event = DomainEvent(originator_id, 3, Renamed(title="a"))

    stored = THINGS.to_stored_event(event)

    assert stored == StoredEvent(originator_id, 3, "thing.renamed.v3", b'{"title":"a"}')
    assert THINGS.to_domain_event(stored) == event
    assert THINGS.to_domain_event(Notification(**vars(stored), id=7)) == event
