"""Who is free when: for each half of a local day, a bit for each artist, so that all artists are looked at together.

A slot is a local date of the artist's and its half, before noon or after. Bits of bookings and approved time off are in
the plane `hard`, bits of holds in `soft`. A slot's bit says that some of it is taken, so on time that begins and ends
with slots the bits are exact. Which slots hours take is read off the wall times that the event stored. Only time that
was said in another zone than the artist's cannot be placed without looking zones up, which a replay must not: it is in
the plane `unsure`, wherever it may lie, and who reads looks at the claims themselves.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from domain.artist import ArtistAdded
from domain.claims import Held
from domain.half_days import slot_at, slot_of
from domain.spans import Span
from projections.brief import CATEGORY, OF_BOOKINGS, OF_HOLDS, OF_TIME_OFF, Brief, briefs, micros
from projections.keyed import KeyedProjection, Op
from projections.projection import names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

ARTISTS: Final = Table(
    name="artists",
    key=("tenant_id", "artist_id"),
    columns={
        "tenant_id": "uuid",
        "artist_id": "uuid",
        "number": "integer",
        "name": "text",
        "time_zone": "text",
        "skills": "json",
    },
)
"""`number` is the artist's bit: 0, 1, 2, … in the order in which they were added."""

ROLL: Final = Table(name="roll", key=("tenant_id",), columns={"tenant_id": "uuid", "artists": "integer"})
"""How many artists there are."""

CLAIMS: Final = Table(
    name="claims",
    key=("tenant_id", "claim_id"),
    columns={
        "tenant_id": "uuid",
        "claim_id": "uuid",
        "artist_id": "uuid",
        "number": "integer",
        "plane": "text",
        "ends": "json",
        "spans": "json",
        "slots": "json",
    },
)
"""What takes time: `plane` is hard or soft. Time off that was only asked for takes none.

`ends` are the instants at which the deadline and the response window end all of it, either may be null. `spans` are
where each starts and ends, and when a clock of its own ends it, or null; all in microseconds. `slots` are the first and
the last slot of each span, and whether that is sure.
"""

NUMBERS: Final = "numbers"
"""A hash: the artist by its number."""
EVERYBODY: Final = "everybody"
"""A bit for each artist."""
ZONES: Final = "zones"
"""A set: the artists' time zones. `zone:<name>` has a bit for each artist who is there, `skill:<name>` for the able."""
CLOCKS: Final = "clocks"
"""A sorted set: each hold by the first of its clocks."""

_KEPT: Final = timedelta(days=62)
"""How long a slot's bits are kept when it has gone by."""
_WEST: Final = timedelta(hours=12)
_EAST: Final = timedelta(hours=14)
"""No zone is further from UTC."""
_TICK: Final = timedelta(microseconds=1)


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The claims that an event changes, and the artist whose they are."""
    tenant_id = recorded.tenant_id
    if isinstance(recorded.event, ArtistAdded):
        return [(ROLL, (tenant_id,))]
    if not recorded.stream.startswith(CATEGORY):
        return []
    keys: list[tuple[Table, Key]] = [(CLAIMS, (tenant_id, brief.id)) for brief in briefs(recorded.event)]
    return [(ARTISTS, (tenant_id, recorded.stream.removeprefix(CATEGORY))), *keys] if keys else ()


def project(recorded: Recorded, rows: Rows) -> None:
    """An artist comes; claims take time, and give it back."""
    if isinstance(recorded.event, ArtistAdded):
        _artist(recorded, recorded.event, rows)
    elif recorded.stream.startswith(CATEGORY):
        for brief in briefs(recorded.event):
            _claim(recorded, brief, rows)


def _artist(recorded: Recorded, added: ArtistAdded, rows: Rows) -> None:
    tenant_id = recorded.tenant_id
    roll = rows.get(ROLL, (tenant_id,))
    number = 0 if roll is None else roll["artists"]
    rows.put(ROLL, {"tenant_id": tenant_id, "artists": number + 1})
    rows.put(
        ARTISTS,
        {
            "tenant_id": tenant_id,
            "artist_id": recorded.stream.partition("/")[2],
            "number": number,
            "name": added.name,
            "time_zone": added.time_zone,
            "skills": list(added.skills),
        },
    )


def _claim(recorded: Recorded, brief: Brief, rows: Rows) -> None:
    key = (recorded.tenant_id, brief.id)
    if (brief.spans is not None and not brief.spans) or not brief.approved:
        rows.remove(CLAIMS, key)
        return
    row = rows.get(CLAIMS, key) or _new(recorded, brief, rows)
    changes: dict[str, Any] = {}
    if brief.spans is not None:
        zone = _of(recorded, rows)["time_zone"]
        changes = {"spans": [_span(span) for span in brief.spans], "slots": [slots(span, zone) for span in brief.spans]}
    deadline, respond_by = row["ends"]
    if brief.deadline is not None:
        deadline = micros(brief.deadline.at)
    if brief.answered:
        respond_by = None if brief.respond_by is None else micros(brief.respond_by.at)
    rows.put(CLAIMS, {**row, **changes, "ends": [deadline, respond_by]})


def _new(recorded: Recorded, brief: Brief, rows: Rows) -> Row:
    artist = _of(recorded, rows)
    return {
        "tenant_id": recorded.tenant_id,
        "claim_id": brief.id,
        "artist_id": artist["artist_id"],
        "number": artist["number"],
        "plane": "soft" if brief.kind == "hold" else "hard",
        "ends": [None, None],
        "spans": [],
        "slots": [],
    }


def _of(recorded: Recorded, rows: Rows) -> Row:
    artist_id = recorded.stream.removeprefix(CATEGORY)
    artist = rows.get(ARTISTS, (recorded.tenant_id, artist_id))
    if artist is None:
        raise LookupError(f"seq {recorded.seq} of {recorded.tenant_id}: no artist {artist_id} was added")
    return artist


def _span(span: Span) -> list[int | None]:
    clocks = (span.first_refusal, span.commitment) if isinstance(span, Held) else ()
    ends = [micros(clock.at) for clock in clocks if clock is not None]
    return [micros(span.starts_at), micros(span.ends_at), min(ends, default=None)]


def slots(span: Span, zone: str) -> list[int | bool]:
    """The first and the last slot that `span` may take some of for somebody in `zone`, and whether it does."""
    if span.time_zone != zone:
        return [slot_at(span.starts_at - _WEST), slot_at(span.ends_at + _EAST), False]
    if span.first_day is not None and span.last_day is not None:
        return [slot_of(span.first_day), slot_of(span.last_day) + 1, True]
    assert span.starts_local is not None  # noqa: S101 - hours have their wall times
    assert span.ends_local is not None  # noqa: S101
    first = slot_at(span.starts_local)
    # A clock that was put back may show an earlier time at the end.
    return [first, max(first, slot_at(span.ends_local - _TICK)), True]


def derived(table: Table, before: Row | None, after: Row | None) -> Iterable[Op]:
    """Bits of artists, and of the slots that claims take."""
    if table is CLAIMS:
        return _of_claim(before, after)
    return _of_artist(after) if table is ARTISTS and before is None and after is not None else ()


def _of_artist(artist: Row) -> Iterable[Op]:
    number = artist["number"]
    names = [EVERYBODY, f"zone:{artist['time_zone']}", *{f"skill:{skill.casefold()}" for skill in artist["skills"]}]
    return [
        ("HSET", NUMBERS, number, artist["artist_id"]),
        ("SADD", ZONES, artist["time_zone"]),
        *(("SETBIT", name, number, 1) for name in names),
    ]


def _of_claim(before: Row | None, after: Row | None) -> Iterable[Op]:
    claim = after or before or {}
    id, number = claim["claim_id"], claim["number"]
    was, is_ = (_bits(row) for row in (before, after))
    ops: list[Op] = [
        ("COUNT", f"{plane}:{slot}", number, by, _useless_after(slot))
        for some, by in ((was - is_, -1), (is_ - was, 1))
        for plane, slot in sorted(some)
    ]
    listed, listing = (None if row is None else _listed(row) for row in (before, after))
    if listed != listing:
        own = f"of:{claim['artist_id']}"
        ops += [("ZREM", own, listed[1])] if listed else ()
        ops += [("ZADD", own, *listing)] if listing else ()
    due, due_now = (None if row is None else first_clock(row) for row in (before, after))
    if due != due_now:
        ops.append(("ZREM", CLOCKS, id) if due_now is None else ("ZADD", CLOCKS, due_now, id))
    return ops


def _bits(row: Row | None) -> set[tuple[str, int]]:
    if row is None:
        return set()
    return {
        (row["plane"] if sure else "unsure", slot)
        for first, last, sure in row["slots"]
        for slot in range(first, last + 1)
    }


def _listed(row: Row) -> tuple[int, str]:
    """Among the artist's claims: by its end, and with its start for who looks for less."""
    return row["spans"][-1][1], f"{row['spans'][0][0]}/{row['claim_id']}"


def first_clock(row: Row) -> int | None:
    """When the first of a claim's clocks runs out; bookings and time off have none."""
    clocks: Sequence[int | None] = (*row["ends"], *(span[2] for span in row["spans"]))
    return min((clock for clock in clocks if clock is not None), default=None)


@lru_cache(maxsize=8192)
def _useless_after(slot: int) -> int:
    day = datetime.combine(date.fromordinal(slot // 2 + 1), datetime.min.time(), UTC)
    return int((day + _KEPT).timestamp())


PROJECTION: Final = KeyedProjection(
    name="availability",
    tables=(ARTISTS, ROLL, CLAIMS),
    touches=touches,
    project=project,
    about=OF_HOLDS | OF_BOOKINGS | OF_TIME_OFF | names(ArtistAdded),
    derived=derived,
)
