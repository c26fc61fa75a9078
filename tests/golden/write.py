"""Write down how each event class is stored now, for those that have not been written down yet.

    python -m tests.golden.write

A line with every member, and one with the members it cannot do without. A line that has been written stands for bytes
that are in somebody's log: it is never changed, only followed by what its class's successor needs.
"""

import dataclasses
import types
import typing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from domain.event import Event
from infra.catalogue import EVENTS
from infra.mapper import Mapper

HERE = Path(__file__).parent

_TEXTS = {
    "zone": "America/New_York",
    "time_zone": "America/New_York",
    "currency": "USD",
    "country": "US",
    "subdivision": "NY",
}

Shape = Literal["everything", "no optional value", "least"]


def example(event: type[Event], shape: Shape) -> Event:
    """An event of a class; the same each time."""
    return event.model_validate(_members(event, shape))


def _example(kind: Any, name: str, shape: Shape) -> Any:  # noqa: ANN401, PLR0911
    """A value of the type `kind` for the member `name`; of several, one of each kind that they may be."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _example(arguments[0], name, shape)
    if origin in {Union, types.UnionType}:
        if type(None) in arguments and shape != "everything":
            return None
        return _example(arguments[0], name, shape)
    if origin is Literal:
        return arguments[-1]
    if origin is tuple:
        return [] if shape == "least" else [_example(one, name, shape) for one in _kinds(arguments[0])]
    if origin is dict:
        keys = () if shape == "least" else _kinds(arguments[0])
        return {_example(key, name, shape): _example(arguments[1], name, shape) for key in keys}
    if dataclasses.is_dataclass(kind) or issubclass(kind, BaseModel):
        return _members(kind, shape)
    return _plain(name)[kind]


def _plain(name: str) -> dict[Any, Any]:
    later = name in {"ends_at", "ends_local", "last_day"}
    wall = datetime(2027, 3, 15 if later else 14, 7, 30, 15, 120_000)  # noqa: DTZ001 - local, unless made UTC
    id_or_words = f"0192f0c1-0000-7000-8000-{len(name):012}" if name.endswith("_id") else f"{name}: né ♯"
    return {
        bool: True,
        int: 2,
        Decimal: Decimal("12.50"),
        date: wall.date(),
        time: time(18, 30),
        datetime: wall if name.endswith("_local") else wall.replace(tzinfo=UTC),
        str: _TEXTS.get(name, id_or_words),
    }


def _kinds(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in {Union, types.UnionType}:
        return get_args(kind)
    return tuple(Literal[value] for value in get_args(kind)) if get_origin(kind) is Literal else (kind,)


def _members(kind: Any, shape: Shape) -> dict[str, Any]:  # noqa: ANN401
    hints = typing.get_type_hints(kind, include_extras=True)
    if dataclasses.is_dataclass(kind):
        required = {f.name: f.default is dataclasses.MISSING for f in dataclasses.fields(kind)}
    else:
        required = {name: field.is_required() for name, field in kind.model_fields.items()}
    return {name: _example(hints[name], name, shape) for name, needed in required.items() if needed or shape != "least"}


if __name__ == "__main__":
    encode = Mapper(EVENTS).encode
    for event in EVENTS:
        file = HERE / f"{event.stored_as}.jsonl"
        lines = dict.fromkeys(encode(example(event, shape))[1] for shape in ("everything", "least"))
        if not file.exists():
            file.write_bytes(b"".join(line + b"\n" for line in lines))
