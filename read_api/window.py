"""The time that a read asks about: from an instant, or from a local day, until another."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, LiteralString

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from psycopg.sql import SQL, Composed, Placeholder
from pydantic import TypeAdapter, ValidationError

from domain.instants import Day, SaidInstant, day_starts_at

_MOMENT: Final[TypeAdapter[date | datetime]] = TypeAdapter(Day | SaidInstant)
_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]
}


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, or the beginning of a day wherever one is."""

    at: datetime | None
    day: date | None

    def in_zone(self, zone: str) -> datetime:
        """The instant that it is for somebody in `zone`."""
        if self.at is not None:
            return self.at
        assert self.day is not None  # noqa: S101 - one of the two is there
        return day_starts_at(self.day, zone)


def _moment(name: str, said: str | None) -> Moment | None:
    if said is None:
        return None
    try:
        read = _MOMENT.validate_python(said)
    except ValidationError:
        what = {
            "type": "moment",
            "loc": ("query", name),
            "msg": "must be an RFC 3339 instant, or a date",
            "input": said,
        }
        raise RequestValidationError([what]) from None
    return Moment(read, None) if isinstance(read, datetime) else Moment(None, read)


@dataclass(frozen=True, slots=True)
class Window:
    """`from` until, not including, `until`; None is open."""

    start: Moment | None
    end: Moment | None

    def some_of(self, spans: LiteralString, *, zone: LiteralString) -> list[Composed]:
        """In SQL, what makes some of the `spans` of a row lie within: nothing where the window is open on both sides.

        Takes `parameters()`.
        """
        time = self.conditions(
            starts_at="(span ->> 'starts_at')::timestamptz", ends_at="(span ->> 'ends_at')::timestamptz", zone=zone
        )
        if not time:
            return []
        some = SQL("EXISTS (SELECT FROM json_array_elements({}) AS span WHERE {})")
        return [some.format(SQL(spans), SQL(" AND ").join(time))]

    def conditions(self, *, starts_at: LiteralString, ends_at: LiteralString, zone: LiteralString) -> list[Composed]:
        """In SQL, what makes some time lie within: nothing where the window is open. Takes `parameters()`."""
        found = list[Composed]()
        if self.start is not None:
            found.append(SQL("{} > {}").format(SQL(ends_at), _instant("from", zone)))
        if self.end is not None:
            found.append(SQL("{} < {}").format(SQL(starts_at), _instant("until", zone)))
        return found

    def parameters(self) -> dict[str, date | datetime | None]:
        """What `conditions` refers to."""
        said = {"from": self.start, "until": self.end}
        instants = {f"{name}_at": None if moment is None else moment.at for name, moment in said.items()}
        days = {f"{name}_day": None if moment is None else moment.day for name, moment in said.items()}
        return {**instants, **days}


def _instant(name: str, zone: LiteralString) -> Composed:
    return SQL("coalesce({at}::timestamptz, {day}::date::timestamp AT TIME ZONE {zone})").format(
        at=Placeholder(f"{name}_at"), day=Placeholder(f"{name}_day"), zone=SQL(zone)
    )


async def window(
    start: Annotated[
        str | None,
        Query(
            alias="from",
            description="From this instant, or from this day in the artist's time zone.",
            json_schema_extra=_SCHEMA,
            examples=["2027-03-01"],
        ),
    ] = None,
    end: Annotated[
        str | None,
        Query(
            alias="until",
            description="Until, not including, this instant, or this day in the artist's time zone.",
            json_schema_extra=_SCHEMA,
            examples=["2027-04-01"],
        ),
    ] = None,
) -> Window:
    """What `from` and `until` say.

    Raises:
        RequestValidationError: one of them is no moment, or they are the wrong way round.
    """
    read = Window(_moment("from", start), _moment("until", end))
    if read.start is not None and read.end is not None and read.end.in_zone("UTC") <= read.start.in_zone("UTC"):
        what = {"type": "moment", "loc": ("query", "until"), "msg": "must come after `from`", "input": end}
        raise RequestValidationError([what])
    return read
