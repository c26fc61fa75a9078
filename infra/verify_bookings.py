"""No artist is booked twice at one time, unless an override accepted it by name."""

from collections.abc import Iterable, Sequence
from typing import Final

from domain.calendar import CALENDAR, BookingFreed, BookingMoved, Calendar, TimeBooked
from domain.event import Event
from domain.overrides import Override
from domain.rederived import BookingRederived
from domain.spans import Span, subtract
from infra.log_feed import Decode
from infra.verify_calendars import Look, Step
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
                for other in clashes(calendar, *booked):
                    found.violated(f"seq {seq} of {head.tenant_id} books {stream} over {other}")
            calendar = after
    found.looked_at = at.said(f"{bookings:,} bookings")
    return found


def booked_once() -> Look:
    """I1: by what stands after each event, whatever it was: of two that overlap one must have accepted the other."""
    accepted = dict[str, set[str]]()
    changed = set[str]()

    def look(step: Step) -> Iterable[str]:
        if (booking_id := _note(step.event, accepted)) is not None:
            changed.add(booking_id)
        if step.goes_on:
            return
        for id in sorted(changed):
            claim = step.after.bookings.get(id)
            for other in () if claim is None else step.after.bookings.on(claim.spans):
                named = accepted.get(id, set()) | {id}
                if other.booking_id not in named and id not in accepted.get(other.booking_id, ()):
                    yield f"leaves {id} and {other.booking_id} at one time"
        changed.clear()

    return look


def _note(event: Event, accepted: dict[str, set[str]]) -> str | None:
    """The booking that an event is about; what it accepts, or was found to clash with, is added to `accepted`."""
    if (booked := _booked(event)) is not None:
        booking_id, _, overrides = booked
        accepted.setdefault(booking_id, set()).update(_accepts(overrides))
        return booking_id
    match event:
        case BookingRederived():
            accepted.setdefault(event.booking_id, set()).update(event.double_booked)
            return event.booking_id
        case BookingFreed():
            return event.booking_id
        case _:
            return None


def _accepts(overrides: Sequence[Override]) -> set[str]:
    return {id for override in overrides if override.permission == "double_book" for id in override.accepts}


def _booked(event: Event) -> tuple[str, Sequence[Span], Sequence[Override]] | None:
    match event:
        case TimeBooked() | BookingMoved():
            return event.booking_id, event.spans, event.overrides
        case _:
            return None


def clashes(calendar: Calendar, booking_id: str, spans: Sequence[Span], overrides: Sequence[Override]) -> list[str]:
    """The bookings that stand on time which this one comes to, and are not accepted; what it had was decided before."""
    before = calendar.bookings.get(booking_id)
    added = spans if before is None else subtract(spans, before.spans)
    accepted = _accepts(overrides) | {booking_id}
    return [one.booking_id for one in calendar.bookings.on(added) if one.booking_id not in accepted]
