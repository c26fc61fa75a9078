"""No artist is booked twice at one time, unless an override accepted it by name."""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.calendar import CALENDAR, BookingMoved, Calendar, TimeBooked
from domain.event import Event
from domain.overrides import Override
from domain.spans import Span, overlap
from infra.log_feed import Decode
from infra.verify_snapshot import UNREADABLE, Found, Snapshot

_NO_BOOKINGS: Final = Calendar()


async def overlaps(at: Snapshot, decode: Decode) -> Found:
    """V4: each calendar is replayed, and every booking compared with those that stood there when it came."""
    bookings = 0
    found = Found()
    async for head in at.each_tenant():
        rows = at.rows(
            """
            SELECT stream, seq, event_type, data
            FROM events
            WHERE tenant_id = %s AND stream LIKE 'calendar/%%'
            ORDER BY stream, version
            """,
            head.tenant_id,
        )
        replayed, calendar = "", _NO_BOOKINGS
        async for stream, seq, type_, data in rows:
            if stream != replayed:
                replayed, calendar = stream, _NO_BOOKINGS
            try:
                event = decode(type_, data)
                after = CALENDAR.evolve(calendar, event)
            except UNREADABLE as error:
                found.violated(f"seq {seq} of {head.tenant_id} cannot be replayed: {error!r}")
                continue
            if (booked := _booked(event)) is not None:
                bookings += 1
                for other in _clashes(calendar, *booked):
                    found.violated(f"seq {seq} of {head.tenant_id} books {stream} over {other}")
            calendar = after
    found.looked_at = at.said(f"{bookings:,} bookings")
    return found


def _booked(event: Event) -> tuple[str, Sequence[Span], Sequence[Override]] | None:
    match event:
        case TimeBooked() | BookingMoved():
            return event.booking_id, event.spans, event.overrides
        case _:
            return None


def _clashes(calendar: Calendar, booking_id: str, spans: Sequence[Span], overrides: Sequence[Override]) -> list[str]:
    accepted = {id for override in overrides if override.permission == "double_book" for id in override.accepts}
    others: Mapping[str, Sequence[Span]] = {id: claim.spans for id, claim in calendar.bookings.items()}
    return [id for id, taken in others.items() if id not in accepted | {booking_id} and overlap(spans, taken)]
