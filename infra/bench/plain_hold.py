"""The body of a hold as FastAPI reads it."""

from pydantic import ConfigDict

from commands.hold import PlaceHold


class PlainHold(PlaceHold):
    """Not strict: FastAPI parses JSON first and validates what came of it, and a list is no tuple then."""

    model_config = ConfigDict(strict=False)
