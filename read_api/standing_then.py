"""What stood on a calendar at a moment of the log, folded from as few of its events as that takes."""

from typing import Any, Final

from domain.calendar import (
    CALENDAR,
    Calendar,
    ClocksStopped,
    ConsentCountered,
    ConsentGiven,
    HoldPromoted,
    LimitsMoved,
    PromotionKept,
    Reordered,
    TimeBooked,
    TimeChanged,
    TimeHeld,
    TimeLapsed,
    TimeReleased,
)
from domain.challenge import ChallengeEnded
from domain.event import Event
from domain.rederived import TimeRederived
from read_api.past import AsOf
from read_api.tenant import Connection, Tenant

_OF_ONE_HOLD: Final = [
    event.stored_as
    for event in (
        TimeHeld,
        TimeChanged,
        TimeReleased,
        TimeLapsed,
        HoldPromoted,
        PromotionKept,
        ClocksStopped,
        LimitsMoved,
        ConsentGiven,
        ConsentCountered,
        TimeRederived,
    )
]
"""What changes one hold and nothing else: of no interest once that has gone, and it never returns."""
_ENDING: Final = [TimeReleased.stored_as, TimeLapsed.stored_as]
"""What ends a hold when it leaves it without spans."""


# OFFSET 0 keeps the bound out of the choice of an index: it is the stream that is short, not what came before.
PAST: Final = """
    WITH past AS MATERIALIZED (
        SELECT version, event_type, data, data ->> 'hold_id' AS hold_id
        FROM (
            SELECT seq, version, event_type, data, recorded_at
            FROM events
            WHERE tenant_id = %(tenant_id)s AND stream = %(stream)s AND version > 0
            ORDER BY version
            OFFSET 0
        ) AS events
        WHERE CASE WHEN %(seq)s::bigint IS NULL THEN recorded_at <= %(at)s ELSE seq <= %(seq)s END
    ), gone AS MATERIALIZED (
        SELECT hold_id
        FROM past
        WHERE event_type = ANY (%(ending)s) AND json_array_length(data -> 'spans') = 0
    )
    SELECT event_type, data::text AS data
    FROM past
    WHERE NOT (event_type = ANY (%(of_one_hold)s) AND hold_id IN (SELECT hold_id FROM gone))
    ORDER BY version
"""


async def calendar_then(connection: Connection, tenant: Tenant, artist_id: object, until: AsOf) -> Calendar:
    """The holds, bookings, time off and challenges on an artist's calendar then.

    Most holds of a long calendar have gone. Postgres finds them, so that they are neither sent nor decoded.
    """
    rows = await connection.rows(
        PAST,
        {
            "tenant_id": tenant.who.tenant_id,
            "stream": CALENDAR.stream(str(artist_id)).name,
            "seq": until.seq,
            "at": until.at,
            "ending": _ENDING,
            "of_one_hold": _OF_ONE_HOLD,
        },
    )
    calendar = CALENDAR.initial
    for row in rows:
        if (event := _but_for_gone(calendar, tenant.reads.decode(row["event_type"], row["data"]))) is not None:
            calendar = CALENDAR.evolve(calendar, event)
    return calendar


def _but_for_gone(calendar: Calendar, event: Event) -> Event | None:
    """The event without what it says of holds that have been left out; None if that is all it says."""
    match event:
        case TimeHeld():
            return event
        case TimeBooked() | ChallengeEnded():
            left_out = event.hold_id is not None and event.hold_id not in calendar.holds
            return event.model_copy(update={"hold_id": None}) if left_out else event
        case Reordered():
            spans = {id: spans for id, spans in event.spans.items() if id in calendar.holds}
            return event.model_copy(update={"spans": spans})
        case _:
            hold_id: Any = getattr(event, "hold_id", None)
            of_another = event.stored_as not in _OF_ONE_HOLD
            return event if of_another or hold_id in calendar.holds else None
