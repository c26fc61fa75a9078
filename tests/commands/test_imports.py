"""Files from elsewhere: what they ask for is asked for, and whatever is wrong with them is a line of the report."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients import Api, Client, api
from tests.commands.odd_calendars import PLAIN, odd_calendars
from tests.memory_log import MemoryLog

pytestmark = pytest.mark.anyio

ODD = list(odd_calendars())


class Studio:
    """A client with an artist, a project, and files."""

    def __init__(self, running: Api, log: MemoryLog) -> None:
        self.running, self.log = running, log
        self.client = running.client()

    async def send(self, path: str, file: str | bytes, *, client: Client | None = None, **query: str) -> httpx.Response:
        media_type = "text/calendar" if path == "calendar" else "text/csv"
        headers = {**(client or self.client).headers, "Content-Type": media_type}
        return await self.running.http.post(
            f"/v1/imports/{path}",
            content=file,
            params={name.rstrip("_"): said for name, said in query.items()},
            headers=headers,
        )

    async def report(self, path: str, file: str | bytes, **query: str) -> dict[str, Any]:
        answer = await self.send(path, file, client=None, **query)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def kinds(self) -> list[str]:
        return [one.event.stored_as for one in self.log.recorded]

    def last(self, kind: str) -> Any:  # noqa: ANN401 - an event
        return [one.event for one in self.log.recorded if one.event.stored_as == kind][-1]


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    log = MemoryLog()
    async with api(tmp_path, log) as running:
        yield Studio(running, log)


async def test_there_are_many_odd_calendars_and_no_two_are_the_same() -> None:
    assert len(ODD) >= 180
    assert len({name for name, _ in ODD}) == len({file for _, file in ODD}) == len(ODD)


@pytest.mark.parametrize("as_", ["time_off", "booking"])
async def test_no_calendar_however_odd_breaks_anything(studio: Studio, as_: str) -> None:
    project = await studio.client.project()
    for name, file in ODD:
        artist = await studio.client.artist()
        answer = await studio.send("calendar", file, artist_id=artist, project_id=project, as_=as_)
        assert answer.status_code in {200, 422}, (name, answer.text)
        if answer.status_code == 200:
            report = answer.json()
            assert report["accepted"] + report["there"] + len(report["refused"]) == report["rows"], name
            assert all(one["detail"] for one in report["refused"]), name


async def test_a_calendar_is_time_off_and_nothing_new_when_it_comes_again(studio: Studio) -> None:
    artist = await studio.client.artist()
    first = await studio.report("calendar", PLAIN, artist_id=artist)
    assert first == {"rows": 1, "accepted": 1, "there": 0, "refused": []}
    asked = studio.last("time_off.requested.v1")
    assert (asked.periods[0].first_day.isoformat(), asked.periods[0].last_day.isoformat()) == (
        "2031-03-10",
        "2031-03-11",
    )
    assert asked.reason == "Away"
    before = len(studio.log.recorded)
    assert (await studio.report("calendar", PLAIN, artist_id=artist))["there"] == 1
    assert len(studio.log.recorded) == before


async def test_time_off_can_be_approved_at_once(studio: Studio) -> None:
    await studio.report("calendar", PLAIN, artist_id=await studio.client.artist(), approve="true")
    assert "time_off.approved.v1" in studio.kinds()


async def test_a_calendar_is_bookings_and_a_clash_is_told(studio: Studio) -> None:
    artist, project = await studio.client.artist(), await studio.client.project()
    other = PLAIN.replace("plain@test", "other@test").replace("Away", "Ours")
    both: dict[str, str] = {"artist_id": artist, "project_id": project, "as_": "booking"}
    assert (await studio.report("calendar", PLAIN, **both))["accepted"] == 1
    clash = await studio.report("calendar", other, **both)
    assert [(one["row"], one["what"], one["code"]) for one in clash["refused"]] == [(1, "Ours", "double_booking")]


async def test_what_was_imported_before_and_says_something_else_now_is_refused(studio: Studio) -> None:
    artist = await studio.client.artist()
    await studio.report("calendar", PLAIN, artist_id=artist)
    moved = await studio.report("calendar", PLAIN.replace("20310312", "20310320"), artist_id=artist)
    assert [one["code"] for one in moved["refused"]] == ["id_taken"]


async def test_an_occurrence_that_was_moved_is_not_there_twice(studio: Studio) -> None:
    weekly = PLAIN.replace("SUMMARY", "RRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY").replace("END:VCALENDAR\n", "")
    moved = (
        "BEGIN:VEVENT\nUID:plain@test\nRECURRENCE-ID;VALUE=DATE:20310317\nDTSTART;VALUE=DATE:20310318\nEND:VEVENT\n"
        "END:VCALENDAR\n"
    )
    report = await studio.report("calendar", weekly + moved, artist_id=await studio.client.artist())
    assert report["accepted"] == 2
    asked = [one.event for one in studio.log.recorded if one.event.stored_as == "time_off.requested.v1"]
    days = sorted([p.first_day.isoformat() for p in one.periods] for one in asked)  # type: ignore[attr-defined]
    assert days == [["2031-03-10", "2031-03-24"], ["2031-03-18"]]


async def test_times_without_a_zone_are_the_artists(studio: Studio) -> None:
    floating = PLAIN.replace("DTSTART;VALUE=DATE:20310310", "DTSTART:20310310T100000").replace(
        "DTEND;VALUE=DATE:20310312", "DTEND:20310310T180000"
    )
    artist = await studio.client.artist(time_zone="America/New_York")
    await studio.report("calendar", floating, artist_id=artist)
    assert studio.last("time_off.requested.v1").periods[0].starts_at.isoformat() == "2031-03-10T14:00:00+00:00"


async def test_artists_are_a_table(studio: Studio) -> None:
    table = (
        "name;time_zone;skills;day_rate;currency\nZoë;Europe/Berlin;comp; roto;450,00;EUR\nBo;Mars/Olympus;;;\n;;;;\n"
    )
    report = await studio.report("artists", table.replace("comp; roto", '"comp; roto"').encode("utf-8-sig"))
    assert (report["rows"], report["accepted"]) == (2, 1)
    assert [(one["row"], one["what"], one["code"]) for one in report["refused"]] == [(3, "Bo", "invalid")]
    assert "time_zone" in report["refused"][0]["detail"]
    added = studio.last("artist.added.v1")
    assert (added.name, added.skills, str(added.day_rate.amount)) == ("Zoë", ("comp", "roto"), "450.00")
    assert (await studio.report("artists", table.replace("comp; roto", '"comp; roto"')))["there"] == 1


async def test_kitsus_table_of_people_is_taken_as_it_is(studio: Studio) -> None:
    table = (
        "Last Name,First Name,Email,Phone,Role,Active\nDoe,Jane,jane@studio.example,+49 30 1,user,yes\n"
        "Roe,Rick,rick@studio.example,,user,no\n"
    )
    report = await studio.report("artists", table, time_zone="Europe/Paris")
    assert (report["accepted"], [one["code"] for one in report["refused"]]) == (1, ["not_active"])
    added = studio.last("artist.added.v1")
    assert (added.name, added.email, added.time_zone) == ("Jane Doe", "jane@studio.example", "Europe/Paris")


async def test_bookings_find_what_was_imported_before_by_its_name(studio: Studio) -> None:
    await studio.report("artists", "name,email\nMo,mo@studio.example\n", time_zone="Europe/Berlin")
    await studio.report("projects", "name,first_day,last_day\nWhale,2031-01-01,2031-12-31\n", time_zone="Europe/Berlin")
    table = (
        "artist,project,first_day,last_day,rate,currency\n"
        "MO@studio.example,whale,2031-03-10,2031-03-12,450.00,EUR\n"
        "mo@studio.example,Whale,2031-03-12,,,\n"
        "nobody,Whale,2031-03-12,,,\n"
    )
    report = await studio.report("bookings", table)
    assert report["accepted"] == 1
    assert [(one["row"], one["code"]) for one in report["refused"]] == [(3, "double_booking"), (4, "not_found")]


async def test_the_same_row_twice_is_one(studio: Studio) -> None:
    report = await studio.report("projects", "name\nWhale\nWhale\n", time_zone="Europe/Berlin")
    assert (report["rows"], report["accepted"], report["there"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("path", "file", "sentence"),
    [
        ("artists", b"\xff\xfe\xff", "UTF-8"),
        ("artists", b"\xe4\n", "UTF-8"),
        ("artists", b"", "first row names none"),
        ("bookings", b"name\nMo\n", "artist, project"),
        ("artists", b"name\n" + b"Mo\n" * 5001, "more than 5,000 rows"),
        ("artists", b'name\n"' + b"x" * 200_000, "no table"),
    ],
)
async def test_what_is_no_table_is_refused_whole(studio: Studio, path: str, file: bytes, sentence: str) -> None:
    answer = await studio.send(path, file)
    assert answer.status_code == 422
    assert sentence in answer.json()["errors"][0]["message"]


async def test_who_may_not_ask_for_it_may_not_import_it(studio: Studio) -> None:
    coordinator = studio.running.client("coordinator")
    artist = await studio.client.artist()
    table = await studio.send("projects", "name\nWhale\n", client=coordinator)
    booking = await studio.send("calendar", PLAIN, client=coordinator, artist_id=artist, as_="booking")
    assert [one.json()["permission"] for one in (table, booking)] == ["manage_projects", "make_bookings"]
    viewer = await studio.send("calendar", PLAIN, client=studio.running.client("viewer"), artist_id=artist)
    assert viewer.json()["permission"] == "request_time_off"


async def test_an_artist_imports_time_off_of_their_own_and_nobody_elses(studio: Studio) -> None:
    own, other = await studio.client.artist(), await studio.client.artist(name="Bo")
    artist = studio.running.client("artist", artist_id=own)
    mine = await studio.send("calendar", PLAIN, client=artist, artist_id=own)
    theirs = await studio.send("calendar", PLAIN, client=artist, artist_id=other)
    assert mine.json()["accepted"] == 1
    assert [one["code"] for one in theirs.json()["refused"]] == ["not_found"]
    granted = await studio.send("calendar", PLAIN, client=artist, artist_id=own, approve="true")
    assert granted.status_code == 403


async def test_an_import_says_what_it_wants(studio: Studio) -> None:
    artist = await studio.client.artist()
    missing = await studio.send("calendar", PLAIN, artist_id=artist, as_="booking")
    assert missing.json()["errors"][0]["pointer"] == "/query/project_id"
    nobody = await studio.send("calendar", PLAIN, artist_id="00000000-0000-4000-8000-000000000000")
    assert nobody.status_code == 404
    headers = {**studio.client.headers, "Content-Type": "application/json"}
    answer = await studio.running.http.post("/v1/imports/artists", content="{}", headers=headers)
    assert answer.status_code == 415
