"""RFC 5545, read strictly: what a careful calendar application would refuse is a failure here."""

from datetime import date, datetime
from typing import Any

from icalendar import Calendar

Event = dict[str, Any]


def events_in(body: bytes) -> dict[str, Event]:
    """The events by their UIDs, once everything that has to be true of the file is."""
    assert body.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    calendar: Any = Calendar.from_ical(body)
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    assert b"\r\nREFRESH-INTERVAL;VALUE=DURATION:PT15M\r\nX-PUBLISHED-TTL:PT15M\r\n" in body
    assert not calendar.errors
    found: dict[str, Event] = {}
    for event in calendar.walk("VEVENT"):
        assert not event.errors
        starts, ends = event["DTSTART"].dt, event["DTEND"].dt
        assert type(starts) is type(ends)
        assert starts < ends
        assert not isinstance(starts, datetime) or starts.utcoffset() is not None
        assert event["DTSTAMP"].dt.utcoffset() is not None
        assert str(event["STATUS"]) in {"TENTATIVE", "CONFIRMED", "CANCELLED"}
        uid = str(event["UID"])
        assert uid not in found
        found[uid] = {
            "from": _plain(starts),
            "until": _plain(ends),
            "status": str(event["STATUS"]),
            "sequence": int(event["SEQUENCE"]),
            "title": str(event["SUMMARY"]),
            "taken": str(event["TRANSP"]) == "OPAQUE",
        }
    return found


def _plain(moment: date) -> str:
    return moment.isoformat()
