"""Tables (CSV) of artists, projects and bookings, row by row, and the tables of people that Kitsu exports."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from domain.ids import derived_id

Kind = Literal["artists", "projects", "bookings"]
Said = Mapping[str, str]
"""A row: column, in small letters with underscores, to what the cell says; only cells that say something."""

MOST_ROWS: Final = 5000
_LONGEST_CELL: Final = 10_000
_IDS: Final = 36
"""Characters of an id."""
_COLUMNS: Final[Mapping[Kind, frozenset[str]]] = {
    "artists": frozenset({"name", "last_name", "email"}),
    "projects": frozenset({"name"}),
    "bookings": frozenset({"artist", "project"}),
}
"""One of these has to be there for a table to be one of that kind."""


class NoTable(Exception):
    """The file is no table of that kind, or has more rows than are taken at once; the sentence is for people."""


class Row(NamedTuple):
    """A row of the file, as the body of a command."""

    place: int
    """Its line number in a table program: the heading is 1."""
    what: str
    body: dict[str, Any]


class Skipped(NamedTuple):
    """A row that asks for nothing, and why."""

    place: int
    what: str
    code: str
    detail: str


def read_table(said: bytes, kind: Kind, *, tenant_id: str, zone: str | None) -> list[Row | Skipped]:
    """The rows of the file, in its order. `zone` is for artists and projects whose row says none.

    Ids are derived from what a row calls its thing, an artist's email before its name, so that the same row is the same
    thing whenever it comes, and a booking finds the artist and the project that were imported before.

    Raises:
        NoTable
    """
    make = _MAKE[kind]
    rows = list[Row | Skipped]()
    for place, row in _rows(said, kind):
        if row.get("active", "").casefold() in {"no", "false", "0"}:
            rows.append(Skipped(place, _called(row), "not_active", "It is marked as not active."))
        else:
            rows.append(Row(place, _called(row), make(row, tenant_id, zone)))
    return rows


def _rows(said: bytes, kind: Kind) -> Iterator[tuple[int, Said]]:
    try:
        text = said.decode("utf-16" if said[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError:
        raise NoTable("This is not UTF-8; save the table as CSV in UTF-8.") from None
    heading = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    try:
        lines = list(csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise NoTable(f"This is no table: {error}.") from None
    filled = [(place, line) for place, line in enumerate(lines, 1) if any(cell.strip() for cell in line)]
    names = [cell.strip().casefold().replace(" ", "_") for cell in filled[0][1]] if filled else []
    if not _COLUMNS[kind] & set(names):
        raise NoTable(f"The first row names none of the columns of {kind}: {', '.join(sorted(_COLUMNS[kind]))}.")
    if len(filled) - 1 > MOST_ROWS:
        raise NoTable(f"There are more than {MOST_ROWS:,} rows in this table; divide it.")
    for place, line in filled[1:]:
        cells = zip(names, (_unescaped(cell.strip()[:_LONGEST_CELL]) for cell in line), strict=False)
        yield place, {name: cell for name, cell in cells if cell}


def _unescaped(cell: str) -> str:
    """Without the apostrophe that our own exports put before what a spreadsheet would run."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in {"=", "+", "-", "@"} else cell


def _called(row: Said) -> str:
    return row.get("name") or _full_name(row) or row.get("email") or row.get("artist") or ""


def _full_name(row: Said) -> str:
    """As Kitsu's tables of people say it."""
    return " ".join(row[part] for part in ("first_name", "last_name") if part in row)


def _artist(row: Said, tenant_id: str, zone: str | None) -> dict[str, Any]:
    name = row.get("name") or _full_name(row)
    return _without_none(
        {
            "id": row.get("id") or _id(tenant_id, "artist", row.get("email") or name),
            "name": name,
            "time_zone": row.get("time_zone") or zone,
            "email": row.get("email"),
            "user": row.get("user"),
            "skills": [one.strip() for one in row.get("skills", "").split(";") if one.strip()],
            "day_rate": _money(row, "day_rate"),
            "consent": row.get("consent"),
        }
    )


def _project(row: Said, tenant_id: str, zone: str | None) -> dict[str, Any]:
    return _without_none(
        {
            "id": row.get("id") or _id(tenant_id, "project", row.get("name", "")),
            "name": row.get("name"),
            "time_zone": row.get("time_zone") or zone,
            "first_day": row.get("first_day"),
            "last_day": row.get("last_day"),
            "budget": _money(row, "budget"),
        }
    )


def _booking(row: Said, tenant_id: str, _: str | None) -> dict[str, Any]:
    times = ("starts_at", "ends_at") if "starts_at" in row else ("first_day", "last_day")
    period = {name: row[name] for name in times if name in row}
    if period.keys() == {"first_day"}:
        period["last_day"] = period["first_day"]
    artist, project = (_id_or_name(tenant_id, kind, row.get(kind, "")) for kind in ("artist", "project"))
    same = "/".join([artist, project, *period.values()])
    return _without_none(
        {
            "id": row.get("id") or _id(tenant_id, "booking", same),
            "artist_id": artist,
            "project_id": project,
            "periods": [period],
            "rate": _money(row, "rate"),
            "note": row.get("note"),
        }
    )


_MAKE: Final[Mapping[Kind, Callable[[Said, str, str | None], dict[str, Any]]]] = {
    "artists": _artist,
    "projects": _project,
    "bookings": _booking,
}


def _money(row: Said, name: str) -> dict[str, Any] | None:
    if name not in row:
        return None
    return {"amount": row[name].replace(",", "."), "currency": row.get("currency", "")}


def _id_or_name(tenant_id: str, kind: str, said: str) -> str:
    return said if len(said) == _IDS and said.count("-") == 4 else _id(tenant_id, kind, said)  # noqa: PLR2004


def _id(tenant_id: str, kind: str, called: str) -> str:
    return derived_id(tenant_id, f"import/{kind}/{called.casefold()}")


def _without_none(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
