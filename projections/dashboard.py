"""Counts of what goes on: holds by rank, bookings and booked days by week, jobs that want somebody, artists.

What depends on the clock is not counted here: who reads finds the few calendars on which a clock has run out and is not
recorded yet, and counts those anew.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from domain.artist import ArtistAdded
from domain.claims import Held
from domain.job import JOB
from domain.spans import Span
from domain.worked import runs
from domain.worst_ranks import Holds, worst_ranks
from projections import jobs
from projections.brief import CATEGORY, OF_BOOKINGS, OF_HOLDS, Brief, briefs, micros
from projections.keyed import KeyedProjection, Op
from projections.projection import names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

QUEUES: Final = Table(
    name="queues",
    key=("tenant_id", "artist_id"),
    columns={"tenant_id": "uuid", "artist_id": "uuid", "holds": "json"},
)
"""`holds` by id: when its deadline ends all of it, when its response window does (or null), and its stretches.

A stretch is where it starts and ends, its place, and when a clock of its own ends it (or null); all in microseconds.
"""

BOOKINGS: Final = Table(
    name="bookings",
    key=("tenant_id", "booking_id"),
    columns={"tenant_id": "uuid", "booking_id": "uuid", "days": "json"},
)
"""`days` are the first and the last of each run of local days on which there is work, as ordinals."""

COUNTS: Final = "counts"
"""A hash: `rank:<n>`, `bookings:<week>`, `days:<week>`, `jobs`, `artists`; a week goes by its Monday's ordinal."""
CLOCKS: Final = "clocks"
"""A sorted set: each artist by the first clock on that calendar's holds."""

_WORKED: Final = 5
"""Days of a week: Monday to Friday count as days that can be booked."""
_WEEK: Final = 7


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The queue, the bookings or the job that an event changes."""
    tenant_id, stream = recorded.tenant_id, recorded.stream
    if stream.startswith(CATEGORY):
        found = briefs(recorded.event)
        keys = [(BOOKINGS, (tenant_id, brief.id)) for brief in found if brief.kind == "booking"]
        if any(brief.kind == "hold" for brief in found):
            keys.append((QUEUES, (tenant_id, stream.removeprefix(CATEGORY))))
        return keys
    return jobs.touches(recorded)


def project(recorded: Recorded, rows: Rows) -> None:
    """Queues as they stand, the days of bookings, jobs and what fills them."""
    if recorded.stream.startswith(CATEGORY):
        for brief in briefs(recorded.event):
            if brief.kind == "hold":
                _queue(recorded, brief, rows)
            elif brief.kind == "booking":
                _booking(recorded, brief, rows)
    else:
        jobs.project(recorded, rows)


def _queue(recorded: Recorded, brief: Brief, rows: Rows) -> None:
    key = (recorded.tenant_id, recorded.stream.removeprefix(CATEGORY))
    row = rows.get(QUEUES, key)
    holds = {} if row is None else {**row["holds"]}
    if brief.spans is not None and not brief.spans:
        holds.pop(brief.id, None)
    else:
        deadline, respond_by, spans = holds.get(brief.id, (None, None, ()))
        if brief.deadline is not None:
            deadline = micros(brief.deadline.at)
        if brief.answered:
            respond_by = None if brief.respond_by is None else micros(brief.respond_by.at)
        if brief.spans is not None:
            spans = [_stretch(span) for span in brief.spans]
        holds[brief.id] = [deadline, respond_by, spans]
    if holds:
        rows.put(QUEUES, {"tenant_id": key[0], "artist_id": key[1], "holds": holds})
    else:
        rows.remove(QUEUES, key)


def _stretch(span: Span) -> list[int | None]:
    assert isinstance(span, Held)  # noqa: S101 - holds have no other
    ends = [micros(clock.at) for clock in (span.first_refusal, span.commitment) if clock is not None]
    return [micros(span.starts_at), micros(span.ends_at), span.place, min(ends, default=None)]


def _booking(recorded: Recorded, brief: Brief, rows: Rows) -> None:
    if not brief.spans:
        rows.remove(BOOKINGS, (recorded.tenant_id, brief.id))
        return
    days = [[run.first_day.toordinal(), run.last_day.toordinal()] for run in runs(brief.spans)]
    rows.put(BOOKINGS, {"tenant_id": recorded.tenant_id, "booking_id": brief.id, "days": days})


def told(recorded: Recorded) -> Iterable[Op]:
    """Artists only come."""
    return [("TALLY", COUNTS, "artists", 1)] if isinstance(recorded.event, ArtistAdded) else ()


def derived(table: Table, before: Row | None, after: Row | None) -> Iterable[Op]:
    """The counts that a row is part of."""
    was, is_ = counted(table, before), counted(table, after)
    ops: list[Op] = [("TALLY", COUNTS, name, is_[name] - was[name]) for name in was | is_ if is_[name] != was[name]]
    if table is QUEUES:
        first, then = (None if row is None else first_clock(row["holds"]) for row in (before, after))
        artist_id = (before or after or {})["artist_id"]
        if then is None:
            ops.append(("ZREM", CLOCKS, artist_id))
        elif then != first:
            ops.append(("ZADD", CLOCKS, then, artist_id))
    return ops


def counted(table: Table, row: Row | None) -> Counter[str]:
    """What a row adds to which count."""
    if row is None:
        return Counter()
    if table is QUEUES:
        return Counter(f"rank:{rank}" for rank in worst_ranks(row["holds"]).values())
    if table is BOOKINGS:
        return booked(row["days"])
    return Counter({"jobs": 1}) if row["status"] == "open" and row["booked"] < row["quantity"] else Counter()


def first_clock(holds: Holds) -> int:
    """When the first of all these holds' clocks runs out."""
    ends = [
        end
        for deadline, respond_by, spans in holds.values()
        for end in (deadline, respond_by, *(span[3] for span in spans))
        if end is not None
    ]
    return min(ends)


def booked(days: Sequence[Sequence[int]]) -> Counter[str]:
    """A booking in each week that it touches, and its days from Monday to Friday there."""
    found: Counter[str] = Counter()
    weeks = dict[int, set[int]]()
    for first, last in days:
        for monday in range(first - (first - 1) % _WEEK, last + 1, _WEEK):
            worked = range(max(first, monday), min(last, monday + _WORKED - 1) + 1)
            weeks.setdefault(monday, set()).update(worked)
    for monday, days_there in weeks.items():
        found[f"bookings:{monday}"] = 1
        found[f"days:{monday}"] = len(days_there)
    return found


PROJECTION: Final = KeyedProjection(
    name="dashboard",
    tables=(QUEUES, BOOKINGS, jobs.JOBS),
    touches=touches,
    project=project,
    about=OF_HOLDS | OF_BOOKINGS | names(ArtistAdded, *JOB.events),
    derived=derived,
    told=told,
)
