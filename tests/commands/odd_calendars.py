"""Calendars as nobody should write them and somebody does: broken, odd, hostile."""

import random
from collections.abc import Iterator

PLAIN = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:plain@test
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20310310
DTEND;VALUE=DATE:20310312
SUMMARY:Away
END:VEVENT
END:VCALENDAR
"""

_TIMES = {
    "no end of a day": "DTSTART;VALUE=DATE:20310310",
    "no end of a time": "DTSTART:20310310T100000Z",
    "duration": "DTSTART:20310310T100000Z\nDURATION:PT90M",
    "duration of days": "DTSTART;VALUE=DATE:20310310\nDURATION:P3D",
    "duration of weeks": "DTSTART:20310310T100000Z\nDURATION:P1W",
    "negative duration": "DTSTART:20310310T100000Z\nDURATION:-PT1H",
    "endless duration": "DTSTART:20310310T100000Z\nDURATION:P99999999999D",
    "rubbish duration": "DTSTART:20310310T100000Z\nDURATION:soon",
    "ends before it begins": "DTSTART:20310310T100000Z\nDTEND:20310310T090000Z",
    "ends when it begins": "DTSTART:20310310T100000Z\nDTEND:20310310T100000Z",
    "a day that ends before it begins": "DTSTART;VALUE=DATE:20310310\nDTEND;VALUE=DATE:20310301",
    "a day that ends when it begins": "DTSTART;VALUE=DATE:20310310\nDTEND;VALUE=DATE:20310310",
    "a day and a time": "DTSTART;VALUE=DATE:20310310\nDTEND:20310311T100000Z",
    "a time and a day": "DTSTART:20310310T100000Z\nDTEND;VALUE=DATE:20310311",
    "floating": "DTSTART:20310310T100000\nDTEND:20310310T180000",
    "floating to instant": "DTSTART:20310310T100000\nDTEND:20310310T180000Z",
    "known zone": "DTSTART;TZID=America/New_York:20310310T100000\nDTEND;TZID=America/New_York:20310310T180000",
    "two zones": "DTSTART;TZID=America/New_York:20310310T100000\nDTEND;TZID=Europe/Berlin:20310310T180000",
    "Outlook's zone": "DTSTART;TZID=W. Europe Standard Time:20310310T100000\nDURATION:PT8H",
    "unknown zone": "DTSTART;TZID=Middle Earth:20310310T100000\nDTEND;TZID=Middle Earth:20310310T180000",
    "zone with a path": "DTSTART;TZID=../../etc/passwd:20310310T100000\nDTEND:20310310T180000Z",
    "quoted zone": 'DTSTART;TZID="Europe/Berlin":20310310T100000\nDTEND;TZID="Europe/Berlin":20310310T180000',
    "skipped hour": "DTSTART;TZID=Europe/Berlin:20310330T023000\nDTEND;TZID=Europe/Berlin:20310330T024500",
    "hour 25": "DTSTART:20310310T250000Z\nDTEND:20310310T260000Z",
    "30 February": "DTSTART;VALUE=DATE:20310230",
    "year 0": "DTSTART;VALUE=DATE:00000101",
    "year 1": "DTSTART;VALUE=DATE:00010101\nDTEND;VALUE=DATE:00010102",
    "year 9999": "DTSTART;VALUE=DATE:99991231\nDTEND;VALUE=DATE:99991231\nRRULE:FREQ=DAILY;COUNT=5",
    "the edge of time": "DTSTART:99991231T235959Z\nDURATION:PT1H",
    "no start": "DTEND;VALUE=DATE:20310311",
    "two starts": "DTSTART;VALUE=DATE:20310310\nDTSTART;VALUE=DATE:20310311",
    "a period as start": "DTSTART;VALUE=PERIOD:20310310T100000Z/PT1H",
    "a duration as start": "DTSTART;VALUE=DURATION:PT1H",
    "a time of day as start": "DTSTART;VALUE=TIME:100000",
    "empty start": "DTSTART:",
    "letters": "DTSTART:next monday",
    "emoji": "DTSTART:🎬",
    "very long": "DTSTART:" + "9" * 20_000,
    "long ago": "DTSTART;VALUE=DATE:19000101",
    "a century": "DTSTART;VALUE=DATE:20310101\nDTEND;VALUE=DATE:21310101",
}
_RULES = (
    *("FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;COUNT=4;BYDAY=MO,WE", "FREQ=MONTHLY;COUNT=3;BYDAY=2TU", "FREQ=YEARLY;COUNT=3"),
    *("FREQ=DAILY", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-1", "FREQ=DAILY;COUNT=999999999", "FREQ=SECONDLY;COUNT=3"),
    *("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1", "FREQ=MINUTELY;COUNT=2"),
    *(
        "FREQ=DAILY;UNTIL=20310401",
        "FREQ=DAILY;UNTIL=20310401T000000Z",
        "FREQ=DAILY;UNTIL=20010101",
        "FREQ=DAILY;UNTIL=x",
    ),
    *("FREQ=DAILY;UNTIL=99991231T235959Z", "FREQ=NEVER;COUNT=2", "COUNT=2", "", "FREQ", "FREQ=", "=DAILY", ";;;;"),
    *("FREQ=DAILY;INTERVAL=0;COUNT=3", "FREQ=DAILY;INTERVAL=-1;COUNT=3", "FREQ=DAILY;INTERVAL=99999999;COUNT=3"),
    *(
        "FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO;COUNT=3",
        "FREQ=YEARLY;BYWEEKNO=20;COUNT=3",
        "FREQ=YEARLY;BYYEARDAY=1;COUNT=2",
    ),
    *("FREQ=MONTHLY;BYDAY=XX;COUNT=2", "FREQ=MONTHLY;BYDAY=99MO;COUNT=2", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3"),
    *(
        "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3",
        "FREQ=MONTHLY;BYMONTHDAY=0;COUNT=3",
        "FREQ=WEEKLY;WKST=SU;INTERVAL=2;COUNT=3",
    ),
    *("FREQ=WEEKLY;WKST=QQ;COUNT=3", "FREQ=DAILY;COUNT=3;COUNT=4", "FREQ=DAILY;COUNT=1e9", "freq=daily;count=2"),
    "FREQ=DAILY;COUNT=2;BYDAY=" + ",".join(["MO"] * 3000),
)
_ADDED = {
    "exdate": "DTSTART;VALUE=DATE:20310310\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20310311",
    "exdate of all": "DTSTART;VALUE=DATE:20310310\nEXDATE;VALUE=DATE:20310310",
    "many exdates": "DTSTART;VALUE=DATE:20310310\nRRULE:FREQ=DAILY;COUNT=9\n" + "EXDATE;VALUE=DATE:20310311\n" * 400,
    "rdate": "DTSTART;VALUE=DATE:20310310\nRDATE;VALUE=DATE:20310401,20310501",
    "rdate of periods": "DTSTART:20310310T100000Z\nDTEND:20310310T110000Z\nRDATE;VALUE=PERIOD:20310401T100000Z/PT1H",
    "too many rdates": "DTSTART;VALUE=DATE:20310310\n"
    + "\n".join(f"RDATE;VALUE=DATE:2032{m:02}{d:02}" for m in range(1, 13) for d in range(1, 29)) * 2,
    "rubbish exdate": "DTSTART;VALUE=DATE:20310310\nEXDATE:yesterday",
    "recurrence id alone": "DTSTART;VALUE=DATE:20310310\nRECURRENCE-ID;VALUE=DATE:20310309",
    "rubbish recurrence id": "DTSTART;VALUE=DATE:20310310\nRECURRENCE-ID:x",
    "two rules": "DTSTART;VALUE=DATE:20310310\nRRULE:FREQ=DAILY;COUNT=2\nRRULE:FREQ=WEEKLY;COUNT=2",
    "cancelled": "DTSTART;VALUE=DATE:20310310\nSTATUS:CANCELLED",
    "free": "DTSTART;VALUE=DATE:20310310\nTRANSP:TRANSPARENT",
    "no colon": "DTSTART;VALUE=DATE:20310310\nthis is no line",
    "only colons": "DTSTART;VALUE=DATE:20310310\n::::\n;;;;\n====",
    "a name of spaces": "DTSTART;VALUE=DATE:20310310\n   :x",
    "alarm": "DTSTART;VALUE=DATE:20310310\nBEGIN:VALARM\nTRIGGER:-PT15M\nACTION:DISPLAY\nEND:VALARM",
    "an event in an event": "DTSTART;VALUE=DATE:20310310\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20310312\nEND:VEVENT",
    "very deep": "DTSTART;VALUE=DATE:20310310\n" + "BEGIN:VALARM\n" * 3000 + "END:VALARM\n" * 3000,
    "ends that were not begun": "END:VALARM\nEND:VALARM\nDTSTART;VALUE=DATE:20310310",
    "attachment": "DTSTART;VALUE=DATE:20310310\nATTACH;ENCODING=BASE64;VALUE=BINARY:" + "QUJD" * 30_000,
    "many lines": "DTSTART;VALUE=DATE:20310310\n" + "CATEGORIES:x\n" * 5000,
    "folded": "DTSTART;VAL\n UE=DATE:2031\n 0310\nSUMMARY:a\n  b\n\tc",
    "a tab": "DTSTART;VALUE=DATE:20310310\nSUMMARY:a\tb",
    "escapes": "DTSTART;VALUE=DATE:20310310\nSUMMARY:a\\nb\\,c\\;d\\\\e\\x",
    "no uid twice": "DTSTART;VALUE=DATE:20310310\nUID:\nUID:",
    "title of control characters": "DTSTART;VALUE=DATE:20310310\nSUMMARY:\x01\x02\x7f\u202e",
    "long title": "DTSTART;VALUE=DATE:20310310\nSUMMARY:" + "x" * 9000,
    "parameters without end": "DTSTART;VALUE=DATE;X=" + "a;X=" * 500 + "b:20310310",
    "unclosed quote": 'DTSTART;TZID="Europe/Berlin:20310310T100000',
}


def odd_calendars() -> Iterator[tuple[str, bytes]]:
    """Names and files, the same each time."""
    for name, lines in {**_TIMES, **_ADDED}.items():
        yield name, _with(lines).encode()
    for rule in _RULES:
        yield f"rule {rule[:60]}", _with(f"DTSTART;VALUE=DATE:20310310\nRRULE:{rule}").encode()
        yield (
            f"hours by rule {rule[:60]}",
            _with(f"DTSTART;TZID=Europe/Berlin:20310310T200000\nDURATION:PT9H\nRRULE:{rule}").encode(),
        )
    yield from _files()
    chance = random.Random(5545)
    whole = _with("DTSTART;TZID=Europe/Berlin:20310310T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=3").encode()
    for number in range(30):
        broken = bytearray(whole)
        for _ in range(chance.randint(1, 12)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        yield f"bytes changed {number}", bytes(broken)


def _files() -> Iterator[tuple[str, bytes]]:
    """What is odd about the file, and not about the event in it."""
    plain = PLAIN.encode()
    for part in range(1, 10):
        yield f"cut at {part} tenths", plain[: len(plain) * part // 10]
    yield "empty", b""
    yield "no calendar", b"hello"
    yield "a page", b"<!doctype html><html><body>Sign in</body></html>"
    yield "a picture", bytes(range(256)) * 64
    yield "nothing but zeros", b"\0" * 4096
    yield "byte order mark", b"\xef\xbb\xbf" + plain
    yield "UTF-16", PLAIN.encode("utf-16")
    yield "half of UTF-16", PLAIN.encode("utf-16")[:-1]
    yield "Latin-1", PLAIN.replace("Away", "Müller").encode("latin-1")
    yield "CRLF", PLAIN.replace("\n", "\r\n").encode()
    yield "CR alone", PLAIN.replace("\n", "\r").encode()
    yield "mixed line ends", PLAIN.replace("\n", "\r\n", 4).encode()
    yield "doubled line ends", PLAIN.replace("\n", "\n\n").encode()
    yield "spaces behind lines", PLAIN.replace("\n", "  \n").encode()
    yield "small letters", PLAIN.lower().encode()
    yield "no end of the calendar", PLAIN.replace("END:VCALENDAR", "").encode()
    yield "no calendar around it", PLAIN.replace("BEGIN:VCALENDAR\n", "").encode()
    yield "two calendars", plain * 2
    yield "the same event again and again", PLAIN.replace("END:VCALENDAR", "").encode() + _event().encode() * 50
    yield "too many events", (_event() * 2500).encode()
    zone = "BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\n{}\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT"
    for name, lines in {
        "a zone that changes every second": "RRULE:FREQ=SECONDLY\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100",
        "a zone without offsets": "TZNAME:X",
        "a zone a day off": "TZOFFSETFROM:+2500\nTZOFFSETTO:-9900",
        "a zone within a zone": "BEGIN:STANDARD\nEND:STANDARD",
    }.items():
        own = PLAIN.replace("DTSTART;VALUE=DATE:20310310", "DTSTART;TZID=Mine:20310310T100000").replace(
            "DTEND;VALUE=DATE:20310312", "DURATION:PT1H"
        )
        yield name, own.replace("BEGIN:VEVENT", zone.format(lines), 1).encode()


def _with(lines: str) -> str:
    head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\nBEGIN:VEVENT\nUID:odd@test\n"
    return f"{head}{lines}\nEND:VEVENT\nEND:VCALENDAR\n"


def _event() -> str:
    return "BEGIN:VEVENT\nUID:same@test\nDTSTART;VALUE=DATE:20310310\nEND:VEVENT\n"
