"""Laws of a log that its events alone can prove: what must be true whatever was commanded."""

from domain.calendar import CALENDAR, BookingMoved, TimeBooked
from domain.spans import overlap
from tests.given import Studio, uid


def every_excess_booking_is_named(studio: Studio, artist: str) -> None:
    """Two bookings share time only where the later decision accepted the other one by its id, with a reason."""
    accepted: dict[str, set[str]] = {}
    for event in studio.log.streams.get((studio.tenant, CALENDAR.stream(uid(artist)).name), []):
        if isinstance(event, TimeBooked | BookingMoved):
            named = {id for one in event.overrides if one.permission == "double_book" for id in one.accepts}
            accepted.setdefault(event.booking_id, set()).update(named)
    bookings = list(studio.calendar(artist).bookings.values())
    for number, one in enumerate(bookings):
        for other in bookings[number + 1 :]:
            if overlap(one.spans, other.spans):
                assert other.booking_id in accepted[one.booking_id] or one.booking_id in accepted[other.booking_id]
