"""What live clients are told of an event, and whom it concerns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import from_json, to_json

from domain.consistency import Seen, encode
from read_api.tenant import Connection, Found

PAGE: Final = 200
"""Events that are read at once."""
_HOLDS: Final = ("challenged", "passed_over", "blocked", "order")
"""Members of events that list holds."""
_ONES: Final = ("hold", "booking", "job", "challenge", "time_off")
"""What an event may name by `<category>_id`."""
_FROM: Final = {"artist": "artist_id", "calendar": "artist_id", "project": "project_id"}
"""Categories whose streams are named after an artist or a project."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event: its place in the log, whom it concerns, and its JSON in three lengths."""

    seq: int
    type: str
    artist_ids: frozenset[str]
    project_ids: frozenset[str]
    whole: bytes
    brief: bytes
    """Whom it concerns, and neither what it says nor who said it."""
    outside: bytes
    """For the artist: that the calendar has changed, and neither how nor by whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one client wants to hear of."""

    artist_id: str | None = None
    project_id: str | None = None
    types: frozenset[str] = frozenset()
    """Of events, such as `hold.placed.v1`, or of the things that they are about, such as `hold`; empty for all."""
    with_data: bool = True
    as_artist: bool = False
    """The client is the artist `artist_id`, and no staff."""

    def of(self, told: Told) -> bytes | None:
        """The JSON that the client gets of this event; None when it gets nothing."""
        if self.artist_id is not None and self.artist_id not in told.artist_ids:
            return None
        if self.as_artist:
            return told.outside
        if self.project_id is not None and self.project_id not in told.project_ids:
            return None
        if self.types and self.types.isdisjoint((told.type, told.type.partition(".")[0])):
            return None
        return told.whole if self.with_data else told.brief


async def head(connection: Connection, tenant_id: str) -> int:
    """The seq of the tenant's last event; 0 before its first."""
    row = await connection.row("SELECT seq FROM heads WHERE tenant_id = %(tenant_id)s", {"tenant_id": tenant_id})
    return 0 if row is None else int(row["seq"])


async def told_after(connection: Connection, tenant_id: str, after: int, until: int | None = None) -> list[Told]:
    """The next events behind `after`, in order without a gap: at most `PAGE`, and none past `until`."""
    rows = await connection.rows(
        """
        SELECT e.seq, e.stream, e.event_type AS type, e.recorded_at, e.actor, e.data::text AS data,
               h.incarnation::text AS incarnation
        FROM events e, heads h
        WHERE e.tenant_id = %(tenant_id)s
            AND h.tenant_id = e.tenant_id
            AND e.seq > %(after)s
            AND (%(until)s::bigint IS NULL OR e.seq <= %(until)s::bigint)
        ORDER BY e.seq
        LIMIT %(most)s
        """,
        {"tenant_id": tenant_id, "after": after, "until": until, "most": PAGE},
    )
    said = [from_json(row["data"]) for row in rows]
    named = {stream for row, data in zip(rows, said, strict=True) for stream in _named(row["stream"], data)}
    beginnings = await _beginnings(connection, tenant_id, named)
    return [_told(row, tenant_id, data, beginnings) for row, data in zip(rows, said, strict=True)]


async def _beginnings(connection: Connection, tenant_id: str, streams: set[str]) -> dict[str, Found]:
    """By stream, whose time its first event is about and for what: later events need not repeat it."""
    if not streams:
        return {}
    rows = await connection.rows(
        """
        SELECT stream, data ->> 'artist_id' AS artist_id, data ->> 'project_id' AS project_id
        FROM events
        WHERE tenant_id = %(tenant_id)s AND stream = ANY (%(streams)s) AND version = 1
        """,
        {"tenant_id": tenant_id, "streams": list(streams)},
    )
    return {row["stream"]: row for row in rows}


def _named(stream: str, data: Mapping[str, Any]) -> Iterable[str]:
    """The streams that an event is about, its own among them."""
    yield stream
    for category in _ONES:
        if isinstance(id := data.get(f"{category}_id"), str):
            yield f"{category}/{id}"
    for member in _HOLDS:
        for id in data.get(member, ()):
            yield f"hold/{id}"


def _told(row: Found, tenant_id: str, data: Mapping[str, Any], beginnings: Mapping[str, Found]) -> Told:
    category, _, id = row["stream"].partition("/")
    about: list[Mapping[str, Any]] = [data, *(beginnings.get(stream, {}) for stream in _named(row["stream"], data))]
    if category in _FROM:
        about.append({_FROM[category]: id})
    artists, projects = (
        frozenset(str(one[name]) for one in about if one.get(name)) for name in ("artist_id", "project_id")
    )
    token = encode(Seen(tenant_id=tenant_id, seq=row["seq"], incarnation=row["incarnation"]))
    place = {"seq": row["seq"], "recorded_at": row["recorded_at"], "consistency_token": token}
    concerned = {"type": row["type"], "artist_ids": sorted(artists), "project_ids": sorted(projects)}
    envelope = to_json({**place, **concerned, "stream": row["stream"], "actor": row["actor"]})
    # JSON takes white space anywhere but in its texts, where a line break is never bare; a frame ends at one.
    stored = row["data"].replace("\r", " ").replace("\n", " ").encode()
    return Told(
        seq=row["seq"],
        type=row["type"],
        artist_ids=artists,
        project_ids=projects,
        whole=b'%b,"data":%b}' % (envelope[:-1], stored),
        brief=to_json({**place, **concerned}),
        outside=to_json({**place, "type": "calendar_changed"}),
    )
