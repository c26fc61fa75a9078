"""`/v1/live` and `/v1/ws` over real connections: in order, without a gap, none twice, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import LiteralString

import httpx
import psycopg
import pytest
from pydantic_core import from_json, to_json
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from infra import authentication
from read_api import live, live_rooms
from tests.clients import Client
from tests.read_api.served import Served, listening, serving, take

pytestmark = pytest.mark.anyio


@pytest.fixture
async def served(database: str, tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(database, tmp_path) as it:
        yield it


@pytest.fixture
def client(served: Served) -> Client:
    return served.api.client()


async def head(served: Served) -> int:
    """How far the log is."""
    page = await served.api.http.get("/v1/events?limit=200", headers=served.api.client("admin").headers)
    return int(page.json()["items"][-1]["seq"])


async def test_it_begins_at_the_head_and_tells_what_comes(served: Served, client: Client) -> None:
    artist, project = await client.artist(), await client.project()
    async with listening(served, client) as said:
        ready = await anext(said)
        assert (ready.id, ready.event, ready.said) == (2, "ready", {"seq": 2})
        hold = await client.hold(artist, project)
        placed, held = await take(said, 2)
    assert [(one.id, one.said["seq"]) for one in (placed, held)] == [(3, 3), (4, 4)]
    assert [one.said["type"] for one in (placed, held)] == ["hold.placed.v1", "calendar.time_held.v1"]
    assert (placed.said["stream"], placed.said["actor"]) == (f"hold/{hold}", "producer")
    assert placed.said["data"]["artist_id"] == artist


@pytest.mark.parametrize("by", ["header", "query"])
async def test_who_comes_back_hears_what_they_missed_and_nothing_twice(
    served: Served, client: Client, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("read_api.live_told.PAGE", 3)
    monkeypatch.setattr("read_api.live_rooms.PAGE", 3)
    artists = [await client.artist() for _ in range(10)]
    place = {"last": 2} if by == "header" else {"after": 2}
    async with listening(served, client, **place) as said:
        artists += [await client.artist() for _ in range(5)]
        heard = await take(said, 13)
    assert [one.id for one in heard] == list(range(3, 16))
    assert [one.said["stream"] for one in heard] == [f"artist/{id}" for id in artists[2:]]


async def test_many_listeners_hear_the_same_however_often_they_come_back(served: Served, client: Client) -> None:
    async def listen() -> list[int]:
        heard, last = list[int](), 0
        while len(heard) < 60:
            async with listening(served, client, last=last) as said:
                heard += [one.id for one in await take(said, min(7, 60 - len(heard)))]
            last = heard[-1]
        return heard

    async def write() -> None:
        for _ in range(15):
            await asyncio.gather(*[client.artist() for _ in range(4)])

    *heard, _ = await asyncio.gather(*[listen() for _ in range(8)], write())
    assert heard == [list(range(1, 61))] * 8


async def test_nobody_hears_of_another_tenant(served: Served, client: Client) -> None:
    other = served.api.client(tenant="other")
    async with listening(served, client, after=0) as said:
        await other.artist(name="Secret")
        await client.artist()
        (heard,) = await take(said, 1)
    assert (heard.id, heard.said["data"]["name"]) == (1, "Mo")


async def test_filters_leave_out_the_rest_and_keep_the_place(served: Served, client: Client) -> None:
    mo, ada = await client.artist(), await client.artist(name="Ada")
    whale, seal = await client.project(), await client.project()
    await client.hold(ada, whale)
    mine = await client.hold(mo, seal)
    released = await client.send(f"/v1/holds/{mine}/release")
    seqs = {"placed": 7, "held": 8}
    async with listening(served, client, after=0, artist_id=mo) as said:
        of_artist = await take(said, 5)
    async with listening(served, client, after=0, project_id=seal) as said:
        of_project = await take(said, 5)
    async with listening(served, client, after=0, type="hold.placed.v1", data=False) as said:
        placed = await take(said, 2)
    async with listening(served, client, after=0, type=["project", "calendar.time_released.v1"]) as said:
        kinds = [one.said["type"] for one in await take(said, 3)]
    last = released.json()["seq"]
    assert [one.id for one in of_artist] == [1, *seqs.values(), last - 1, last]
    assert [one.id for one in of_project] == [4, *seqs.values(), last - 1, last]
    assert [one.id for one in placed] == [5, 7]
    assert placed[1].said["artist_ids"] == [mo]
    assert placed[1].said["project_ids"] == [seal]
    assert not {"data", "actor", "stream"} & placed[1].said.keys()
    assert kinds == ["project.opened.v1", "project.opened.v1", "calendar.time_released.v1"]


async def test_the_holds_that_are_challenged_are_concerned_too(served: Served, client: Client) -> None:
    artist, whale, seal = await client.artist(), await client.project(), await client.project()
    await client.hold(artist, whale)
    second = await client.hold(artist, seal)
    at = await head(served)
    challenged = await client.send(f"/v1/holds/{second}/challenge")
    assert challenged.status_code == 201, challenged.text
    async with listening(served, client, after=at, project_id=whale) as said:
        (heard,) = await take(said, 1)
    assert heard.said["type"] == "calendar.challenge_opened.v1"


async def test_an_artist_hears_that_its_calendar_changed_and_nothing_else(served: Served, client: Client) -> None:
    mo, ada, project = await client.artist(), await client.artist(name="Ada"), await client.project()
    own = served.api.client("artist", artist_id=mo)
    async with listening(served, own, after=0) as said:
        await client.hold(ada, project)
        await client.hold(mo, project)
        heard = await take(said, 3)
    assert [one.id for one in heard] == [1, 6, 7]
    for one in heard:
        assert one.said["type"] == "calendar_changed"
        assert set(one.said) == {"seq", "type", "recorded_at", "consistency_token"}
    for query in (f"project_id={project}", f"artist_id={ada}"):
        answer = await served.api.http.get(f"/v1/live?{query}", headers=own.headers)
        assert answer.status_code == 403


async def test_a_token_of_an_event_makes_reads_show_it(served: Served, client: Client) -> None:
    async with listening(served, client) as said:
        await client.artist()
        (heard,) = await take(said, 1)
    headers = {**client.headers, "Consistency-Token": heard.said["consistency_token"]}
    answer = await served.api.http.get("/v1/artists", headers=headers)
    assert answer.json()["code"] == "read_model_behind"  # no projector runs here: it waits for that event


async def test_a_silent_stream_says_that_it_lives_and_how_far_it_is(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.05)
    await client.artist()
    async with listening(served, client, type="nothing.ever.v1") as said:
        await anext(said)
        await client.artist()
        places = [(await anext(said)).id for _ in range(2)]
        while places[-1] < 2:
            places.append((await anext(said)).id)
    assert set(places) <= {1, 2}


async def test_a_stream_ends_so_that_an_expired_token_stops_reading(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.05)
    monkeypatch.setattr(live, "LONGEST", 0.1)
    async with listening(served, client) as said:
        ended = [one async for one in said]
    assert ended


async def test_a_client_that_does_not_keep_up_is_cut_off_and_comes_back_without_a_gap(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_rooms, "_MOST_KEPT", 2)
    async with listening(served, client) as said:
        await anext(said)
        # One transaction's worth is handed out at once: more than may wait.
        commands = [
            {"route": "/v1/artists", "body": {"name": "Mo", "time_zone": "UTC"}, "idempotency_key": f"k{n}"}
            for n in range(50)
        ]
        await client.http.post("/v1/batch", json={"commands": commands}, headers=client.headers)
        heard = [one.id async for one in said if one.said]
    last = max(heard, default=0)
    monkeypatch.setattr(live_rooms, "_MOST_KEPT", 1000)
    async with listening(served, client, last=last) as said:
        heard += [one.id for one in await take(said, 50 - last)]
    assert heard == list(range(1, 51))


async def test_a_place_that_the_log_does_not_have_is_refused(served: Served, client: Client) -> None:
    await client.artist()
    answer = await served.api.http.get("/v1/live", headers={**client.headers, "Last-Event-ID": "2"})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_event")
    for query in ("after=-1", "after=x", "artist_id=x", "type=" + "x" * 101):
        answer = await served.api.http.get(f"/v1/live?{query}", headers=client.headers)
        assert answer.status_code == 422, query


async def test_listening_takes_a_permission(served: Served) -> None:
    answer = await served.api.http.get("/v1/live", headers=served.api.client("service").headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_listeners_do_not_keep_others_from_asking(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "_MOST_UNDER_WAY", 1)
    monkeypatch.setattr(authentication, "_MOST_STREAMS", 1)
    async with listening(served, client) as said:
        await anext(said)
        assert await client.artist()
        answer = await served.api.http.get("/v1/live", headers=client.headers)
        assert answer.status_code == 429


async def test_a_process_that_ends_lets_its_listeners_go(served: Served, client: Client) -> None:
    async with listening(served, client) as said:
        await anext(said)
        served.end()
        assert [one async for one in said if one.said] == []


async def test_a_lost_database_ends_the_stream_and_who_comes_back_misses_nothing(
    served: Served, client: Client, database: str
) -> None:
    await client.artist()
    async with listening(served, client) as said:
        await anext(said)
        await asyncio.to_thread(_execute, database, "ALTER TABLE events RENAME TO hidden")
        assert [one async for one in said if one.said] == []
    await asyncio.to_thread(_execute, database, "ALTER TABLE hidden RENAME TO events")
    await client.artist()
    async with listening(served, client, last=1) as said:
        (heard,) = await take(said, 1)
    assert heard.id == 2


def _execute(database: str, statement: LiteralString) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement)


def _address(served: Served) -> str:
    return served.url.replace("http", "ws") + "/v1/ws"


def _token(client: Client) -> str:
    return client.headers["Authorization"].removeprefix("Bearer ")


async def test_a_websocket_tells_the_same(served: Served, client: Client) -> None:
    artist, project = await client.artist(), await client.project()
    async with connect(_address(served), proxy=None) as websocket:
        await websocket.send(to_json({"token": _token(client), "after": 1, "artist_id": artist}).decode())
        assert from_json(await websocket.recv()) == {"seq": 1}
        await client.hold(artist, project)
        heard = [from_json(await websocket.recv()) for _ in range(2)]
    assert [(one["seq"], one["type"]) for one in heard] == [(3, "hold.placed.v1"), (4, "calendar.time_held.v1")]


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ("{}", "The first message"),
        ("x", "The first message"),
        ('{"token":"x"}', "not a JWT"),
        ('{"token":"%s","after":99}', "no such event"),
    ],
)
async def test_a_websocket_that_begins_wrongly_is_closed_with_the_reason(
    served: Served, client: Client, first: str, reason: str
) -> None:
    async with connect(_address(served), proxy=None) as websocket:
        await websocket.send(first.replace("%s", _token(client)))
        with pytest.raises(ConnectionClosed) as closed:
            await websocket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert reason in closed.value.rcvd.reason


async def test_a_websocket_needs_a_permission_and_no_other_path_takes_one(served: Served, client: Client) -> None:
    async with connect(_address(served), proxy=None) as websocket:
        await websocket.send(to_json({"token": _token(served.api.client("service"))}).decode())
        with pytest.raises(ConnectionClosed) as closed:
            await websocket.recv()
    assert closed.value.rcvd is not None
    assert "permission" in closed.value.rcvd.reason
    for path in ("/v1/live", "/v1/holds", "/nothing"):
        with pytest.raises(Exception, match="HTTP 40"):
            async with connect(f"{served.url.replace('http', 'ws')}{path}", proxy=None):
                pass


async def test_who_says_nothing_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_PATIENCE", 0.05)
    async with connect(_address(served), proxy=None) as websocket:
        with pytest.raises(ConnectionClosed):
            await websocket.recv()


async def test_a_websocket_that_hangs_up_leaves_nobody_behind(served: Served, client: Client) -> None:
    async with connect(_address(served), proxy=None) as websocket:
        await websocket.send(to_json({"token": _token(client)}).decode())
        await websocket.recv()
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as http, asyncio.timeout(10):
        while served.api.app.state.live._rooms:
            await http.get("/livez")


async def test_what_one_process_writes_the_listeners_of_another_hear(
    served: Served, client: Client, database: str, tmp_path: Path
) -> None:
    async with serving(database, tmp_path) as other, listening(other, client) as said:
        await anext(said)
        artists = [await client.artist() for _ in range(3)]
        heard = await take(said, 3)
    assert [one.said["stream"] for one in heard] == [f"artist/{id}" for id in artists]
