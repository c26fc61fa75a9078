"""A file of calendar events (RFC 5545) as what can be asked for: read event by event, and never believed.

Files are written by whatever people use, and by people. Each event is read on its own, so that a broken one is a line
of the report and not the end of the file. Definitions of time zones are not read at all: zones go by their names, and
a rule in a definition can be made to count for hours.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from icalendar import Event
from icalendar.prop import vRecur

from commands.recurrence import MOST, NotUnderstood, occurrences, rule_of
from domain.instants import local_instant
from domain.periods import Days, Hours

MOST_EVENTS: Final = 1000
_MOST_LINES: Final = 500
"""Of one event."""
_LONGEST_LINE: Final = 10_000
_ONE_DAY: Final = timedelta(days=1)
_FOLD: Final = re.compile(r"\n[ \t]")
_OF_TIME: Final = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
_LEFT_OUT: Final = re.compile(r"(?i)(X-|ATTACH|DESCRIPTION|ATTENDEE|ORGANIZER|LOCATION|COMMENT|IMAGE|CONFERENCE)")


class NoCalendar(Exception):
    """The file is none of a calendar, or has more in it than is taken at once; the sentence is for people."""


class Unreadable(NamedTuple):
    """An event that asks for nothing, and why."""

    place: int
    """Which event of the file, from 1."""
    what: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An event that takes time."""

    place: int
    uid: str
    """With the day of the one occurrence that it is, if it is one of a row."""
    title: str
    periods: tuple[Days | Hours, ...]


class _Taken(Exception):
    """What `Unreadable` will say."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class _Read(NamedTuple):
    place: int
    event: Any
    uid: str
    title: str
    replaces: date | datetime | None


def read_calendar(said: bytes, zone: str) -> list[CalendarEvent | Unreadable]:
    """The events of the file, in its order; times without a zone are read in `zone`.

    Raises:
        NoCalendar
    """
    blocks = list(_blocks(_lines(said)))
    if not blocks:
        raise NoCalendar("There is no event in this file; is it a calendar (.ics)?")
    if len(blocks) > MOST_EVENTS:
        raise NoCalendar(f"There are more than {MOST_EVENTS:,} events in this file; divide it.")
    found: dict[int, CalendarEvent | Unreadable] = {}
    read = list[_Read]()
    for place, block in enumerate(blocks, 1):
        try:
            read.append(_read(place, block))
        except _Taken as error:
            found[place] = Unreadable(place, "", error.code, str(error))
    replaced = defaultdict[str, set[date | datetime]](set)
    for one in read:
        if one.replaces is not None:
            replaced[one.uid].add(_comparable(one.replaces))
    for one in read:
        try:
            found[one.place] = _event(one, zone, replaced[one.uid] if one.replaces is None else set())
        except _Taken as error:
            found[one.place] = Unreadable(one.place, one.title, error.code, str(error))
    return [found[place] for place in sorted(found)]


def _lines(said: bytes) -> list[str]:
    try:
        text = said.decode("utf-16" if said[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError:
        text = said.decode("cp1252", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return _FOLD.sub("", text).split("\n")


def _blocks(lines: Iterable[str]) -> Iterator[list[str] | None]:
    """The lines of each event, without what lies in it, such as alarms; None for one that the end of the file cuts."""
    inside = list[str]()
    block = list[str]()
    for line in lines:
        name, _, value = line.strip().partition(":")
        match name.upper():
            case "BEGIN":
                inside.append(value.upper())
                if value.upper() == "VEVENT":
                    block, inside = [], ["VEVENT"]
            case "END" if inside:
                if inside.pop() == "VEVENT":
                    yield block
            case _ if inside == ["VEVENT"]:
                block.append(line)
            case _:
                pass
    if "VEVENT" in inside:
        yield None


def _read(place: int, block: list[str] | None) -> _Read:
    if block is None:
        raise _Taken("unreadable", "The file ends in the middle of it.")
    lines = [line.rstrip() for line in block if line.strip() and not _LEFT_OUT.match(line)]
    if len(lines) > _MOST_LINES or any(len(line) > _LONGEST_LINE for line in lines):
        raise _Taken("unreadable", "It is too long.")
    try:
        event = Event.from_ical("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""]))
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise _Taken("unreadable", "It cannot be read.") from error
    broken = sorted({str(name) for name, _ in event.errors if name in _OF_TIME})
    if broken:
        raise _Taken("unreadable", f"Its {', '.join(broken)} cannot be read.")
    twice = sorted(name for name in _OF_TIME - {"RDATE", "EXDATE"} if isinstance(event.get(name), list))
    if twice:
        raise _Taken("unreadable", f"It has {', '.join(twice)} twice.")
    replaces = event.get("RECURRENCE-ID")
    uid, title = _text(event, "UID"), _text(event, "SUMMARY")
    return _Read(place, event, uid, title, None if replaces is None else _moment(replaces))


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name, "")
    return "".join(c for c in str(value[0] if isinstance(value, list) else value) if c.isprintable())[:200]


def _event(read: _Read, zone: str, replaced: set[date | datetime]) -> CalendarEvent:
    event = read.event
    if _text(event, "STATUS").upper() == "CANCELLED":
        raise _Taken("takes_no_time", "It was cancelled.")
    if _text(event, "TRANSP").upper() == "TRANSPARENT":
        raise _Taken("takes_no_time", "It does not take time: it is marked as free.")
    if event.get("DTSTART") is None:
        raise _Taken("unreadable", "It does not say when it begins.")
    begins = _moment(event["DTSTART"])
    try:
        lasts = _lasts(event, begins)
        periods = tuple(_period(at, lasts, zone) for at in _all(event, begins, replaced))
    except (NotUnderstood, OverflowError) as error:
        sentence = str(error) if isinstance(error, NotUnderstood) else "It lies outside of any calendar."
        raise _Taken("unreadable", sentence) from error
    except ValueError as error:
        raise _Taken("unreadable", "It lies outside of the years 1971 to 2199.") from error
    if not periods:
        raise _Taken("takes_no_time", "None of its occurrences is left.")
    suffix = "" if read.replaces is None else f"/{read.replaces.isoformat()}"
    uid = read.uid or f"{read.title}/{begins.isoformat()}"
    return CalendarEvent(read.place, uid + suffix, read.title, periods)


def _all(event: Any, begins: date | datetime, replaced: set[date | datetime]) -> list[date | datetime]:  # noqa: ANN401
    rule = event.get("RRULE")
    found = [begins] if rule is None else _recurring(begins, rule)
    found += [_moment(one) for one in _listed(event, "RDATE")]
    gone = {_comparable(_moment(one)) for one in _listed(event, "EXDATE")} | replaced
    left = [at for at in found if not {_comparable(at), at.date() if isinstance(at, datetime) else at} & gone]
    if len(left) > MOST:
        raise NotUnderstood(f"It recurs more than {MOST} times.")
    return left


def _recurring(begins: date | datetime, rule: Any) -> list[date | datetime]:  # noqa: ANN401 - whatever the library read
    if not isinstance(rule, vRecur):
        raise NotUnderstood("Its RRULE cannot be read.")
    try:
        return list(occurrences(begins, rule_of(rule)))
    except (TypeError, AttributeError) as error:
        raise NotUnderstood("Its RRULE cannot be read.") from error


def _listed(event: Any, name: str) -> Iterator[Any]:  # noqa: ANN401 - whatever the library read
    said = event.get(name)
    for one in said if isinstance(said, list) else [said]:
        yield from getattr(one, "dts", ())


def _moment(said: Any) -> date | datetime:  # noqa: ANN401 - whatever the library read
    """A day, or an instant, or a wall time that no zone has been said for."""
    at = said.dt[0] if isinstance(said.dt, tuple) else said.dt
    if not isinstance(at, date):
        raise _Taken("unreadable", "It has a duration, or a time of day, where a time should be.")
    zone = said.params.get("TZID")
    if isinstance(at, datetime) and at.tzinfo is None and zone is not None:
        raise _Taken("unreadable", f"The time zone {str(zone)[:64]} is not known.")
    return at


def _lasts(event: Any, begins: date | datetime) -> timedelta:  # noqa: ANN401 - whatever the library read
    if event.get("DTEND") is not None:
        ends = _moment(event["DTEND"])
        if isinstance(ends, datetime) != isinstance(begins, datetime):
            raise _Taken("unreadable", "It begins on a day and ends at a time, or the other way round.")
        if isinstance(ends, datetime) and isinstance(begins, datetime) and not (ends.tzinfo and begins.tzinfo):
            ends, begins = ends.replace(tzinfo=None), begins.replace(tzinfo=None)
        if isinstance(ends, datetime) and isinstance(begins, datetime) and ends.tzinfo is not None:
            ends, begins = ends.astimezone(UTC), begins.astimezone(UTC)
        lasts = ends - begins
    elif event.get("DURATION") is not None:
        lasts = event["DURATION"].dt
        if not isinstance(lasts, timedelta):
            raise _Taken("unreadable", "Its DURATION cannot be read.")
    else:
        lasts = timedelta(0) if isinstance(begins, datetime) else _ONE_DAY
    if lasts < timedelta(0):
        raise _Taken("unreadable", "It ends before it begins.")
    if isinstance(begins, datetime) and not lasts:
        raise _Taken("takes_no_time", "It has no end, so it takes no time.")
    return lasts


def _period(at: date | datetime, lasts: timedelta, zone: str) -> Days | Hours:
    if isinstance(at, datetime):
        starts_at = local_instant(at, zone) if at.tzinfo is None else at.astimezone(UTC)
        return Hours(starts_at=starts_at, ends_at=starts_at + lasts)
    last_day = at + max(lasts, _ONE_DAY) - _ONE_DAY
    return Days(first_day=at, last_day=last_day)


def _comparable(at: date | datetime) -> date | datetime:
    return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo is not None else at
