"""What every command's body has in common, and the kinds of text in it."""

import time
from random import getrandbits
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from domain.ids import RANDOM_BITS, uuid7
from domain.instants import ZoneName
from domain.overrides import Override


class Body(BaseModel):
    """What a client sends: exactly these members, never changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


Id = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", to_lower=True
    ),
    WithJsonSchema({"type": "string", "format": "uuid"}),
]
"""A UUID in its canonical form; capitals are read as small letters."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=2000)]
Zone = Annotated[ZoneName, Field(max_length=64, examples=["Europe/Berlin"])]
OverrideList = Annotated[tuple[Override, ...], Field(max_length=4)]


def new_id() -> str:
    """A fresh UUIDv7."""
    return uuid7(time.time_ns() // 1_000_000, getrandbits(RANDOM_BITS))
