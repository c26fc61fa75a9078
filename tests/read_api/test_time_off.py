from functools import partial
from uuid import uuid4

import pytest

from commands.calendar import ResolveConflict, resolve_conflict
from commands.time_off import (
    ApproveTimeOff,
    RejectTimeOff,
    RequestTimeOff,
    approve_time_off,
    reject_time_off,
    request_time_off,
)
from tests.flow.office import days
from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio


async def away(scene: Scene, first: str, last: str | None = None, artist: str | None = None) -> str:
    said = {"periods": days(first, last), "reason": "the sea"}
    return str((await scene.office.ask(request_time_off, artist or scene.artist, RequestTimeOff, **said))["id"])


async def test_time_off_says_when_why_and_what_was_decided(scene: Scene) -> None:
    hold = await scene.office.hold(scene.artist, scene.project, days("2031-03-04"))
    off = await away(scene, "2031-03-03", "2031-03-07")
    shown = await scene.see(f"/v1/time-off/{off}")
    assert (shown["status"], shown["reason"], shown["requested_by"]) == ("requested", "the sea", "ada")
    assert (shown["periods"][0]["first_day"], shown["periods"][0]["last_day"]) == ("2031-03-03", "2031-03-07")
    assert "decided_at" not in shown
    await scene.office.ask(approve_time_off, off, ApproveTimeOff, reason="granted")
    shown = await scene.see(f"/v1/time-off/{off}")
    assert (shown["status"], shown["version"], shown["blocked_hold_ids"]) == ("approved", 2, [hold])
    assert (shown["decided_by"], shown["decided_because"]) == ("ada", "granted")


async def test_time_off_that_is_rejected_keeps_the_time_that_was_asked_for(scene: Scene) -> None:
    off = await away(scene, "2031-03-03")
    await scene.office.ask(reject_time_off, off, RejectTimeOff)
    shown = await scene.see(f"/v1/time-off/{off}")
    assert (shown["status"], len(shown["periods"])) == ("rejected", 1)


async def test_time_off_is_found_by_artist_status_and_time(scene: Scene) -> None:
    other = await scene.office.artist("Bo")
    march, may, theirs = (
        await away(scene, "2031-03-03"),
        await away(scene, "2031-05-03"),
        await away(scene, "2031-03-03", artist=other),
    )
    await scene.office.ask(approve_time_off, may, ApproveTimeOff)
    found = partial(scene.ids, "/v1/time-off")
    assert await found() == [march, may, theirs]
    assert await found(artist_id=other) == [theirs]
    assert await found(status="approved") == [may]
    assert await found(**{"from": "2031-03-01", "until": "2031-04-01"}) == [march, theirs]


async def test_an_artist_sees_its_own_time_off_and_not_what_it_is_in_the_way_of(scene: Scene) -> None:
    hold = await scene.office.hold(scene.artist, scene.project, days("2031-03-03"))
    other = await scene.office.artist("Bo")
    off = await away(scene, "2031-03-03")
    await scene.office.ask(approve_time_off, off, ApproveTimeOff)
    for path in (f"/v1/time-off/{off}", "/v1/time-off"):
        answer = await scene.answer(path, scene.itself(scene.artist))
        assert answer.status_code == 200
        assert off in answer.text
        assert hold not in answer.text
    assert (await scene.answer(f"/v1/time-off/{off}", scene.itself(other))).status_code == 404
    assert (await scene.answer("/v1/time-off", scene.itself(other))).json()["items"] == []
    assert (await scene.answer("/v1/time-off", scene.itself(other), artist_id=scene.artist)).status_code == 403
    assert (await scene.answer("/v1/conflicts", scene.itself(other))).status_code == 403


async def test_a_booking_that_crosses_time_off_is_a_conflict_until_it_is_resolved(scene: Scene) -> None:
    booking = await scene.office.book(scene.artist, scene.project, days("2031-03-03", "2031-03-07"))
    offs = [await away(scene, "2031-03-03"), await away(scene, "2031-03-07")]
    for off in offs:
        await scene.office.ask(approve_time_off, off, ApproveTimeOff)
    (conflict,) = (await scene.see("/v1/conflicts"))["items"]
    assert (conflict["id"], conflict["artist_id"], conflict["project_id"]) == (booking, scene.artist, scene.project)
    assert [one["time_off_id"] for one in conflict["time_off"]] == offs
    assert conflict["time_off"][0]["periods"][0]["first_day"] == "2031-03-03"
    await scene.office.ask(resolve_conflict, booking, ResolveConflict, how="split")
    assert (await scene.see("/v1/conflicts"))["items"] == []


async def test_conflicts_are_read_page_by_page(scene: Scene) -> None:
    bookings = [await scene.office.book(scene.artist, scene.project, days(f"2031-03-0{day}")) for day in (3, 5, 7)]
    off = await away(scene, "2031-03-01", "2031-03-31")
    await scene.office.ask(approve_time_off, off, ApproveTimeOff)
    first = await scene.see("/v1/conflicts", limit=2)
    second = await scene.see("/v1/conflicts", limit=2, cursor=first["next_cursor"])
    assert {one["id"] for one in (*first["items"], *second["items"])} == set(bookings)
    assert (len(first["items"]), second["next_cursor"]) == (2, None)


async def test_an_unknown_time_off_and_another_tenants_answer_alike(scene: Scene) -> None:
    await scene.not_there(f"/v1/time-off/{await away(scene, '2031-03-03')}", f"/v1/time-off/{uuid4()}")
