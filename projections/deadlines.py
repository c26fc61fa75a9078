"""The clocks that run: those of every hold that stands, and of every challenge that is open, in order of time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from domain.challenge import ChallengeEnded, ChallengeOpened
from domain.claims import Held
from domain.clocks import Clock
from domain.spans import Span
from projections.brief import CATEGORY, OF_HOLDS, Brief, briefs, micros
from projections.keyed import KeyedProjection, Op
from projections.projection import names
from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Key, Row, Table

HOLDS: Final = Table(
    name="holds",
    key=("tenant_id", "hold_id"),
    columns={"tenant_id": "uuid", "hold_id": "uuid", "artist_id": "uuid", "project_id": "uuid", "clocks": "json"},
)
"""`clocks` by what runs out: `deadline` and `no_response` end all of it, `first_refusal` and `commitment` some of it.

Each is a list of clocks, a clock a list: the instant in microseconds, the rule, the zone.
"""

CHALLENGES: Final = Table(
    name="challenges",
    key=("tenant_id", "challenge_id"),
    columns={"tenant_id": "uuid", "challenge_id": "uuid", "artist_id": "uuid", "project_id": "uuid", "clocks": "json"},
)
"""`clocks` has one, `challenge`."""

AT: Final = "at"
"""A sorted set: a member for each clock, `hold/<id>/<what>` or `challenge/<id>/<what>` and its instant, by instant."""

Clocks = Mapping[str, Sequence[Sequence[Any]]]


def touches(recorded: Recorded) -> Iterable[tuple[Table, Key]]:
    """The holds and the challenge that an event changes."""
    if not recorded.stream.startswith(CATEGORY):
        return []
    tenant_id, event = recorded.tenant_id, recorded.event
    keys = [(HOLDS, (tenant_id, brief.id)) for brief in briefs(event) if brief.kind == "hold"]
    if isinstance(event, ChallengeEnded):
        keys.append((CHALLENGES, (tenant_id, event.challenge_id)))
    return keys


def project(recorded: Recorded, rows: Rows) -> None:
    """Put each claim's clocks as the event leaves them."""
    if not recorded.stream.startswith(CATEGORY):
        return
    event = recorded.event
    for brief in briefs(event):
        if brief.kind == "hold":
            _hold(recorded, brief, rows)
    match event:
        case ChallengeOpened():
            rows.put(
                CHALLENGES,
                {
                    "tenant_id": recorded.tenant_id,
                    "challenge_id": event.challenge_id,
                    "artist_id": recorded.stream.removeprefix(CATEGORY),
                    "project_id": event.project_id,
                    "clocks": {"challenge": [_clock(event.answer_by)]},
                },
            )
        case ChallengeEnded(spans=()):
            rows.remove(CHALLENGES, (recorded.tenant_id, event.challenge_id))
        case _:
            pass


def _hold(recorded: Recorded, brief: Brief, rows: Rows) -> None:
    key = (recorded.tenant_id, brief.id)
    if brief.spans is not None and not brief.spans:
        rows.remove(HOLDS, key)
        return
    before = rows.get(HOLDS, key)
    clocks: dict[str, Any] = {} if before is None else {**before["clocks"]}
    if brief.deadline is not None:
        clocks["deadline"] = [_clock(brief.deadline)]
    if brief.answered:
        clocks["no_response"] = [] if brief.respond_by is None else [_clock(brief.respond_by)]
    if brief.spans is not None:
        clocks |= _of_parts(brief.spans)
    head = before or {
        "tenant_id": recorded.tenant_id,
        "hold_id": brief.id,
        "artist_id": recorded.stream.removeprefix(CATEGORY),
        "project_id": getattr(recorded.event, "project_id", None),
    }
    rows.put(HOLDS, {**head, "clocks": {what: some for what, some in clocks.items() if some}})


def _of_parts(spans: Sequence[Span]) -> dict[str, list[list[Any]]]:
    parts: dict[str, list[list[Any]]] = {"first_refusal": [], "commitment": []}
    for span in spans:
        if isinstance(span, Held):
            for what, clock in (("first_refusal", span.first_refusal), ("commitment", span.commitment)):
                if clock is not None and (said := _clock(clock)) not in parts[what]:
                    parts[what].append(said)
    return parts


def _clock(clock: Clock) -> list[Any]:
    return [micros(clock.at), clock.rule, clock.zone]


def derived(table: Table, before: Row | None, after: Row | None) -> Iterable[Op]:
    """Each clock at its instant."""
    kind = "hold" if table is HOLDS else "challenge"
    was, is_ = (_members(kind, table, row) for row in (before, after))
    ops: list[Op] = [("ZREM", AT, member) for member in was.keys() - is_.keys()]
    return ops + [("ZADD", AT, at, member) for member, at in is_.items() if member not in was]


def _members(kind: str, table: Table, row: Row | None) -> dict[str, int]:
    if row is None:
        return {}
    id, clocks = row[table.key[-1]], row["clocks"]
    return {f"{kind}/{id}/{what}/{clock[0]}": clock[0] for what, some in clocks.items() for clock in some}


PROJECTION: Final = KeyedProjection(
    name="deadlines",
    tables=(HOLDS, CHALLENGES),
    touches=touches,
    project=project,
    about=OF_HOLDS | names(ChallengeOpened),
    derived=derived,
)
