from uuid import uuid4

import pytest
from pydantic_core import from_json

from commands.booking_changes import CancelBooking, cancel_booking
from commands.feed import OpenFeed, RevokeFeed, open_a_feed, revoke_feed
from commands.hold import ExtendHold, extend_hold
from tests.flow.office import days
from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio


async def test_a_thing_has_all_of_its_events_with_who_when_and_what_changed(scene: Scene) -> None:
    hold = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"), note="the whale")
    await scene.office.ask(extend_hold, hold, ExtendHold, reason="the client thinks")
    placed, extended = (await scene.see(f"/v1/history/hold/{hold}"))["items"]
    assert (placed["type"], placed["version"], placed["actor"]) == ("hold.placed.v1", 1, "ada")
    assert placed["data"]["note"] == "the whale"
    assert placed["changes"] == []
    assert extended["changes"] == [{"member": "extensions", "before": 0, "after": 1}]
    assert extended["data"]["reason"] == "the client thinks"
    assert extended["seq"] > placed["seq"]


async def test_a_status_says_what_it_was(scene: Scene) -> None:
    booking = await scene.office.book(scene.artist, scene.project, days("2031-03-03"))
    await scene.office.ask(cancel_booking, booking, CancelBooking)
    _, cancelled = (await scene.see(f"/v1/history/booking/{booking}"))["items"]
    assert cancelled["changes"] == [{"member": "status", "before": "confirmed", "after": "cancelled"}]


async def test_with_the_calendar_it_has_what_others_did_to_it(scene: Scene) -> None:
    first = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    second = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    await scene.office.release(first)
    shown = (await scene.see(f"/v1/history/hold/{second}", calendar=True))["items"]
    assert [one["type"] for one in shown] == ["hold.placed.v1", "calendar.time_held.v1", "calendar.hold_promoted.v1"]
    assert [one["seq"] for one in shown] == sorted(one["seq"] for one in shown)
    assert [one["type"] for one in (await scene.see(f"/v1/history/hold/{second}"))["items"]] == ["hold.placed.v1"]


async def test_a_calendar_is_read_page_by_page(scene: Scene) -> None:
    for month in range(1, 8):
        await scene.office.hold(scene.artist, scene.project, days(f"2031-0{month}-03"))
    path = f"/v1/history/calendar/{scene.artist}"
    first = await scene.see(path, limit=4)
    second = await scene.see(path, limit=4, cursor=first["next_cursor"])
    assert [one["version"] for one in (*first["items"], *second["items"])] == [1, 2, 3, 4, 5, 6, 7]
    assert second["next_cursor"] is None
    other = await scene.answer(f"/v1/history/artist/{scene.artist}", cursor=first["next_cursor"])
    assert other.status_code == 422


async def test_a_feeds_history_says_when_it_was_opened_and_revoked(scene: Scene) -> None:
    command = OpenFeed(project_id=scene.project)
    opened = from_json((await open_a_feed(scene.office.log, scene.office.context(), command, lambda: bytes(32))).body)
    await scene.office.ask(revoke_feed, opened["id"], RevokeFeed, reason="lost")
    first, second = (await scene.see(f"/v1/history/feed/{opened['id']}"))["items"]
    assert (first["type"], second["type"]) == ("feed.opened.v1", "feed.revoked.v1")
    assert second["changes"] == [{"member": "revoked", "before": False, "after": True}]


async def test_the_policys_history_says_which_rules_changed(scene: Scene) -> None:
    await scene.office.policy(max_depth=3)
    (adopted,) = (await scene.see(f"/v1/history/tenant/{scene.office.tenant_id}"))["items"]
    changed = {one["member"]: (one["before"], one["after"]) for one in adopted["changes"]}
    assert changed["policy.max_depth"] == (5, 3)


async def test_an_unknown_thing_and_another_tenants_answer_alike(scene: Scene) -> None:
    for category in ("artist", "calendar", "job"):
        await scene.not_there(f"/v1/history/{category}/{scene.artist}", f"/v1/history/{category}/{uuid4()}")
    assert (await scene.answer(f"/v1/history/{scene.artist}/{scene.artist}")).status_code == 422
    assert (await scene.answer("/v1/history/artist/1")).status_code == 422


async def test_history_is_for_staff(scene: Scene) -> None:
    answer = await scene.answer(f"/v1/history/artist/{scene.artist}", scene.itself(scene.artist))
    assert answer.status_code == 403
