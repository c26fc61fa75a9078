"""What every event has: a stored name, and values that never change."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """A business fact; who, when, tenant and position belong to the envelope that the log puts around it.

    A published event class is never edited: a new shape is a new class with `.v2` in its name,
    and an upcast in `infra/mapper.py` reads the old one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stored_as: ClassVar[str]
    """`noun.verb.vN`, what the log stores; renaming a class changes nothing."""
