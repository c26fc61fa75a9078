"""Calendars elsewhere: what they are told of a claim as long as it lives, and after."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from httpx import AsyncClient
from pydantic_core import from_json

from commands.booking_changes import RescheduleBooking, reschedule_booking
from commands.feed import OpenFeed, RevokeFeed, open_a_feed, revoke_feed
from commands.time_off import ApproveTimeOff, RequestTimeOff, WithdrawTimeOff, approve_time_off, withdraw_time_off
from commands.time_off import request_time_off as request
from tests.flow.office import Office, catch_up, days, open_log
from tests.read_api.client import asking, get, open_client
from tests.read_api.strict_calendar import Event, events_in

pytestmark = pytest.mark.anyio

KEY = b"a key of this test's own, 32 bytes"


@dataclass
class Desk:
    """An office with one artist and one project, and the calendars that subscribe to them."""

    office: Office
    client: AsyncClient
    database: str
    artist: str
    project: str

    async def open(self, **said: Any) -> dict[str, Any]:  # noqa: ANN401 - as a client says it
        command = OpenFeed.model_validate(said or {"artist_id": self.artist})
        answer = await open_a_feed(self.office.log, self.office.context(), command, lambda: KEY)
        told: dict[str, Any] = from_json(answer.body)
        return told

    async def ask(self, path: str, **headers: str) -> Any:  # noqa: ANN401 - a response
        await catch_up(self.database)
        return await self.client.get(path, headers={**asking("nobody", "viewer"), **headers})

    async def events(self, path: str) -> dict[str, Event]:
        answer = await self.ask(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        return events_in(answer.content)

    async def one(self, path: str) -> tuple[str, Event]:
        ((uid, event),) = (await self.events(path)).items()
        return uid, event


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    async with open_log(database) as log, open_client(database) as client:
        office = Office(log)
        yield Desk(office, client, database, await office.artist("Zoë Ünlü"), await office.project())


async def test_a_hold_becomes_a_booking_under_the_same_name(desk: Desk) -> None:
    path = (await desk.open(artist_id=desk.artist, shows="details"))["path"]
    hold = await desk.office.hold(desk.artist, desk.project, days("2031-03-10", "2031-03-14"))
    uid, held = await desk.one(path)
    assert held == {
        "from": "2031-03-10",
        "until": "2031-03-15",
        "status": "TENTATIVE",
        "sequence": 0,
        "title": "Hold: Whale",
        "taken": True,
    }
    await desk.office.confirm(hold)
    same, booked = await desk.one(path)
    assert (same, booked["status"], booked["sequence"]) == (uid, "CONFIRMED", 1)
    assert booked["title"] == "Booked: Whale"


async def test_what_is_released_is_cancelled_and_what_is_left_stays(desk: Desk) -> None:
    path = (await desk.open(artist_id=desk.artist, shows="details"))["path"]
    hold = await desk.office.hold(desk.artist, desk.project, days("2031-03-10", "2031-03-14"))
    await desk.office.release(hold, days("2031-03-10"))
    uid, shorter = await desk.one(path)
    assert (shorter["from"], shorter["sequence"], shorter["status"]) == ("2031-03-11", 1, "TENTATIVE")
    await desk.office.release(hold)
    same, released = await desk.one(path)
    assert (same, released["status"], released["sequence"], released["taken"]) == (uid, "CANCELLED", 2, False)


async def test_days_that_are_confirmed_alone_leave_the_hold_its_entry(desk: Desk) -> None:
    path = (await desk.open(artist_id=desk.artist, shows="details"))["path"]
    hold = await desk.office.hold(desk.artist, desk.project, days("2031-03-10", "2031-03-14"))
    uid, _ = await desk.one(path)
    await desk.office.confirm(hold, periods=days("2031-03-10"), keep_rest=True)
    events = await desk.events(path)
    assert (events.pop(uid)["status"], [one["status"] for one in events.values()]) == ("TENTATIVE", ["CONFIRMED"])


async def test_a_booking_that_moves_takes_its_entry_along(desk: Desk) -> None:
    path = (await desk.open(artist_id=desk.artist, shows="details"))["path"]
    booking = await desk.office.book(desk.artist, desk.project, days("2031-03-10"))
    uid, _ = await desk.one(path)
    await desk.office.ask(reschedule_booking, booking, RescheduleBooking, periods=days("2031-04-01"))
    same, moved = await desk.one(path)
    assert (same, moved["from"], moved["sequence"]) == (uid, "2031-04-01", 1)


async def test_hours_are_told_as_instants(desk: Desk) -> None:
    path = (await desk.open())["path"]
    evening = [{"starts_at": "2031-03-10T20:00:00+01:00", "ends_at": "2031-03-11T04:00:00+01:00"}]
    await desk.office.book(desk.artist, desk.project, evening)
    _, booked = await desk.one(path)
    assert (booked["from"], booked["until"]) == ("2031-03-10T19:00:00+00:00", "2031-03-11T03:00:00+00:00")


async def test_time_off_is_busy_once_it_is_approved(desk: Desk) -> None:
    path = (await desk.open())["path"]
    asked = await desk.office.ask(request, desk.artist, RequestTimeOff, periods=days("2031-03-10"))
    assert await desk.events(path) == {}
    await desk.office.ask(approve_time_off, asked["id"], ApproveTimeOff)
    _, off = await desk.one(path)
    assert (off["status"], off["title"]) == ("CONFIRMED", "Busy")
    await desk.office.ask(withdraw_time_off, asked["id"], WithdrawTimeOff)
    _, gone = await desk.one(path)
    assert gone["status"] == "CANCELLED"


async def test_busy_says_neither_who_nor_how_many(desk: Desk) -> None:
    path = (await desk.open())["path"]
    hold = await desk.office.hold(desk.artist, desk.project, days("2031-03-10", "2031-03-14"))
    alone = (await desk.ask(path)).text
    uid, held = await desk.one(path)
    for name in ("Squid", "Kraken"):
        await desk.office.hold(desk.artist, await desk.office.project(name), days("2031-03-10", "2031-03-14"))
    again, more = await desk.one(path)
    assert (again, {**more, "sequence": held["sequence"]}) == (uid, held)
    assert held["title"] == "Held"
    for secret in ("Whale", "Squid", "Kraken", hold, desk.project):
        assert secret not in alone + (await desk.ask(path)).text


async def test_busy_keeps_its_name_while_it_is_confirmed_and_freed(desk: Desk) -> None:
    path = (await desk.open())["path"]
    hold = await desk.office.hold(desk.artist, desk.project, days("2031-03-10", "2031-03-14"))
    seen = [await desk.one(path)]
    booking = await desk.office.confirm(hold)
    seen.append(await desk.one(path))
    await desk.office.ask(reschedule_booking, booking, RescheduleBooking, periods=days("2031-03-10", "2031-03-12"))
    seen.append(await desk.one(path))
    assert len({uid for uid, _ in seen}) == 1
    assert [(event["status"], event["until"]) for _, event in seen] == [
        ("TENTATIVE", "2031-03-15"),
        ("CONFIRMED", "2031-03-15"),
        ("CONFIRMED", "2031-03-13"),
    ]
    sequences = [event["sequence"] for _, event in seen]
    assert sequences == sorted(sequences)


async def test_a_hold_past_its_deadline_is_cancelled_before_anybody_has_recorded_it(desk: Desk) -> None:
    path = (await desk.open(artist_id=desk.artist, shows="details"))["path"]
    await desk.office.hold(desk.artist, desk.project, days("2031-03-10"))
    await catch_up(desk.database)
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    with psycopg.connect(desk.database) as connection:
        connection.execute(
            """
            UPDATE feed_entries
            SET claim = jsonb_set(claim::jsonb, '{limits,after_placing,at}', to_jsonb(%s::text))::json
            """,
            [past],
        )
    answer = await desk.client.get(path, headers=asking("nobody", "viewer"))
    ((_, lapsed),) = events_in(answer.content).items()
    assert (lapsed["status"], lapsed["sequence"]) == ("CANCELLED", 1)


async def test_a_projects_feed_shows_its_artists_and_nobody_elses_time(desk: Desk) -> None:
    path = (await desk.open(project_id=desk.project, shows="details"))["path"]
    await desk.office.hold(desk.artist, desk.project, days("2031-03-10"))
    await desk.office.hold(desk.artist, await desk.office.project("Squid"), days("2031-03-11"))
    _, held = await desk.one(path)
    assert (held["title"], held["from"]) == ("Hold: Zoë Ünlü", "2031-03-10")


async def test_a_calendar_that_has_not_changed_is_not_sent_again(desk: Desk) -> None:
    path = (await desk.open())["path"]
    await desk.office.hold(desk.artist, desk.project, days("2031-03-10"))
    tag = (await desk.ask(path)).headers["etag"]
    assert (await desk.ask(path, **{"if-none-match": tag})).status_code == 304
    await desk.office.hold(desk.artist, desk.project, days("2031-03-20"))
    assert (await desk.ask(path, **{"if-none-match": tag})).status_code == 200


async def test_a_revoked_link_is_like_one_that_never_was(desk: Desk) -> None:
    feed = await desk.open()
    other = Office(desk.office.log, "other")
    stolen = await open_a_feed(
        other.log, other.context(), OpenFeed(artist_id=await other.artist()), lambda: b"another key"
    )
    wrong = from_json(stolen.body)["path"]
    await desk.office.ask(revoke_feed, feed["id"], RevokeFeed, reason="left the company")
    # The right tenant and feed, and a wrong rest: as the other one's secret ends.
    forged = feed["path"][:50] + wrong[50:]
    answers = [await desk.ask(path) for path in (feed["path"], forged, "/feeds/x.ics")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.text for answer in answers}) == 1


async def test_only_a_hash_of_the_secret_is_stored_anywhere(desk: Desk) -> None:
    secret = (await desk.open())["path"].removeprefix("/feeds/").removesuffix(".ics")
    await catch_up(desk.database)
    with psycopg.connect(desk.database) as connection:
        tables = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        for table in tables:
            found = connection.execute(
                f"SELECT 1 FROM {table} AS t WHERE t::text LIKE %s",  # noqa: S608 - names of its own
                [f"%{secret[-40:]}%"],
            )
            assert found.fetchall() == [], table


async def test_feeds_are_listed_without_their_links(desk: Desk) -> None:
    first, second = await desk.open(), await desk.open(project_id=desk.project, shows="details", name="The whale")
    await desk.office.ask(revoke_feed, first["id"], RevokeFeed)
    await catch_up(desk.database)
    viewer = asking(desk.office.tenant_id, "viewer")
    page = await get(desk.client, "/v1/feeds", viewer, limit=1)
    rest = await get(desk.client, "/v1/feeds", viewer, cursor=page["next_cursor"])
    shown = [*page["items"], *rest["items"]]
    assert [one["id"] for one in shown] == [first["id"], second["id"]]
    assert shown[0]["revoked_at"]
    assert (shown[1]["shows"], shown[1]["name"], shown[1]["project_id"]) == ("details", "The whale", desk.project)
    assert "secret" not in str(shown)


async def test_an_artist_sees_the_feeds_of_its_own_time_and_not_who_opened_them(desk: Desk) -> None:
    mine = await desk.open(artist_id=desk.artist, name="For the Whale")
    await desk.open(artist_id=await desk.office.artist("Bo"))
    await desk.open(project_id=desk.project)
    await catch_up(desk.database)
    page = await get(desk.client, "/v1/feeds", asking(desk.office.tenant_id, "artist", desk.artist))
    (shown,) = page["items"]
    assert (shown["id"], shown["artist_id"], shown["shows"]) == (mine["id"], desk.artist, "busy")
    assert shown.keys() == {"id", "version", "artist_id", "shows", "opened_at"}
