"""Booking time: confirming a hold, or directly; never over another booking, never past a higher hold, unless accepted."""

from collections.abc import Sequence
from typing import Final

from domain.calendar import TimeBooked
from domain.claims import Held, HoldClaim, held
from domain.ending import release
from domain.errors import Refused
from domain.overrides import Override, not_accepted
from domain.placing import on_time_off
from domain.queue import stretches
from domain.spans import Span, intersect, overlap, plain, subtract, union
from domain.turn import Turn


class DoubleBooking(Refused):
    """The time is booked already."""

    code = "double_booking"


class NotFirst(Refused):
    """Others come first on that time."""

    code = "not_first"


class ConsentPending(Refused):
    """The artist, or the agent, has not accepted."""

    code = "consent_pending"


class NotHeld(Refused):
    """The hold does not cover that time."""

    code = "not_held"


class Booker:
    """Who books, and what rules they set aside."""

    __slots__ = ("overrides", "permissions")

    def __init__(self, overrides: Sequence[Override] = (), permissions: frozenset[str] = frozenset()) -> None:
        """`permissions` are those of the caller's token."""
        self.overrides = tuple(overrides)
        self.permissions = permissions
