"""What each project has booked, in days, hours and money: a line for each booking, to be added up."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from domain.booking import BOOKING, BookingCancelled, BookingMade
from domain.calendar import CALENDAR, BookingFreed, BookingMoved, TimeBooked
from domain.rederived import BookingRederived
from domain.worked import days, minutes, runs
from projections.begun import begun
from projections.projection import Projection, names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

LINES: Final = Table(
    name="project_board",
    key=("tenant_id", "booking_id"),
    columns={
        "tenant_id": "uuid",
        "booking_id": "uuid",
        "project_id": "uuid",
        "job_id": "uuid",
        "days": "integer",
        "minutes": "integer",
        "rate": "numeric",
        "currency": "text",
        "fees": "numeric",
    },
)
"""`days` and `minutes` are the work that stands on the calendar, none once the booking has left it.

`rate` is for a day, `fees` what cancelling has cost so far; both in `currency`, if a rate was agreed.
"""

_BOOKING: Final = "booking/"
_ON_CALENDAR: Final = frozenset({TimeBooked, BookingMoved, BookingFreed, BookingRederived})


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The line of a booking that an event changes; one that is made needs no looking up."""
    booking_id = _changed(recorded)
    return [] if booking_id is None else [(LINES, (recorded.tenant_id, booking_id))]


def project(recorded: Recorded, rows: Rows) -> None:
    """A booking is made, takes other time, costs something to cancel."""
    if isinstance(recorded.event, BookingMade):
        rows.put(LINES, _made(recorded, recorded.event))
    elif (booking_id := _changed(recorded)) is not None:
        row = begun(rows, LINES, recorded, booking_id)
        rows.put(LINES, {**row, **_changes(recorded, row)})


def _changed(recorded: Recorded) -> str | None:
    kind = type(recorded.event)
    if kind is BookingCancelled:
        return recorded.stream.removeprefix(_BOOKING)
    if kind in _ON_CALENDAR:
        return str(recorded.event.booking_id)  # type: ignore[attr-defined]  # each of these has one
    return None


def _made(recorded: Recorded, made: BookingMade) -> Row:
    return {
        "tenant_id": recorded.tenant_id,
        "booking_id": recorded.stream.removeprefix(_BOOKING),
        "project_id": made.project_id,
        "job_id": made.job_id,
        "days": 0,
        "minutes": 0,
        "rate": None if made.rate is None else made.rate.amount,
        "currency": None if made.rate is None else made.rate.currency,
        "fees": Decimal(0),
    }


def _changes(recorded: Recorded, row: Row) -> Row:
    if isinstance(recorded.event, BookingCancelled):
        costs = (fee.amount.amount for fee in recorded.event.fees if fee.amount is not None)
        return {"fees": sum(costs, row["fees"])}
    work = runs(recorded.event.spans)  # type: ignore[attr-defined]  # each of the others has some
    return {"days": days(work), "minutes": minutes(work)}


PROJECTION: Final = Projection(
    name="project_board",
    tables=(LINES,),
    touches=touches,
    project=project,
    about=names(*BOOKING.events, *CALENDAR.events),
)
